"""The module archive."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.modules.conftest import Host, listing


@pytest.fixture
def tree(host: Host) -> Path:
    tree = host.root / "a tree"
    (tree / "sub").mkdir(parents=True)
    (tree / "sub" / "f").write_text("x\n")
    (tree / "g.log").write_text("y\n")
    (tree / "link").symlink_to("g.log")
    return tree


def names(path: Path) -> set[str]:
    if path.suffix == ".zip":
        process = subprocess.run(["unzip", "-Z1", path], check=True, capture_output=True, text=True)
        return {name.rstrip("/") for name in process.stdout.splitlines()}
    with tarfile.open(path) as archive:
        return set(archive.getnames())


ALL = {"a tree/sub", "a tree/sub/f", "a tree/g.log", "a tree/link"}


def changes_once(host: Host, **args: Any) -> dict[str, Any]:
    before = listing(host.root)
    assert host.look("archive", **args).changes
    assert listing(host.root) == before
    report = host.run("archive", **args)
    assert report.failed is None
    assert report.changes
    before = listing(host.root)
    assert not host.look("archive", **args).changes
    again = host.run("archive", **args)
    assert (again.failed, again.changes) == (None, ())
    assert listing(host.root) == before
    return host.values("archive", report, **args)


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "tar", "zip"])
def test_a_tree_is_archived_once_in_every_format(host: Host, tree: Path, kind: str) -> None:
    dest = host.root / f"it.{kind}"
    values = changes_once(host, path=str(tree), dest=str(dest), format=kind, mode="0600")
    assert names(dest) == ALL
    assert (values["dest_state"], values["mode"]) == ("archive", "0600")
    assert (values["arcroot"], values["missing"]) == (f"{host.root}/", [])
    assert set(values["archived"]) == {f"{host.root}/{name}" for name in ALL}
    (tree / "sub" / "f").write_text("z\n")
    assert host.run("archive", path=str(tree), dest=str(dest), format=kind).changes


LEFT_OUT = [
    ({"exclusion_patterns": ["*.log"]}, ALL - {"a tree/g.log"}),
    ({"exclude_path": ["{tree}/sub", "{tree}/*.log"], "path": "{tree}/*"}, {"link"}),
    ({"path": ["{tree}/sub", "{tree}/g.log", "{tree}/no"]}, {"sub/f", "g.log"}),
    ({"path": "{tree}/g.log", "force_archive": True}, {"g.log"}),
]


@pytest.mark.parametrize(("args", "wanted"), LEFT_OUT)
def test_files_can_be_excluded_from_the_archive(
    host: Host, tree: Path, args: dict[str, Any], wanted: set[str]
) -> None:
    def filled(value: Any) -> Any:
        if isinstance(value, list):
            return [filled(item) for item in value]
        return value.format(tree=tree) if isinstance(value, str) else value

    arguments = {"path": str(tree)} | {name: filled(value) for name, value in args.items()}
    values = changes_once(host, dest=f"{host.root}/x.tgz", **arguments)
    assert names(host.root / "x.tgz") == wanted
    assert values["dest_state"] == ("incomplete" if values["missing"] else "archive")


def test_a_single_file_is_compressed(host: Host, tree: Path) -> None:
    values = changes_once(host, path=f"{tree}/g.log")
    assert values["dest_state"] == "compress"
    process = subprocess.run(["gzip", "-dc", f"{tree}/g.log.gz"], check=True, capture_output=True)
    assert process.stdout == b"y\n"


def test_archived_files_can_be_removed(host: Host, tree: Path) -> None:
    changes_once(host, path=str(tree), dest=f"{host.root}/x.tgz", remove=True)
    assert names(host.root / "x.tgz") == ALL
    assert not tree.exists()


def test_an_archive_in_a_directory_that_is_removed_is_refused(host: Host, tree: Path) -> None:
    report = host.run("archive", path=str(tree), dest=f"{tree}/x.tgz", remove=True)
    assert "choose another dest" in (report.failed or "")
    assert tree.exists()


def test_nothing_to_archive_is_a_failure_except_in_a_look(host: Host) -> None:
    args = {"path": f"{host.root}/no", "dest": f"{host.root}/x.tgz"}
    assert host.look("archive", **args).changes
    assert "nothing to archive" in (host.run("archive", **args).failed or "")
