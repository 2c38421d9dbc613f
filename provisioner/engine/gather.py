"""Facts: whether a play uses any, and the task that gathers them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from provisioner.language.play import Keywords, Play, Task, tasks_of
from provisioner.language.template import Template, templates_in
from provisioner.language.variables import is_fact

_NAME = re.compile(r"\bansible_\w+")


def task_for(play: Play) -> Task:
    """The task that gathers facts at a play's start, under the play's own become."""
    subset = play.gather_subset
    arguments: Mapping[str, Any] = {} if subset is None else {"gather_subset": subset}
    inherited = play.keywords
    keywords = Keywords(**{**vars(inherited), "when": (), "run_once": None, "check_mode": None})
    return Task("Gathering Facts", "setup", arguments, play.where, keywords)


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


def _templates(play: Play, variables: tuple[Mapping[str, Any], ...]) -> Iterator[Template]:
    yield from templates_in((play.vars, dict(enumerate(variables))))
    for section in (*play.sections, play.handlers):
        for task in tasks_of(section):
            given: list[Any] = [task.name, dict(task.arguments), task.keywords.when, task.until]
            given += [task.changed_when, task.failed_when, task.loop and task.loop.items]
            given += [*task.keywords.vars, *task.keywords.environment]
            yield from templates_in(given)
