"""Connects to hosts in the background while the rest of the program is imported.

Only connections that the run certainly needs are made early (`certain_connections`).
"""

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
    from provisioner.fleet.login import Login

Dial = Callable[[Target], "Login"]


class Preconnector:
    """Makes connections in threads, by `dial`.

    A connection has a key: the host and everything that decides how to connect to it. It is used
    only if the run later needs a connection with an equal key.
    """

    def __init__(self, dial: Dial) -> None:
        self._dial = dial
        self._pending: dict[Hashable, _PendingLogin] = {}

    def start(self, key: Hashable, target: Target) -> None:
        """Start to connect to the target. Does nothing if no more threads can be started."""
        pending = _PendingLogin(self._dial, target)
        with suppress(RuntimeError):
            pending.start()
            self._pending[key] = pending

    def take(self, key: Hashable) -> Login | None:
        """Wait for the connection with this key and return it, once. None if there is none.

        Raises the exceptions of `dial`.
        """
        pending = self._pending.pop(key, None)
        return None if pending is None else pending.result()

    def close(self) -> None:
        """Close the connections that were not taken. Does not wait for them."""
        with suppress(RuntimeError):  # no more threads: the connections end with the process
            while self._pending:
                _, pending = self._pending.popitem()
                threading.Thread(target=pending.close, daemon=True).start()


class _PendingLogin(threading.Thread):
    """A thread that connects to a target. (Importing concurrent.futures would take 3 ms.)"""

    def __init__(self, dial: Dial, target: Target) -> None:
        super().__init__(daemon=True)
        self._dial, self._target = dial, target
        self._login: Login | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._login = self._dial(self._target)
        except BaseException as error:  # raised again by `result`
            self._error = error

    def result(self) -> Login:
        """Wait for the connection and return it. Raises the exceptions of `dial`."""
        self.join()
        if self._login is None:
            assert self._error is not None
            raise self._error
        return self._login

    def close(self) -> None:
        """Wait for the connection and close it."""
        self.join()
        if self._login is not None:
            self._login.connection.close()


def certain_connections(plan: Plan) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the hosts that the run connects to first, each with its connection variables.

    Yields only hosts that the first task certainly contacts over SSH, with variables that no task
    can change. In doubt it yields none: the run then connects when it needs to.
    """
    planned = next((planned for planned in plan.plays if planned.hosts), None)
    if planned is None or planned.play.serial or not _starts_with_remote_task(planned.play):
        return
    options = plan.options
    for host in planned.hosts[: options.forks]:
        variables = {**plan.inventory_vars[host], **options.extra_vars, **options.settings}
        own = {name: value for name, value in variables.items() if name.startswith("ansible_")}
        has_templates = any(True for _ in templates_in(own))
        over_ssh = own.get("ansible_connection", "ssh") == "ssh"
        if over_ssh and not has_templates and not is_implicit(plan.inventory, host):
            yield host, own


def _starts_with_remote_task(play: Play) -> bool:
    """Return whether the play's first task runs on its hosts.

    Its connection variables may only come from the inventory and the command line.
    """
    task = next((task for section in play.sections for task in tasks_of(section)), None)
    if task is None or play.vars_files or task.module not in MODULES:
        return False
    layers = (play.vars, *task.keywords.vars, *task.keywords.params, *_role_vars(play, task))
    sets_connection = any(name.startswith("ansible_") for layer in layers for name in layer)
    runs_locally = issubclass(find_module(task.module), (Action, ControlModule))
    return not sets_connection and not runs_locally and _runs_unconditionally(task)


def _role_vars(play: Play, task: Task) -> Iterator[Mapping[str, Any]]:
    for role in (*play.roles, *((task.role,) if task.role else ())):
        yield from (role.defaults, role.vars, role.params)


def _runs_unconditionally(task: Task) -> bool:
    """Return whether the task runs on each host, over SSH, as the default login user."""
    keywords = task.keywords
    others = (task.loop, keywords.delegate_to, keywords.run_once, keywords.remote_user)
    over_ssh = keywords.connection in (None, "ssh") and keywords.port is None
    return not keywords.when and over_ssh and all(value is None for value in others)
