"""Run cases that need root or a whole host on a lab host, over ssh, with either tool."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from provisioner.fleet.login import Connect, Login
from provisioner.remote.target import Defaults, target_for
from tests.differential.cases import Case
from tests.differential.observed import Observed, hider
from tests.differential.runner import Tool
from tests.lab import Lab

INTERPRETER = "/usr/libexec/platform/python3.11"
"""Python on the lab host, which is outside of PATH; only Ansible uses it."""

_LIST = r"""
cd "$1" 2>/dev/null || exit 0
find . -mindepth 1 -printf '%y\0%m\0%u\0%P\0%l\0' | while IFS= read -r -d '' kind &&
    IFS= read -r -d '' mode && IFS= read -r -d '' user && IFS= read -r -d '' path &&
    IFS= read -r -d '' link; do
    text=
    [ "$kind" != f ] || text=$(base64 -w0 <"$path")
    printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$kind" "$mode" "$user" "$path" "$link" "$text"
done
"""


@contextmanager
def lab() -> Iterator[Lab]:
    """Yield a lab with one host."""
    with Lab.up({"h1": _options()}, name=f"diff-{os.getpid()}") as made:
        yield made


def _options() -> Any:
    from tests.lab import HostOptions

    return HostOptions()


def connect(host: str, variables: Mapping[str, Any]) -> Login:
    """Connect over ssh, as the command line does."""
    from provisioner.remote.ssh.connection import connect as ssh

    target = target_for(host, variables, Defaults())
    return Login(ssh(target), target.user)


def run_on(made: Lab, case: Case, folder: Path, tool: Tool) -> list[Observed]:
    """Run the case on the lab host and remove its $OUT; return what each run shows."""
    host = made["h1"]
    out = Path("/srv") / "".join(c if c.isalnum() else "-" for c in case.name)
    home = folder / "play"
    case.write(home, out)
    host.check(f"rm -rf {out}; mkdir -p {out}; chmod 755 {out}")
    for name, text in case.given.items():
        host.check(f"mkdir -p {shlex.quote(str((out / name).parent))}")
        host.write(str(out / name), case.filled(text, home, out))
    if case.prepare:
        host.check(case.filled(case.prepare, home, out))
    variables = made.variables()
    hide = hider(DIR=home, OUT=out)
    runs = []
    for _ in range(case.runs):
        found = tool(case, home, out, str(made.inventory))
        shown = host.run(case.filled(case.show, home, out)).stdout if case.show else ""
        entry = {**found, "files": _files(host, out, hide), "shown": hide(shown)}
        runs.append(_without_addresses(entry, variables))
    host.check(f"rm -rf {out}")
    return runs


def _files(host: Any, out: Path, hide: Any) -> dict[str, Any]:
    import base64

    found: dict[str, Any] = {}
    text = host.run(f"set -- {out}\n{_LIST}").stdout
    for line in text.splitlines():
        kind, mode, user, path, link, content = line.split("\t")
        entry: dict[str, Any] = {"mode": oct(int(mode, 8)), "owner": user}
        if kind == "l":
            entry = {"link": hide(link)}
        elif kind == "d":
            entry["folder"] = True
        elif kind == "f":
            entry["text"] = hide(base64.b64decode(content).decode("utf-8", "backslashreplace"))
        if not path.startswith(".ansible"):
            found[path] = entry
    return found


def _without_addresses(run: Observed, variables: Mapping[str, Any]) -> Observed:
    """Replace the addresses of the lab's services by fixed words."""
    text = json.dumps(run)
    base = str(variables["lab_files_url"]).removesuffix("/files")
    text = text.replace(base, "$WEB")
    found: Observed = json.loads(text)
    return found


__all__ = ["INTERPRETER", "Connect", "connect", "lab", "run_on"]
