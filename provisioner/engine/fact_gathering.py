"""Facts: whether a play uses any, and the task that gathers them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from provisioner import regex
from provisioner.language.play import Keywords, Play, Task, tasks_of
from provisioner.language.templating.template import Template, templates_in
from provisioner.language.variable_names import is_fact

_NAME = regex.compile(r"\bansible_\w+")


def task_for(play: Play) -> Task:
    """The task that gathers facts at a play's start, under the play's own become."""
    given = {
        "gather_subset": play.gather_subset,
        "gather_timeout": play.gather_timeout,
        "fact_path": play.fact_path,
    }
    arguments = {name: value for name, value in given.items() if value is not None}
    inherited = play.keywords
    keywords = Keywords(**{**vars(inherited), "when": (), "run_once": None, "check_mode": None})
    return Task("Gathering Facts", "setup", arguments, play.where, keywords)


def nothing(play: Play) -> Task:
    """A task that does nothing: a play that has no other still gathers facts."""
    return Task("", "meta", {"action": "noop"}, play.where, play.keywords)


def uses_facts(play: Play, *variables: Mapping[str, Any]) -> bool:
    """Whether a template of the play or of its variables names a fact. Facts that only a template
    file names are gathered when they are asked for."""
    if play.gather_facts is False:
        return False
    return _name_a_fact(_templates(play, variables))


def variables_use_facts(play: Play, variables: Mapping[str, Any]) -> bool:
    """The same of one host's variables alone."""
    return play.gather_facts is not False and _name_a_fact(templates_in(dict(variables)))


def _name_a_fact(templates: Iterator[Template]) -> bool:
    return any(is_fact(name) for template in templates for name in _NAME.findall(template.source))


def hosts_seen(plays: Iterable[Play]) -> bool:
    """Whether a template of the plays, or a file that they may render or include, looks at other
    hosts' variables: then every play gathers facts at its start, be it that a later one needs them.
    """
    given = [*plays]
    templates = (template for play in given for template in _templates(play, ()))
    if any(name in template.source for template in templates for name in _OTHERS):
        return True
    return any(name.encode() in _content(path) for path in _files(given) for name in _OTHERS)


_OTHERS = ("hostvars", "delegated_vars")
"""What leads to other hosts' variables."""


def _content(path: Path) -> bytes:
    """What is in the file; nothing where it can't be read: whoever needs it says so."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


_RENDERS = frozenset({"template", "include_role", "include_tasks", "include_vars"})


def _files(plays: Iterable[Play]) -> Iterator[Path]:
    """The files that tasks name or that are below `templates`, and where roles are included those
    of all roles."""
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
    yield from filter(_is_text, sorted(named))
    for folder in sorted(folders):
        yield from filter(_is_text, folder.rglob("*"))


def _is_text(path: Path) -> bool:
    kinds = (".j2", ".yml", ".yaml", ".json", ".jinja2", ".jinja", ".conf", ".cfg", "")
    try:
        return path.suffix in kinds and path.is_file() and path.stat().st_size < _LARGE
    except OSError:
        return False


_LARGE = 1 << 20


def _templates(play: Play, variables: tuple[Mapping[str, Any], ...]) -> Iterator[Template]:
    yield from templates_in((play.vars, dict(enumerate(variables))))
    for section in (*play.sections, play.handlers):
        for task in tasks_of(section):
            given: list[Any] = [task.name, dict(task.arguments), task.keywords.when, task.until]
            given += [task.changed_when, task.failed_when, task.loop and task.loop.items]
            given += [*task.keywords.vars, *task.keywords.environment]
            yield from templates_in(given)
