"""The layer of the EL7 guard, which refuses options that EL7's tools do not have.

The guard takes the place of a tool's file, so PATH does not matter. The real tool is in
/usr/libexec/el7-real.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from tests.lab.cache import HERE, cached, digest
from tests.lab.commands import LabError, run, write

_SOURCE = HERE / "guard"
_REAL = "usr/libexec/el7-real"
_PLACES = ("usr/bin", "usr/sbin")


def guard_layer(skin: Path, tree: Path) -> Path:
    """Return the layer of the guard for hosts on `skin` and `tree`."""
    key = digest(_SOURCE, HERE / "guardlayer.py", str(skin), str(tree))

    def build(draft: Path) -> None:
        rules = read_rules(_SOURCE / "rules")
        program = _compile(draft / "scratch", rules)
        for tool in sorted({rule[0] for rule in rules}):
            _install(draft, tool, program, (skin / "upper", tree))
        write(draft / "var/log/el7-guard.log", "", 0o666)
        for name in ("usr", "usr/bin", "usr/sbin", "usr/libexec", _REAL, "var", "var/log"):
            (draft / name).mkdir(mode=0o755, parents=True, exist_ok=True)
        shutil.rmtree(draft / "scratch")

    return cached("guard", key, build)


def read_rules(path: Path) -> list[tuple[str, str, bool, list[str]]]:
    """Return the rules as (tool, version, whether only leading words count, patterns)."""
    rules = []
    for line in path.read_text().splitlines():
        words = line.split()
        if words and not words[0].startswith("#"):
            tool, version, *patterns = words
            rules.append((tool.rstrip("^"), version, tool.endswith("^"), patterns))
    return rules


def _compile(scratch: Path, rules: list[tuple[str, str, bool, list[str]]]) -> Path:
    scratch.mkdir()
    shutil.copy(_SOURCE / "guard.c", scratch)
    lines = [
        f"{{{json.dumps(tool)}, {json.dumps(version)}, {int(leading)}, "
        f"{{{', '.join(map(json.dumps, patterns))}}}}},"
        for tool, version, leading, patterns in rules
    ]
    (scratch / "rules.h").write_text("\n".join(lines) + "\n")
    program = scratch / "guard"
    flags = ["-static", "-O2", "-s", "-Wall", "-Wextra", "-Werror"]
    run(["gcc", *flags, "-o", program, scratch / "guard.c"])
    return program


def _install(draft: Path, tool: str, program: Path, below: tuple[Path, ...]) -> None:
    candidates = [
        (layer, folder)
        for layer in below
        for folder in _PLACES
        if (layer / folder / tool).is_symlink() or (layer / folder / tool).is_file()
    ]
    folder = candidates[0][1] if candidates else "usr/bin"
    if candidates:
        layer = candidates[0][0]
        _copy(layer / folder / tool, draft / _REAL / tool)
    target = draft / folder / tool
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        raise LabError(f"guard: {tool} is installed twice")
    shared = draft / "usr/libexec/el7-guard"
    if not shared.exists():
        shared.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(program, shared)
    os.link(shared, target)


def _copy(source: Path, target: Path) -> None:
    """Copy a tool with its mode and setuid bit. A link stays a link and becomes absolute."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink():
        link = os.path.normpath(Path("/usr/bin") / source.readlink())
        target.symlink_to(link)
        return
    shutil.copy2(source, target)
    target.chmod(source.stat().st_mode & 0o7777)
