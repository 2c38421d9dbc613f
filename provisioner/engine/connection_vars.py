"""Default connection variables of a host, for values that neither inventory nor playbook sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.language.play import Keywords


def connection_variables(
    host: str,
    inventory_vars: Mapping[str, Any],
    settings: Mapping[str, Any],
    keywords: Keywords,
) -> dict[str, Any]:
    """Return `ansible_connection`, and both names of Ansible's variables for host, user and port.

    These are pairs such as `ansible_user` and `ansible_ssh_user`. If the inventory sets one name of
    a pair, the other gets the same value. Otherwise the task's keywords and the command line
    decide.
    """
    variables = {
        "ansible_connection": keywords.connection or settings.get("connection_option") or "ssh"
    }
    defaults = {
        "host": host,
        "user": keywords.remote_user or settings.get("user_option"),
        "port": None,  # as in Ansible, the keyword `port` sets no variable
    }
    for setting, default in defaults.items():
        new, old = f"ansible_{setting}", f"ansible_ssh_{setting}"
        for name, other_name in ((new, old), (old, new)):
            value = inventory_vars.get(other_name, default)
            if value is not None:
                variables[name] = value
    return variables
