"""The handlers that changed tasks of a host have notified and that have not run yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from provisioner.engine.host_state import HostState
from provisioner.engine.scopes import task_scope, title
from provisioner.engine.world import PlayWorld
from provisioner.language.play import Task, tasks_of
from provisioner.language.scope import Scope
from provisioner.language.templating.template import Template


class HandlerQueue:
    """Notified handlers, by identity.

    A notified name is looked up again when the handlers run: a role that is included in the
    meantime may define its handlers a second time, and only one of the two may run.
    """

    def __init__(self, play_world: PlayWorld, state: HostState) -> None:
        self._play_world, self._state = play_world, state
        self._notified: set[int] = set()
        self._names: set[str] = set()
        """Names notified since handlers were last run."""
        self._provisional: set[int] = set()
        """Handlers that are notified only because of `_names`."""

    def __bool__(self) -> bool:
        """Whether any handler is notified."""
        return bool(self._notified)

    def notify(self, task: Task, scopes: Sequence[Scope], *, in_handlers: bool) -> str:
        """Notify the handlers that the task's `notify` names.

        `scopes` has one scope for each changed item of a loop. Return the first name that no
        handler has, or "".
        """
        if not task.notify:
            return ""
        handlers = self._all()
        for scope in scopes:
            for name in _flattened(scope.render(value) for value in task.notify):
                matching = self._matching(handlers, {name})
                if not matching:
                    return name
                if not in_handlers:
                    self._provisional |= matching - self._notified
                    self._names.add(name)
                self._notified |= matching
        return ""

    def collect(self) -> Sequence[Task]:
        """Return all handlers if any is notified, else nothing.

        The caller asks `is_notified` before it runs each of them, so a handler may notify later
        handlers.
        """
        if not (self._notified or self._names):
            return ()
        handlers = self._all()
        if self._names:
            self._notified -= self._provisional
            self._notified |= self._matching(handlers, self._names)
        self._provisional.clear()
        self._names.clear()
        return handlers if self._notified else ()

    def is_notified(self, handler: Task) -> bool:
        """Whether the handler is notified and has not run yet."""
        return id(handler) in self._notified

    def started(self, task: Task) -> None:
        """Note that the handler has started. It runs again only if it is notified again."""
        self._notified.discard(id(task))

    def _all(self) -> list[Task]:
        """Return the play's handlers, then those of included roles."""
        return list(tasks_of((*self._play_world.play.handlers, *self._state.handlers)))

    def _matching(self, handlers: Sequence[Task], names: set[str]) -> set[int]:
        """Return the identities of the handlers that have one of the names or listen to one."""
        by_name = self._by_name(handlers)
        named = {id(by_name[name]) for name in names if name in by_name}
        return named | {id(handler) for handler in self._listening(handlers, names)}

    def _by_name(self, handlers: Sequence[Task]) -> Mapping[str, Task]:
        """Return the handlers by name.

        If several handlers have the same name, Ansible takes the one from the file that was read
        last (the play's own file is last). Within a file it takes the first.
        """
        by_name: dict[str, Task] = {}
        for handler in _last_file_first(handlers):
            for name in self._spellings(handler, (handler.name,)):
                by_name.setdefault(name, handler)
        return by_name

    def _listening(self, handlers: Sequence[Task], names: set[str]) -> Iterator[Task]:
        """Yield the handlers that listen to one of the names.

        Of several handlers with the same name, only one is yielded.
        """
        seen: set[str] = set()
        for handler in _last_file_first(handlers):
            if names.isdisjoint(self._spellings(handler, handler.listen)):
                continue
            if str(handler.name) not in seen:
                yield handler
            if handler.name:
                seen.add(str(handler.name))

    def _spellings(self, handler: Task, names: Sequence[str | Template]) -> set[str]:
        """Return all ways to write the names in `notify`: "NAME" and "ROLE : NAME"."""
        spellings: set[str] = set()
        for name in names:
            named = replace(handler, name=name)
            if isinstance(name, Template):
                scope = task_scope(
                    self._play_world,
                    self._state.name,
                    handler,
                    {},
                    facts_pending=False,
                    gather=False,
                )
                named = replace(handler, name=title(replace(named, role=None), scope))
            spellings |= {str(named.name), named.title}
        return spellings


def _flattened(values: Iterable[Any]) -> Iterator[str]:
    """Yield names from values that are each a name or a list of names."""
    for value in values:
        yield from map(str, value if isinstance(value, list) else [value])


def _last_file_first(handlers: Sequence[Task]) -> Iterator[Task]:
    """Yield the handlers grouped by the role or play that defines them, the last group first."""
    groups = [list(group) for _, group in groupby(handlers, lambda handler: id(handler.role))]
    return (handler for group in reversed(groups) for handler in group)
