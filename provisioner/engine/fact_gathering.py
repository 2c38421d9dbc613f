"""Decide whether a play uses facts, and make the task that gathers them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from provisioner import regex
from provisioner.language.play import Keywords, Play, Task, tasks_of
from provisioner.language.templating.template import Template, templates_in
from provisioner.language.variable_names import is_fact
from provisioner.local_files import read_regular

_NAME = regex.compile(r"\bansible_\w+")


def task_for(play: Play) -> Task:
    """Return the task that gathers facts, with the keywords of the play (its `become`)."""
    options = {
        "gather_subset": play.gather_subset,
        "gather_timeout": play.gather_timeout,
        "fact_path": play.fact_path,
    }
    arguments = {name: value for name, value in options.items() if value is not None}
    inherited = play.keywords
    keywords = Keywords(**{**vars(inherited), "when": (), "run_once": None, "check_mode": None})
    return Task("Gathering Facts", "setup", arguments, play.where, keywords)


def empty_task(play: Play) -> Task:
    """Return a task that does nothing, for a play that only gathers facts."""
    return Task("", "meta", {"action": "noop"}, play.where, play.keywords)


def uses_facts(play: Play, *variables: Mapping[str, Any]) -> bool:
    """Whether a template of the play or of the variables names a fact.

    A fact that only a template file names is gathered when the file is rendered.
    """
    if play.gather_facts is False:
        return False
    return _name_a_fact(_templates(play, variables))


def variables_use_facts(play: Play, variables: Mapping[str, Any]) -> bool:
    """Whether the play gathers facts and a template of one host's variables names a fact."""
    return play.gather_facts is not False and _name_a_fact(templates_in(dict(variables)))


def _name_a_fact(templates: Iterator[Template]) -> bool:
    return any(is_fact(name) for template in templates for name in _NAME.findall(template.source))


def hosts_seen(plays: Iterable[Play]) -> bool:
    """Whether the plays may use other hosts' variables, in templates or in files.

    Every play then gathers facts at its start, because a later play may need them.
    """
    all_plays = [*plays]
    templates = (template for play in all_plays for template in _templates(play, ()))
    if any(name in template.source for template in templates for name in _OTHER_HOSTS):
        return True
    files = _files(all_plays)
    return any(name.encode() in _content(path) for path in files for name in _OTHER_HOSTS)


_OTHER_HOSTS = ("hostvars", "delegated_vars")
"""Parts of the names of variables that contain other hosts' variables."""


def _content(path: Path) -> bytes:
    """Return the file's content; b"" if it can't be read.

    The task that needs the file reports the error.
    """
    try:
        return read_regular(path)
    except OSError:
        return b""


_RENDERS = frozenset({"template", "include_role", "include_tasks", "include_vars"})


def _files(plays: Iterable[Play]) -> Iterator[Path]:
    """Yield the files that tasks name, and all files in `templates` folders.

    If a task includes something, also yield all files of roles and `tasks` folders.
    """
    named: set[Path] = set()
    folders: set[Path] = set()
    for play in plays:
        for task in (each for part in (*play.sections, play.handlers) for each in tasks_of(part)):
            if task.module in _RENDERS:
                for root in (*task.roots, play.basedir):
                    folders.add(root / "templates")
                    named.add(root / str(task.arguments.get("src", "-")))
            if task.module.startswith("include_"):
                folders |= {play.basedir / "roles", play.basedir / "tasks"}
    yield from filter(_may_hold_templates, sorted(named))
    for folder in sorted(folders):
        yield from filter(_may_hold_templates, folder.rglob("*"))


def _may_hold_templates(path: Path) -> bool:
    try:
        return path.suffix in _SUFFIXES and path.is_file() and path.stat().st_size < _MAX_BYTES
    except OSError:
        return False


_SUFFIXES = (".j2", ".yml", ".yaml", ".json", ".jinja2", ".jinja", ".conf", ".cfg", "")
_MAX_BYTES = 1 << 20


def _templates(play: Play, variables: tuple[Mapping[str, Any], ...]) -> Iterator[Template]:
    yield from templates_in((play.vars, dict(enumerate(variables))))
    for section in (*play.sections, play.handlers):
        for task in tasks_of(section):
            values: list[Any] = [task.name, dict(task.arguments), task.keywords.when, task.until]
            values += [task.changed_when, task.failed_when, task.loop and task.loop.items]
            values += [*task.keywords.vars, *task.keywords.environment]
            yield from templates_in(values)
