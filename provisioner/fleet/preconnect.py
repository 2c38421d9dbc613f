"""Connections that are begun once it is certain that they are needed: while they are made, the
rest of the program is still being imported."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from provisioner.language.play import Play, Task, tasks_of
from provisioner.language.templating.template import templates_in
from provisioner.loading.host_patterns import is_implicit
from provisioner.modules import MODULES, find_module
from provisioner.modules.framework.base import Action, ControlModule
from provisioner.plan import Plan
from provisioner.remote.target import Target

if TYPE_CHECKING:
    from provisioner.fleet.session_pool import Login

Dial = Callable[[Target], "Login"]


class Preconnector:
    """Makes connections by `dial`; those that were begun are handed out to who asks for the very
    same way."""

    def __init__(self, dial: Dial) -> None:
        self._dial = dial
        self._begun: dict[Hashable, _Begun] = {}

    def begin(self, way: Hashable, target: Target) -> None:
        """Start to connect, beside all others, to the target at the end of that way; not where this
        machine allows no further thread."""
        begun = _Begun(self._dial, target)
        with suppress(RuntimeError):
            begun.start()
            self._begun[way] = begun

    def take(self, way: Hashable) -> Login | None:
        """The connection that was begun, for the first who asks for it; raises what `dial` does."""
        begun = self._begun.pop(way, None)
        return None if begun is None else begun.result()

    def close(self) -> None:
        """Drop those that nobody asked for."""
        with suppress(RuntimeError):  # no further thread: they end with the process
            while self._begun:
                threading.Thread(target=self._begun.popitem()[1].drop, daemon=True).start()


class _Begun(threading.Thread):
    """A connection under way. (A Future would do, but takes 3 ms to be imported.)"""

    def __init__(self, dial: Dial, target: Target) -> None:
        super().__init__(daemon=True)
        self._dial, self._target = dial, target
        self._made: Login | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._made = self._dial(self._target)
        except BaseException as error:  # for whoever asks
            self._error = error

    def result(self) -> Login:
        """Waits for it; raises what `dial` did."""
        self.join()
        if self._made is None:
            assert self._error is not None
            raise self._error
        return self._made

    def drop(self) -> None:
        """Close it once it is there."""
        self.join()
        if self._made is not None:
            self._made.connection.close()


def certain(plan: Plan) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The first hosts that will be reached over ssh whatever variables and earlier tasks say, each
    with the variables that tell how. None in doubt: it only costs time."""
    planned = next((planned for planned in plan.plays if planned.hosts), None)
    if planned is None or planned.play.serial or not _begins_on_hosts(planned.play):
        return
    options = plan.options
    for host in planned.hosts[: options.forks]:
        given = {**plan.inventory_vars[host], **options.extra_vars, **options.settings}
        about = {name: value for name, value in given.items() if name.startswith("ansible_")}
        local = is_implicit(plan.inventory, host)
        plain = not any(True for _ in templates_in(about))
        if plain and not local and about.get("ansible_connection", "ssh") == "ssh":
            yield host, about


def _begins_on_hosts(play: Play) -> bool:
    """Whether the play's first task runs on its hosts, and only inventory and command line say how
    they are reached."""
    task = next((task for section in play.sections for task in tasks_of(section)), None)
    if task is None or play.vars_files or task.module not in MODULES:
        return False
    own = (play.vars, *task.keywords.vars, *task.keywords.params, *_of_roles(play, task))
    said = any(name.startswith("ansible_") for layer in own for name in layer)
    return (
        not said
        and _is_plain(task)
        and not issubclass(find_module(task.module), (Action, ControlModule))
    )


def _of_roles(play: Play, task: Task) -> Iterator[Mapping[str, Any]]:
    for role in (*play.roles, *((task.role,) if task.role else ())):
        yield from (role.defaults, role.vars, role.params)


def _is_plain(task: Task) -> bool:
    keywords = task.keywords
    asked = (task.loop, keywords.delegate_to, keywords.run_once, keywords.remote_user)
    over_ssh = keywords.connection in (None, "ssh") and keywords.port is None
    return not keywords.when and over_ssh and all(value is None for value in asked)
