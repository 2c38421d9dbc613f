"""docker_prune, with a fake docker command."""

from __future__ import annotations

from tests.modules.conftest import Host

PRUNED = """case "$*" in
    'container prune'*) printf 'Deleted Containers:\\nabc\\n\\nTotal reclaimed space: 1.5 kB\\n' ;;
    'image prune'*) echo 'Total reclaimed space: 0 B' ;;
esac"""


def test_pruning_returns_what_was_removed(host: Host) -> None:
    host.fake("docker", PRUNED)
    asked = {
        "containers": True,
        "containers_filters": {"label": ["a", "b=c"]},
        "images": True,
        "images_filters": {"dangling": False},
        "networks": True,
    }
    report = host.run("docker_prune", **asked)
    assert report.changes == ("prune containers",)
    assert host.calls() == [
        "docker container prune --force --filter=label=a --filter=label=b=c",
        "docker image prune --force --all",
        "docker network prune --force",
    ]
    assert host.values("docker_prune", report, **asked) == {
        "containers": ["abc"],
        "containers_space_reclaimed": 1500,
        "images": [],
        "images_space_reclaimed": 0,
        "networks": [],
    }
