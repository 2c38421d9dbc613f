"""docker_image_info, with a fake docker command."""

from __future__ import annotations

from tests.modules.conftest import Host


def test_all_images_are_returned_without_a_name(host: Host) -> None:
    image = '[{"Id": "sha256:1", "RepoTags": ["a:1"]}]'
    host.fake("docker", f"case $1 in image) echo sha256:1 ;; *) echo '{image}' ;; esac")
    report = host.run("docker_image_info")
    assert [i["Id"] for i in host.values("docker_image_info", report)["images"]] == ["sha256:1"]
