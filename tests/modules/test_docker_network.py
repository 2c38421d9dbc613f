"""docker_network, with a fake docker command."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.modules.conftest import Host

NETWORK: Mapping[str, Any] = {
    "Name": "n",
    "Driver": "bridge",
    "Labels": {"a": "b"},
    "IPAM": {"Config": [{"Subnet": "10.1.0.0/24", "Gateway": "10.1.0.1"}]},
    "Containers": {"a" * 64: {"Name": "web"}},
}
NETWORKS: list[tuple[Mapping[str, Any], tuple[str, ...]]] = [
    ({}, ()),
    ({"ipam_config": [{"subnet": "10.1.0.0/24"}], "labels": {"a": "b"}}, ()),
    ({"ipam_options": {"subnet": "10.1.0.0/24", "gateway": "10.1.0.1"}}, ()),
    ({"connected": ["web"]}, ()),
    ({"connected": ["a" * 12]}, ()),
    ({"connected": ["db"], "appends": True}, ("connect db to network n",)),
    ({"connected": ["db"]}, ("connect db to network n", "disconnect web from network n")),
    (
        {"internal": True},
        (
            "disconnect web from network n",
            "remove network n to recreate it: internal",
            "create network n",
            "connect web to network n",
        ),
    ),
    ({"state": "absent"}, ("remove network n",)),
    (
        {"state": "absent", "force": True},
        ("disconnect web from network n", "remove network n"),
    ),
]


@pytest.mark.parametrize(("asked", "changes"), NETWORKS)
def test_a_network_is_changed_only_where_it_differs(
    host: Host, asked: Mapping[str, Any], changes: tuple[str, ...]
) -> None:
    host.fake("docker", f"echo '{json.dumps([NETWORK])}'")
    assert host.look("docker_network", name="n", **asked).changes == changes
