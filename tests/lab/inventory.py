"""The files for connecting to the hosts: inventory, ssh_config, known_hosts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from tests.lab.hosts import Host
from tests.lab.keys import host_keys


def inventory_text(
    hosts: Mapping[str, Host], known_hosts: Path, variables: Mapping[str, str | list[str]]
) -> str:
    """Return the inventory as YAML. Every JSON string is a YAML string: no library is needed."""
    common = {
        "ansible_user": Host.user,
        "ansible_ssh_common_args": f"-o UserKnownHostsFile={known_hosts}",
        **variables,
    }
    lines = ["all:", "  vars:", *_pairs(4, common), "  hosts:"]
    for name, host in hosts.items():
        lines += [f"    {name}:", *_pairs(6, _host_variables(host))]
    return "\n".join(lines) + "\n"


def _host_variables(host: Host) -> dict[str, str]:
    values = {"ansible_host": host.address}
    if host.options.login == "key":
        values["ansible_ssh_private_key_file"] = str(host.key)
    else:
        values["ansible_password"] = host.password
    if host.options.sudo == "password":
        values["ansible_become_password"] = host.password
    return values


def _pairs(indent: int, values: Mapping[str, object]) -> list[str]:
    return [f"{' ' * indent}{name}: {json.dumps(value)}" for name, value in values.items()]


def known_hosts_text(hosts: Mapping[str, Host]) -> str:
    lines = []
    for host in hosts.values():
        for file in sorted(host_keys(host.name).glob("*.pub")):
            kind, key = file.read_text().split()[:2]
            lines.append(f"{host.address},{host.name} {kind} {key}")
    return "\n".join(lines) + "\n"


def ssh_config_text(hosts: Mapping[str, Host], known_hosts: Path) -> str:
    lines = []
    for host in hosts.values():
        lines += [f"Host {host.name} {host.address}", f"  HostName {host.address}"]
        lines += [f"  User {host.user}", f"  UserKnownHostsFile {known_hosts}"]
        lines += ["  GlobalKnownHostsFile /dev/null", "  StrictHostKeyChecking yes"]
        if host.options.login == "key":
            lines += [f"  IdentityFile {host.key}", "  IdentitiesOnly yes"]
    return "\n".join(lines) + "\n"
