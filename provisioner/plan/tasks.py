"""Which tasks of a play run: --tags, --skip-tags and --start-at-task."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from provisioner.errors import LoadError
from provisioner.language.play import Block, Node, Play, Task
from provisioner.language.templating.template import Template, TemplateError
from provisioner.loading.static_vars import StaticVars
from provisioner.plan.options import Options


def by_tags(play: Play, options: Options) -> Play:
    """The play with only those tasks that --tags and --skip-tags leave."""
    sections = tuple(chosen(section, play, options) for section in play.sections)
    return replace(play, sections=sections)


def chosen(nodes: tuple[Node, ...], play: Play, options: Options) -> tuple[Node, ...]:
    """The same for some of the play's nodes; templates among their tags are rendered."""

    def kept(task: Task) -> Task | None:
        tagged = _with_tags(task, play, options)
        return tagged if selected(tagged.keywords.tags, options) else None

    return tuple(_filtered(nodes, kept))


def _with_tags(task: Task, play: Play, options: Options) -> Task:
    """The task with the tags that its templates give, by the variables that are known before any
    host: those of the command line, the play, its role and the task itself."""
    if not any(isinstance(tag, Template) for tag in task.keywords.tags):
        return task
    scope = StaticVars.of(play, options.extra_vars).scope(task.keywords, task.role)
    found: set[str] = set()
    for tag in task.keywords.tags:
        try:
            value = scope.render(tag)
        except TemplateError as error:
            reason = f"tags: {error.reason} (they are needed before any host's variables)"
            raise LoadError(reason, error.where or task.where) from None
        for item in value if isinstance(value, list) else [value]:
            found.update(word.strip() for word in str(item).split(",") if word.strip())
    return replace(task, keywords=replace(task.keywords, tags=frozenset(found)))


def selected(tags: frozenset[str], options: Options) -> bool:
    """Whether a task with `tags` runs: `always` unless skipped, `never` only when it is named or
    `always` stands beside it."""
    wanted = options.tags or frozenset({"all"})
    kinds = {"all", "tagged"} if tags else {"all"}
    own = tags or {"untagged"}
    named = own & wanted or ("never" not in tags and kinds & wanted)
    if not named and "always" not in tags:
        return False
    skipped = options.skip_tags
    if "all" in skipped:
        return "always" in tags and "always" not in skipped
    return not own & skipped and not ("tagged" in skipped and tags)


def _filtered(nodes: Sequence[Node], keep: Callable[[Task], Task | None]) -> Iterator[Node]:
    """The nodes with only those tasks that `keep` gives back; empty blocks go too."""
    for node in nodes:
        if isinstance(node, Task):
            kept = keep(node)
            if kept is not None:
                yield kept
            continue
        parts = [tuple(_filtered(part, keep)) for part in (node.tasks, node.rescue, node.always)]
        if any(parts):
            yield Block(parts[0], parts[1], parts[2], node.where, node.name)


def from_task(play: Play, name: str) -> tuple[Play, bool]:
    """The play from the task called `name` on; nothing of it where it has no such task."""
    found = False

    def keep(task: Task) -> Task | None:
        nonlocal found
        names = (task.title, str(task.name))
        found = found or any(name == one or fnmatchcase(one, name) for one in names)
        return task if found else None

    sections = tuple(tuple(_filtered(section, keep)) for section in play.sections)
    return replace(play, sections=sections), found
