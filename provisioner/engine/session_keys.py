"""Choose the session of a task: host, connection, and user."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from provisioner.engine import task_keywords
from provisioner.engine.effects import SessionKey
from provisioner.engine.scopes import host_scope
from provisioner.engine.world import PlayWorld
from provisioner.language.play import Keywords
from provisioner.language.scope import Scope
from provisioner.loading.host_patterns import is_implicit
from provisioner.modules.framework.base import HostAccess, ModuleError
from provisioner.remote.become import PASSWORDS, Become

_CONNECTIONS = ("ssh", "local", "paramiko", "paramiko_ssh", "smart")
"""Names of the supported connections in Ansible: ssh under several names, and local."""


def session_key(play_world: PlayWorld, host: str, keywords: Keywords, scope: Scope) -> SessionKey:
    """Return the session for a task of `host`.

    A delegated task runs on another host, with the connection variables of that host.
    """
    target = task_keywords.delegated_host(scope, keywords) or host
    target_scope = scope
    if target != host:
        is_known = target in play_world.world.states
        target_scope = host_scope(play_world, target) if is_known else Scope(())
    connection = _connection(play_world, target, keywords, scope, target_scope)
    become = _become(keywords, scope, target_scope)
    if connection == "local":
        return SessionKey(target, "local", become, folder=str(play_world.play.basedir.absolute()))
    user = port = None
    if keywords.remote_user is not None:
        names = "ansible_user", "ansible_ssh_user"
        user = _unless_variable(keywords.remote_user, scope, target_scope, *names)
    if keywords.port is not None:
        names = "ansible_port", "ansible_ssh_port"
        port = _unless_variable(keywords.port, scope, target_scope, *names)
    return SessionKey(target, "ssh", become, user, port)


def _connection(
    play_world: PlayWorld, target: str, keywords: Keywords, scope: Scope, target_scope: Scope
) -> str:
    """Return the kind of the connection, from a variable, keyword or option; the default is ssh."""
    by_variable = target_scope.get("ansible_connection")
    if by_variable is None and is_implicit(play_world.world.inventory, target):
        by_variable = "local"
    by_keyword = keywords.connection and scope.render(keywords.connection)
    connection = by_variable or by_keyword or scope.get("connection_option") or "ssh"
    if connection not in _CONNECTIONS:
        raise ModuleError(f'the connection "{connection}" is not supported: ssh and local are')
    return str(connection)


def _unless_variable(keyword: Any, scope: Scope, target_scope: Scope, *names: str) -> str | None:
    """Return the keyword's value; None if one of the named variables overrides it."""
    value = str(scope.render(keyword))
    variables = (target_scope.get(name) for name in names)
    differs = any(str(other) != value for other in variables if other is not None)
    return None if differs else value


def _become(keywords: Keywords, scope: Scope, target_scope: Scope) -> Become | None:
    """Return the user to become; None without any.

    It is set by the target's variables, keywords or options.
    """

    def variable_or(name: str, keyword: Any) -> Any:
        value = target_scope.get(name)
        return value if value is not None else scope.render(keyword)

    become = variable_or("ansible_become", keywords.become)
    if not task_keywords.flag(scope, become, bool(scope.get("become_option", False))):
        return None
    user = variable_or("ansible_become_user", keywords.become_user)
    user = str(user or scope.get("become_user_option") or "root")
    if not user.isprintable():
        raise ModuleError(f"become_user {user!r} is not a valid user name")
    method = variable_or("ansible_become_method", keywords.become_method)
    method = str(method or scope.get("become_method_option") or "sudo")
    if method not in ("sudo", "su"):
        raise ModuleError(f'become_method "{method}" is not supported: sudo and su are')
    passwords = (target_scope.get(name) for name in PASSWORDS)
    password = next((value for value in passwords if value is not None), None)
    flags = variable_or("ansible_become_flags", keywords.become_flags)
    return Become(
        user,
        "su" if method == "su" else "sudo",
        None if password is None else str(password),
        str(flags) if flags is not None else "-H",
    )


# Modules like synchronize run a program on the controller that makes its own connection.


def reached_host(host: str, key: SessionKey, keywords: Keywords, scope: Scope) -> HostAccess:
    """Return how a program that makes its own connection reaches the task's host.

    `key` is the session that another module would use.
    """
    become = key.become
    is_delegated = task_keywords.delegated_host(scope, keywords) is not None
    return HostAccess(
        name=host,
        variables=scope,
        same=key.host == host if is_delegated else key.connection == "local",
        delegated=is_delegated and key.connection != "local",
        become_user=None if become is None else become.user,
        become_method="sudo" if become is None else become.method,
    )


def controller_key(host: str, key: SessionKey, keywords: Keywords, scope: Scope) -> SessionKey:
    """Return the session of a program that makes its own connection to the task's host.

    It runs on the controller, or on the delegated host. It becomes another user only if it needs no
    connection. Otherwise the program does so on the remote host.
    """
    is_delegated = task_keywords.delegated_host(scope, keywords) is not None
    if not is_delegated and key.connection != "local":
        return SessionKey("localhost", "local")
    return key if key.host == host else replace(key, become=None)
