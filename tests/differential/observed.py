"""What is observed of a case, as plain JSON in the same form for both tools."""

from __future__ import annotations

import os
import pwd
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

Observed = dict[str, Any]
"""{"exit": …, "hosts": {host: [step, …]}, "recap": {host: {…}}, "files": {path: …}, "shown": …}.

A step is {"task": …, "module": …, "outcome": …, "ignored": …, "values": {…}}.
"""

STEERING = frozenset({"meta", "include_tasks", "include_role", "import_tasks", "import_role"})
"""Modules without a result that playbooks can read; the included tasks are compared."""

UNCOMPARED = frozenset(
    {
        # Values that differ between runs.
        "start", "end", "delta", "atime", "mtime", "ctime", "inode", "dev", "device_type",
        "uid", "gid", "size_bytes", "elapsed", "ansible_job_id", "block_size", "blocks", "nlink",
        "version",
        # Values about Ansible itself.
        "invocation", "warnings", "deprecations", "exception", "module_stdout", "module_stderr",
        "censored", "src", "md5sum", "diff", "ansible_loop", "retries", "reason", "message",
    }
)  # fmt: skip
"""Return values that are never compared."""

COMMANDS = frozenset({"command", "raw", "script", "shell"})
"""Modules that always return `msg`, even if it is empty."""

UNCOMPARED_IN = {
    "gather_facts": {"ansible_facts"},
    "package_facts": {"ansible_facts"},
    "service": {"status"},
    "service_facts": {"ansible_facts"},
    "setup": {"ansible_facts"},
    "systemd": {"status"},
    "user": {"group"},  # the first free number
    "uri": {"date", "last_modified", "body", "etag"},
}
"""Return values of one module that are not compared: long, or different each second."""

SPEAKING = frozenset({"assert", "debug", "fail"})
"""Modules whose `msg` is text of the playbook."""


def plain(value: Any, hide: Callable[[str], str]) -> Any:
    """Return the value as JSON, with each text passed through `hide`."""
    if isinstance(value, str):
        return hide(str(value))
    if isinstance(value, Mapping):
        return {hide(str(key)): plain(item, hide) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item, hide) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return hide(str(value))


def _title(task: str, module: str) -> str:
    """Return the task's title as Ansible names it: with the included role."""
    short = module.rpartition(".")[2]
    if short == "include_role" and task.startswith(module):
        return short
    return task.replace(module, short)


def step(
    task: str, module: str, outcome: str, ignored: bool, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the end of a task on a host, with the return values that are compared."""
    short = module.rpartition(".")[2]
    return {
        "task": _title(task, module),
        "module": short,
        "outcome": outcome,
        "ignored": ignored,
        "values": compared(short, values, outcome),
    }


def compared(module: str, values: Mapping[str, Any], outcome: str = "ok") -> dict[str, Any]:
    """Return the values that can be compared; those of a loop are in `results`."""
    kept: dict[str, Any] = {}
    for name, value in values.items():
        if name in UNCOMPARED | UNCOMPARED_IN.get(module, set()) or name.startswith("_ansible"):
            continue
        if name == "results" and isinstance(value, list):
            value = [_item(module, one) if isinstance(one, Mapping) else one for one in value]
        elif name == "stat" and isinstance(value, Mapping):
            value = {key: one for key, one in value.items() if key not in UNCOMPARED}
        elif name == "files" and isinstance(value, list) and module == "find":
            value = [compared(module, one) for one in value]
        elif name == "item" and isinstance(value, Mapping):
            value = {key: one for key, one in value.items() if key not in UNCOMPARED}
        kept[name] = value
    if kept.get("state") == "link":
        kept.pop("size", None)  # it depends on the target's name, which differs between runs
    kept.pop("failed", None)  # compared as the outcome
    kept.pop("skipped", None)
    kept.setdefault("changed", False)
    if outcome == "skipped" or values.get("results") is not None:
        kept.pop("msg", None)
    elif module in COMMANDS or (module == "debug" and outcome == "failed"):
        kept.update(dict.fromkeys(kept.keys() & {"msg"}, "…"))  # the texts of the tools differ
    elif module not in SPEAKING:
        kept.pop("msg", None)
    return kept


def _item(module: str, values: Mapping[str, Any]) -> dict[str, Any]:
    flags = {name: bool(values.get(name, False)) for name in ("failed", "skipped")}
    outcome = next((name for name, is_so in flags.items() if is_so), "ok")
    return {**compared(module, values, outcome), **flags}


def listing(root: Path, hide: Callable[[str], str]) -> dict[str, Any]:
    """Return path ▶ kind, mode, owner and content of everything below a folder."""
    found: dict[str, Any] = {}
    for path in sorted(root.rglob("*")):
        if path.name.startswith(".ansible") or "/.ansible" in str(path):
            continue
        state = path.lstat()
        entry: dict[str, Any] = {"mode": oct(stat.S_IMODE(state.st_mode)), "owner": _owner(state)}
        if path.is_symlink():
            entry = {"link": hide(str(path.readlink()))}
        elif path.is_dir():
            entry["folder"] = True
        elif path.is_file():
            entry["text"] = hide(path.read_bytes().decode("utf-8", "backslashreplace"))
        found[hide(f"/{path.relative_to(root)}").lstrip("/")] = entry
    return found


def _owner(state: os.stat_result) -> str:
    try:
        return pwd.getpwuid(state.st_uid).pw_name
    except KeyError:
        return str(state.st_uid)


_BACKUP = re.compile(r"\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~")
"""The end of a backup's name: a pid and the time."""


def hider(**folders: Path) -> Callable[[str], str]:
    """Return a function that replaces folder names that differ between runs by fixed words."""
    names: Sequence[tuple[str, str]] = sorted(
        ((str(path), f"${word}") for word, path in folders.items()),
        key=lambda pair: -len(pair[0]),
    )

    def hide(text: str) -> str:
        for name, word in names:
            text = text.replace(name, word)
        return _BACKUP.sub(".BACKUP~", text)

    return hide
