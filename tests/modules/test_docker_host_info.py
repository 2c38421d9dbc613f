"""docker_host_info, with a fake docker command."""

from __future__ import annotations

from tests.modules.conftest import Host


def test_host_info_returns_lists_with_the_keys_of_ansible(host: Host) -> None:
    host.fake(
        "docker",
        """case $1 in
        info) echo '{"ServerVersion": "1.13.1"}' ;;
        ps) echo '{"ID": "1", "Names": "web", "CreatedAt": "now"}' ;;
        system) printf 'TYPE  TOTAL  ACTIVE  SIZE\\nImages  2  1  1.2GB  3B (1%%)\\n' ;;
        esac""",
    )
    asked = {"containers": True, "containers_filters": {"name": "web"}, "disk_usage": True}
    report = host.run("docker_host_info", **asked)
    values = host.values("docker_host_info", report, **asked)
    assert values["can_talk_to_docker"] is True
    assert values["host_info"] == {"ServerVersion": "1.13.1"}
    assert values["containers"][0]["Names"] == "web"
    assert values["disk_usage"]["LayersSize"] == 1_200_000_000
