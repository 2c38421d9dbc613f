"""docker_image, and the modules that do one part of its work, with a fake docker command."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.modules.conftest import Host, listing

IMAGE = '[{"Id": "sha256:%s", "RepoTags": ["%s"], "RootFS": {}}]'


@pytest.mark.parametrize(
    ("status", "changed"),
    [("Image is up to date for a:1", False), ("Downloaded newer image", True)],
)
def test_pulling_again_is_a_change_only_if_docker_fetched_something(
    host: Host, status: str, changed: bool
) -> None:
    host.fake(
        "docker",
        f"case $1 in pull) echo 'Status: {status}' ;; *) echo '{IMAGE % (1, 'a:1')}' ;; esac",
    )
    asked = {"name": "a:1", "source": "pull", "force_source": True}
    assert host.look("docker_image", **asked).changes == ("pull image a:1",)
    report = host.run("docker_image", **asked)
    assert report.failed is None
    assert bool(report.changes) is changed
    assert host.values("docker_image", report, **asked)["image"]["Id"] == "sha256:1"


def test_an_image_is_found_under_the_long_names_of_docker_1_13(host: Host) -> None:
    host.fake("docker", f"echo '{IMAGE % (1, 'docker.io/a:latest')}'")
    assert host.run("docker_image", name="a", source="pull").changes == ()


def test_a_missing_local_image_fails_a_run_but_not_a_look(host: Host) -> None:
    host.fake("docker", "echo '[]'; echo 'Error: No such image: a' >&2; exit 1")
    assert host.look("docker_image", name="a", source="local").changes
    assert "no image a:latest" in (host.run("docker_image", name="a", source="local").failed or "")


ID = "ab" * 32
OTHER = "cd" * 32

DOCKER = r"""
images=ROOT/images
id_of() { while read -r id name; do [ "$name" != "$1" ] || echo "$id"; done <"$images"; }
without() { grep -v " $1\$" "$images" >"$images.new"; mv "$images.new" "$images"; }
inspect() {
    lead='[' missing=''
    for name; do
        id=$(id_of "$name")
        if [ -z "$id" ]; then missing=$name; continue; fi
        printf '%s{"Id": "sha256:%s", "RepoTags": ["%s"], "RootFS": {}}' "$lead" "$id" "$name"
        lead=,
    done
    [ "$lead" = , ] && echo ']' || echo '[]'
    [ -z "$missing" ] || { echo "Error: No such image: $missing" >&2; exit 1; }
}
case $1 in
    inspect) shift 3; inspect "$@" ;;
    images) while read -r id name; do echo "sha256:$id $name"; done <"$images" ;;
    tag) id=$(id_of "$2"); without "$3"; echo "$id $3" >>"$images" ;;
    rmi) for name; do :; done; without "$name" ;;
    save) cp ROOT/archive "$3" ;;
    load | pull | build) echo 'Status: Downloaded newer image'; without NEW
        echo "ID NEW" >>"$images" ;;
    push) echo 'x: Pushed' ;;
    *) echo "unknown: $*" >&2; exit 1 ;;
esac
"""


def archive(path: Path, digest: str, *names: str) -> None:
    """What `docker save` writes, as far as it is looked at."""
    manifest = json.dumps([{"Config": f"{digest}.json", "RepoTags": names or None}]).encode()
    with tarfile.open(path, "w") as tar:
        entry = tarfile.TarInfo("manifest.json")
        entry.size = len(manifest)
        tar.addfile(entry, io.BytesIO(manifest))


@pytest.fixture
def docker(host: Host) -> Host:
    """A host with the images a:1 and b:1."""
    (host.root / "images").write_text(f"{ID} a:1\n{OTHER} b:1\n")
    archive(host.root / "archive", ID, "a:1")
    fake(host, "a:1")
    return host


def fake(host: Host, new: str) -> None:
    """The docker that pulls, builds and loads the image `new`."""
    script = DOCKER.replace("ROOT", str(host.root)).replace('"ID NEW"', f'"{ID} {new}"')
    host.fake("docker", script.replace("NEW", new))


ONCE: list[tuple[str, dict[str, Any], str, str]] = [
    ("docker_image_tag", {"name": "a:1", "repository": ["r:5000/a:2", "c:1"]},
     "tag image a:1 as r:5000/a:2", "tag a:1 c:1"),
    ("docker_image_tag", {"name": "a:1", "repository": "b:1"}, "tag image a:1 as b:1",
     "tag a:1 b:1"),
    ("docker_image_remove", {"name": "a", "tag": 1, "force": True, "prune": False},
     "remove image a:1", "rmi --force --no-prune a:1"),
    ("docker_image_pull", {"name": "c:1", "pull": "not_present", "platform": "linux/amd64"},
     "pull image c:1", "pull --platform=linux/amd64 c:1"),
    ("docker_image_build", {"name": "c:1", "path": "ROOT", "labels": {"x": 1},
                            "secrets": [{"id": "k", "type": "file", "src": "/k"}],
                            "platform": ["linux/amd64", "linux/arm64"]},
     "build image c:1",
     "build --tag=c:1 --rm=true --platform=linux/amd64,linux/arm64 --label=x=1"
     " --secret=id=k,src=/k ROOT"),
    ("docker_image_export", {"names": ["a:1"], "path": "ROOT/a.tar"},
     "archive a:1 to ROOT/a.tar", "save --output ROOT/a.tar a:1"),
]  # fmt: skip


@pytest.mark.parametrize(("module", "arguments", "change", "command"), ONCE)
def test_a_second_run_of_a_module_for_images_changes_nothing(
    docker: Host, module: str, arguments: dict[str, Any], change: str, command: str
) -> None:
    root = str(docker.root)
    asked = json.loads(json.dumps(arguments).replace("ROOT", root))
    if module in ("docker_image_pull", "docker_image_build"):
        fake(docker, "c:1")
    before = listing(docker.root)
    assert docker.look(module, **asked).changes[0] == change.replace("ROOT", root)
    assert listing(docker.root) == before
    docker.calls()
    report = docker.run(module, **asked)
    assert (report.failed, report.changes[0]) == (None, change.replace("ROOT", root))
    assert any(call.endswith(command.replace("ROOT", root)) for call in docker.calls())
    assert docker.run(module, **asked).changes == ()
    assert docker.look(module, **asked).changes == ()


def test_existing_images_keep_leaves_a_name_with_its_image(docker: Host) -> None:
    asked = {"name": "a:1", "repository": ["b:1"], "existing_images": "keep"}
    assert docker.run("docker_image_tag", **asked).changes == ()
    values = docker.returned("docker_image_tag", **asked)
    assert (values["tagged_images"], values["image"]["Id"]) == ([], f"sha256:{ID}")


def test_pulling_always_and_pushing_are_changes_each_time(docker: Host) -> None:
    assert docker.run("docker_image_pull", name="a:1").changes == ("pull image a:1",)
    assert docker.run("docker_image_push", name="a:1").changes == ("push image a:1",)
    assert docker.look("docker_image_push", name="a:1").changes == ("push image a:1",)


def test_removing_returns_the_removed_names_and_images(docker: Host) -> None:
    values = docker.returned("docker_image_remove", name="a:1")
    assert (values["untagged"], values["deleted"]) == (["a:1"], [f"sha256:{ID}"])


@pytest.mark.parametrize("module", ["docker_image_tag", "docker_image_export"])
def test_a_missing_image_to_tag_or_export_fails_a_run_but_not_a_look(
    docker: Host, module: str
) -> None:
    more = {"repository": "x:1"} if module == "docker_image_tag" else {"path": "/tmp/x.tar"}
    assert docker.look(module, name="no:1", **more).changes == ("use image no:1, once it is there",)
    assert "there is no image no:1" in (docker.run(module, name="no:1", **more).failed or "")


def test_an_archive_is_loaded_unless_all_its_images_are_there(docker: Host) -> None:
    path = docker.root / "in.tar"
    archive(path, ID, "a:1")
    assert docker.run("docker_image_load", path=str(path)).changes == ()
    (docker.root / "images").write_text(f"{OTHER} a:1\n")
    changes = (f"load images from {path}",)
    assert docker.look("docker_image_load", path=str(path)).changes == changes
    report = docker.run("docker_image_load", path=str(path))
    assert (report.failed, report.changes) == (None, changes)
    assert docker.returned("docker_image_load", path=str(path))["image_names"] == ["a:1"]


def test_a_missing_archive_fails_a_run_but_not_a_look(docker: Host) -> None:
    path = str(docker.root / "none.tar")
    assert docker.look("docker_image_load", path=path).changes == (f"load images from {path}",)
    assert "is not on this host" in (docker.run("docker_image_load", path=path).failed or "")
