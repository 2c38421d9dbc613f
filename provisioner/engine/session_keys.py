"""On which host, over which connection and as whom a task runs."""

from __future__ import annotations

from typing import Any

from provisioner.engine import task_keywords
from provisioner.engine.effects import SessionKey
from provisioner.engine.scopes import PlayWorld, host_scope
from provisioner.language.play import Keywords
from provisioner.language.scope import Scope
from provisioner.loading.host_patterns import is_implicit
from provisioner.modules.framework.base import ModuleError
from provisioner.remote.become import PASSWORDS, Become


def session_key(shared: PlayWorld, host: str, keywords: Keywords, scope: Scope) -> SessionKey:
    """On which host, over which connection and as whom the task runs: by the variables of that
    host, which where the task is delegated is another one."""
    target = task_keywords.delegate(scope, keywords) or host
    reached = scope
    if target != host:
        known = target in shared.world.states
        reached = host_scope(shared, target) if known else Scope(())
    given = reached.get("ansible_connection")
    if given is None and is_implicit(shared.world.inventory, target):
        given = "local"
    asked = keywords.connection and scope.render(keywords.connection)
    connection = given or asked or scope.get("connection_option") or "ssh"
    if connection not in ("ssh", "local", "paramiko", "paramiko_ssh", "smart"):
        raise ModuleError(f'the connection "{connection}" is not supported: ssh and local are')
    become = _become(keywords, scope, reached)
    if connection == "local":
        return SessionKey(target, "local", become, folder=str(shared.play.basedir.absolute()))

    user = port = None
    if keywords.remote_user is not None:
        user = _said(keywords.remote_user, scope, reached, "ansible_user", "ansible_ssh_user")
    if keywords.port is not None:
        port = _said(keywords.port, scope, reached, "ansible_port", "ansible_ssh_port")
    return SessionKey(target, "ssh", become, user, port)


def _said(keyword: Any, scope: Scope, reached: Scope, *names: str) -> str | None:
    """A keyword's value, unless a variable says another."""
    value = str(scope.render(keyword))
    found = [str(reached.get(name)) for name in names if reached.get(name) is not None]
    return None if any(other != value for other in found) else value


def _become(keywords: Keywords, scope: Scope, reached: Scope) -> Become | None:
    """Whom the task becomes; variables are those of the host that is reached."""

    def given(name: str, keyword: Any) -> Any:
        value = reached.get(name)
        return value if value is not None else scope.render(keyword)

    wanted = given("ansible_become", keywords.become)
    if not task_keywords.flag(scope, wanted, bool(scope.get("become_option", False))):
        return None
    user = given("ansible_become_user", keywords.become_user) or scope.get("become_user_option")
    if not (user := str(user or "root")).isprintable():
        raise ModuleError(f"become_user {user!r} is no user's name")
    method = given("ansible_become_method", keywords.become_method)
    method = str(method or scope.get("become_method_option") or "sudo")
    if method not in ("sudo", "su"):
        raise ModuleError(f'become_method "{method}" is not supported: sudo and su are')
    passwords = (reached.get(name) for name in PASSWORDS)
    password = next((found for found in passwords if found is not None), None)
    flags = given("ansible_become_flags", keywords.become_flags)
    return Become(
        user,
        "su" if method == "su" else "sudo",
        None if password is None else str(password),
        str(flags) if flags is not None else "-H",
    )
