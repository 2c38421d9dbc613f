"""The module git, with the git of this machine and local repositories."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host, listing

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")

WHO = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def git(folder: Path, *words: str) -> str:
    process = subprocess.run(
        ["git", *words],
        cwd=folder,
        env={**os.environ, **WHO, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_ALLOW_PROTOCOL": "file"},
        check=True,
        capture_output=True,
        text=True,
    )
    return process.stdout.strip()


def commit(folder: Path, content: str) -> str:
    (folder / "file").write_text(content)
    git(folder, "add", "file")
    git(folder, "commit", "-q", "-m", content)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repo(host: Host) -> Path:
    """A repository with two commits on main, a tag at the first and a branch."""
    folder = host.root / "repo"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "one")
    git(folder, "tag", "-a", "-m", "v", "v1")
    git(folder, "branch", "side/b")
    commit(folder, "two")
    return folder


def run_twice(host: Host, repo: Path, /, **arguments: Any) -> Path:
    """Look, run, run again and look again. Return the directory."""
    dest = host.root / "at" / "dest"
    arguments = {"repo": f"file://{repo}", "dest": str(dest), **arguments}
    before = listing(host.root)
    look = host.look("git", **arguments)
    assert (look.failed, len(look.changes) > 0) == (None, True)
    assert listing(host.root) == before
    report = host.run("git", **arguments)
    assert (report.failed, len(report.changes) > 0) == (None, True)
    again = host.run("git", **arguments)
    assert (again.failed, again.changes) == (None, ())
    values = host.values("git", again, **arguments)
    assert values["before"] == values["after"]
    return dest


def test_the_default_branch_is_cloned_and_updated(host: Host, repo: Path) -> None:
    dest = run_twice(host, repo)
    assert (dest / "file").read_text() == "two"
    assert git(dest, "symbolic-ref", "--short", "HEAD") == "main"
    new = commit(repo, "three")
    report = host.look("git", repo=f"file://{repo}", dest=str(dest))
    assert report.changes == (f"update {dest} to HEAD",)
    run_twice(host, repo)
    assert git(dest, "rev-parse", "HEAD") == new


@pytest.mark.parametrize("depth", [None, 1])
def test_tags_branches_and_commits_are_checked_out_one_after_another(
    host: Host, repo: Path, depth: int | None
) -> None:
    dest = run_twice(host, repo, version="v1", depth=depth)
    assert (dest / "file").read_text() == "one"
    run_twice(host, repo, version="main", depth=depth)
    assert (dest / "file").read_text() == "two"
    git(repo, "checkout", "-q", "side/b")
    new = commit(repo, "aside")
    run_twice(host, repo, version="side/b", depth=depth)
    assert (dest / "file").read_text() == "aside"
    assert git(dest, "symbolic-ref", "--short", "HEAD") == "side/b"
    run_twice(host, repo, version="main")
    run_twice(host, repo, version=new)
    assert (dest / "file").read_text() == "aside"


def test_a_rewritten_branch_is_checked_out(host: Host, repo: Path) -> None:
    run_twice(host, repo, version="main")
    git(repo, "reset", "-q", "--hard", "v1")
    commit(repo, "another two")
    dest = run_twice(host, repo, version="main")
    assert (dest / "file").read_text() == "another two"


def test_local_changes_are_a_failure_or_are_discarded_with_force(host: Host, repo: Path) -> None:
    dest = run_twice(host, repo)
    (dest / "file").write_text("mine")
    report = host.run("git", repo=f"file://{repo}", dest=str(dest))
    assert report.failed == f"Local modifications exist in the destination: {dest} (force=no)."
    assert (dest / "file").read_text() == "mine"
    run_twice(host, repo, force=True)
    assert (dest / "file").read_text() == "two"


def test_cloned_files_have_the_umask_of_the_task(host: Host, repo: Path) -> None:
    dest = host.root / "clone"
    report = host.run("git", repo=f"file://{repo}", dest=str(dest), umask="077")
    assert report.failed is None
    assert (dest / "file").stat().st_mode & 0o777 == 0o600


def test_the_url_of_the_remote_is_changed(host: Host, repo: Path) -> None:
    dest = run_twice(host, repo)
    other = host.root / "other"
    git(host.root, "clone", "-q", str(repo), str(other))
    arguments = {"repo": f"file://{other}", "dest": str(dest)}
    report = host.run("git", **arguments)
    assert host.values("git", report, **arguments)["remote_url_changed"]
    assert git(dest, "config", "remote.origin.url") == f"file://{other}"


def test_a_bare_repository_is_updated(host: Host, repo: Path) -> None:
    dest = run_twice(host, repo, bare=True, version="main")
    new = commit(repo, "three")
    run_twice(host, repo, bare=True, version="main")
    assert git(dest, "rev-parse", "main") == new


def test_a_single_branch_is_fetched(host: Host, repo: Path) -> None:
    dest = run_twice(host, repo, single_branch=True, version="main")
    assert "side/b" not in git(dest, "branch", "-r")


def test_submodules_are_checked_out(host: Host, repo: Path) -> None:
    host.environment["GIT_ALLOW_PROTOCOL"] = "file"
    inner = host.root / "inner"
    inner.mkdir()
    git(inner, "init", "-q", "-b", "main")
    commit(inner, "inside")
    git(repo, "submodule", "--quiet", "add", f"file://{inner}", "sub")
    git(repo, "commit", "-q", "-m", "sub")
    dest = run_twice(host, repo)
    assert (dest / "sub" / "file").read_text() == "inside"


def test_without_update_nothing_is_updated_and_without_clone_nothing_is_cloned(
    host: Host, repo: Path
) -> None:
    dest = host.root / "dest"
    arguments: dict[str, Any] = {"repo": f"file://{repo}", "dest": str(dest)}
    report = host.run("git", **arguments, clone=False)
    assert (report.failed, report.changes) == (None, ())
    assert host.values("git", report, **arguments)["after"] == git(repo, "rev-parse", "HEAD")
    assert not dest.exists()
    assert host.run("git", **arguments).changes
    commit(repo, "three")
    assert not host.run("git", **arguments, update=False).changes


def test_an_interrupted_clone_is_completed(host: Host, repo: Path) -> None:
    dest = host.root / "at" / "dest"
    git(host.root, "clone", "-q", "--no-checkout", f"file://{repo}", str(dest))
    run_twice(host, repo)
    assert (dest / "file").read_text() == "two"
    shutil.rmtree(dest)
    git(host.root, "init", "-q", str(dest))
    run_twice(host, repo)
    assert (dest / "file").read_text() == "two"


def test_failures_have_a_reason(host: Host, repo: Path) -> None:
    (host.root / "full" / "x").mkdir(parents=True)
    for arguments, words in (
        ({"repo": f"file://{host.root}/no"}, "can't read file://"),
        ({"version": "no-such"}, "has no branch or tag no-such"),
        ({"dest": f"{host.root}/full"}, "not empty"),
        ({"executable": "no-git"}, "no-git is not installed"),
    ):
        args = {"repo": f"file://{repo}", "dest": f"{host.root}/new", **arguments}
        assert words in (host.run("git", **args).failed or "")
    assert not (host.root / "new").exists()


@pytest.mark.parametrize("version", ["1.8.3.1", "2.39.2"])
def test_options_for_ssh_are_passed_in_the_way_of_the_git_version(host: Host, version: str) -> None:
    host.fake("ssh", "exit 0")
    host.fake(
        "git",
        f"""[ "$1" != --version ] || {{ echo git version {version}; exit; }}
if [ -n "$GIT_SSH_COMMAND" ]; then eval "$GIT_SSH_COMMAND host"; else "$GIT_SSH" host; fi
exit 1""",
    )
    host.run("git", repo="git@host:x", dest=f"{host.root}/x", key_file="/a b", accept_hostkey=True)
    line = "ssh -o BatchMode=yes -i /a b -o IdentitiesOnly=yes -o StrictHostKeyChecking=no host"
    assert line in host.calls()
    assert not list(Path("/dev/shm").glob(f".provision-{host.session._pid}-*"))


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"dest": "/x", "archive": "/y"},
        {"dest": "/x", "version": "--upload-pack=x"},
        {"dest": "/x", "umask": "rwx"},
        {"dest": "/x", "bare": True, "separate_git_dir": "/y"},
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidArguments):
        find_module("git").from_arguments({"repo": "/r", **arguments})
