"""How the host of a task is reached: what its variables say of it, and how programs get there that
run elsewhere and connect to it by themselves (rsync)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from provisioner.engine import task_keywords
from provisioner.engine.effects import SessionKey
from provisioner.language.play import Keywords
from provisioner.language.scope import Scope
from provisioner.modules.framework.base import Reached


def variables(
    host: str, known: Mapping[str, Any], settings: Mapping[str, Any], keywords: Keywords
) -> dict[str, Any]:
    """What a task sees of the way to its host where no variable says it: by keywords and the
    command line, and each of Ansible's two names for a thing where the inventory has the other."""
    found = {
        "ansible_connection": keywords.connection or settings.get("connection_option") or "ssh"
    }
    said = {
        "host": host,
        "user": keywords.remote_user or settings.get("user_option"),
        "port": None,  # a play's `port` is no variable with Ansible either
    }
    for thing, value in said.items():
        new, old = f"ansible_{thing}", f"ansible_ssh_{thing}"
        for name, twin in ((new, old), (old, new)):
            if known.get(twin, value) is not None:
                found[name] = known.get(twin, value)
    return found


def way(host: str, session_key: SessionKey, keywords: Keywords, scope: Scope) -> Reached:
    """How such a program gets to the host of a task, which by itself would run in `seat`."""
    become = session_key.become
    delegated = task_keywords.delegate(scope, keywords) is not None
    return Reached(
        name=host,
        variables=scope,
        same=session_key.host == host if delegated else session_key.connection == "local",
        delegated=delegated and session_key.connection != "local",
        become_user=None if become is None else become.user,
        become_method="sudo" if become is None else become.method,
    )


def start(host: str, session_key: SessionKey, keywords: Keywords, scope: Scope) -> SessionKey:
    """Where it runs: on the controller unless the task is delegated; it becomes another user only
    where it needs no connection."""
    if task_keywords.delegate(scope, keywords) is None and session_key.connection != "local":
        return SessionKey("localhost", "local")
    return session_key if session_key.host == host else replace(session_key, become=None)
