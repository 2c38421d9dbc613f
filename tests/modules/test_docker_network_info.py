"""docker_network_info, with a fake docker command."""

from __future__ import annotations

from tests.modules.conftest import Host


def test_a_missing_network_is_returned_as_not_existing(host: Host) -> None:
    host.fake(
        "docker", "echo '[]'; echo 'Error response from daemon: network n not found' >&2; exit 1"
    )
    report = host.run("docker_network_info", name="n")
    assert host.values("docker_network_info", report, name="n") == {
        "exists": False,
        "network": None,
    }
