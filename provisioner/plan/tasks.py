"""Select the tasks of a play that run: --tags, --skip-tags and --start-at-task."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from provisioner.errors import LoadError
from provisioner.language.play import Block, Node, Play, Task
from provisioner.language.templating.template import Template, TemplateError
from provisioner.loading.static_vars import StaticVars
from provisioner.plan.run_options import Options


def by_tags(play: Play, options: Options) -> Play:
    """Return the play with only the tasks that --tags and --skip-tags select."""
    sections = tuple(select_nodes(section, play, options) for section in play.sections)
    return replace(play, sections=sections)


def select_nodes(nodes: tuple[Node, ...], play: Play, options: Options) -> tuple[Node, ...]:
    """Return the nodes of the play that --tags and --skip-tags select.

    Tags that are templates are rendered. Raises LoadError if they need a host's variables.
    """

    def selected_task(task: Task) -> Task | None:
        tagged = _with_tags(task, play, options)
        return tagged if selected(tagged.keywords.tags, options) else None

    return tuple(_filtered(nodes, selected_task))


def _with_tags(task: Task, play: Play, options: Options) -> Task:
    """Return the task with its tags rendered.

    Only the variables of the command line, the play, the role and the task are known here.
    """
    if not any(isinstance(tag, Template) for tag in task.keywords.tags):
        return task
    scope = StaticVars.of(play, options.extra_vars).scope(task.keywords, task.role)
    rendered: set[str] = set()
    for tag in task.keywords.tags:
        try:
            value = scope.render(tag)
        except TemplateError as error:
            reason = f"tags: {error.reason} (they are needed before any host's variables)"
            raise LoadError(reason, error.where or task.where) from None
        for item in value if isinstance(value, list) else [value]:
            rendered.update(word.strip() for word in str(item).split(",") if word.strip())
    return replace(task, keywords=replace(task.keywords, tags=frozenset(rendered)))


def selected(tags: frozenset[str], options: Options) -> bool:
    """Whether a task with these tags runs.

    As in Ansible: a task tagged `always` runs unless it is skipped. A task tagged `never` runs
    only if one of its tags is asked for, or if it is also tagged `always`.
    """
    selected_tags = options.tags or frozenset({"all"})
    kinds = {"all", "tagged"} if tags else {"all"}
    own = tags or {"untagged"}
    named = own & selected_tags or ("never" not in tags and kinds & selected_tags)
    if not named and "always" not in tags:
        return False
    skipped = options.skip_tags
    if "all" in skipped:
        return "always" in tags and "always" not in skipped
    return not own & skipped and not ("tagged" in skipped and tags)


def _filtered(nodes: Sequence[Node], keep: Callable[[Task], Task | None]) -> Iterator[Node]:
    """Yield the nodes with each task replaced by `keep(task)`; drop None and empty blocks."""
    for node in nodes:
        if isinstance(node, Task):
            selected_task = keep(node)
            if selected_task is not None:
                yield selected_task
            continue
        parts = [tuple(_filtered(part, keep)) for part in (node.tasks, node.rescue, node.always)]
        if any(parts):
            yield Block(parts[0], parts[1], parts[2], node.where, node.name)


def from_task(play: Play, name: str) -> tuple[Play, bool]:
    """Return the play from the task `name` on, and whether it has that task.

    `name` may be a glob, as in Ansible. Without that task the play has no tasks left.
    """
    reached = False

    def keep(task: Task) -> Task | None:
        nonlocal reached
        names = (task.title, str(task.name))
        reached = reached or any(name == one or fnmatchcase(one, name) for one in names)
        return task if reached else None

    sections = tuple(tuple(_filtered(section, keep)) for section in play.sections)
    return replace(play, sections=sections), reached
