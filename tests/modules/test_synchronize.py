"""The module synchronize."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.base import HostAccess, ModuleError
from tests.modules.conftest import FakeContext, Host, listing


def test_a_tree_is_copied_once_and_extra_files_are_deleted_with_delete(host: Host) -> None:
    source, target = host.root / "a b", host.root / "to"
    (source / "sub").mkdir(parents=True)
    (source / "sub" / "f").write_text("x\n")
    (source / "link").symlink_to("sub/f")
    args: dict[str, Any] = {"src": f"{source}/", "dest": str(target)}
    before = listing(host.root)
    assert host.look("synchronize", **args).changes == (f"synchronize {source}/ to {target}",)
    assert listing(host.root) == before
    report = host.run("synchronize", **args)
    assert (report.failed, len(report.changes)) == (None, 1)
    assert (target / "sub" / "f").read_text() == "x\n"
    assert (target / "link").is_symlink()
    values = host.values("synchronize", report, **args)
    assert ">f+++++++++ sub/f" in values["stdout_lines"]
    assert "CHANGED" not in values["stdout"]
    assert not host.look("synchronize", **args).changes
    assert not host.run("synchronize", **args).changes
    (target / "more").touch()
    host.run("synchronize", **args)
    assert (target / "more").exists()
    assert host.run("synchronize", delete=True, **args).changes
    assert not (target / "more").exists()


def test_a_missing_source_is_a_change_for_a_look_and_a_failure_otherwise(host: Host) -> None:
    args = {"src": f"{host.root}/no", "dest": f"{host.root}/to"}
    assert host.look("synchronize", **args).changes
    report = host.run("synchronize", **args)
    assert report.failed == "rsync: exit 23"
    assert "No such file" in report.get("stderr")


HOST = {"ansible_host": "10.0.0.7", "ansible_user": "me", "ansible_port": 2222}

COMMANDS: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    ({}, {}, ["--delay-updates", "-F", "--compress", "--archive", "/s", "me@10.0.0.7:/d"]),
    ({"mode": "pull"}, {}, ["me@10.0.0.7:/s", "/d"]),
    ({"archive": False, "times": True, "links": True}, {}, ["--links", "--times"]),
    ({"perms": False, "owner": False}, {}, ["--archive", "--no-perms", "--no-owner"]),
    ({"delete": True, "checksum": True}, {}, ["--delete-after", "--checksum"]),
    ({"rsync_opts": ["--exclude=a b", "-v"]}, {}, ["--exclude=a b", "-v"]),
    ({"rsync_timeout": 5, "link_dest": ["/old"]}, {}, ["--timeout=5", "-H", "--link-dest=/old"]),
    ({}, {"become_user": "root"}, ["--rsync-path=sudo -n -u root rsync"]),
    ({"rsync_path": "sudo rsync"}, {"become_user": "x"}, ["--rsync-path=sudo rsync"]),
    ({}, {}, ["--rsh=ssh -o BatchMode=yes -S none -p 2222 -J gate -o StrictHostKeyChecking=yes"]),
    ({"dest_port": 23, "private_key": "/k"}, {}, ["--rsh=ssh -o BatchMode=yes -S none -i /k -p 23 "
                                                "-J gate -o StrictHostKeyChecking=yes"]),
    ({"set_remote_user": False}, {}, ["10.0.0.7:/d"]),
    ({"dest": "rsync://there/d"}, {}, ["rsync://there/d"]),
]  # fmt: skip


@pytest.mark.parametrize(("args", "way", "words"), COMMANDS)
def test_the_command_is_that_of_ansible(
    host: Host, args: dict[str, Any], way: dict[str, Any], words: list[str]
) -> None:
    host.fake("rsync", "for word; do echo \"[$word]\" >>$HOME/words; done; echo '<<CHANGED>>x'")
    host.fake("ssh", "")
    variables = {
        **HOST,
        "ansible_ssh_common_args": "-J gate",
        "ssh_words_option": ("-o", "StrictHostKeyChecking=yes"),
    }
    host.context.host_access = HostAccess("web1", variables, **way)
    assert host.run("synchronize", **{"src": "/s", "dest": "/d", **args}).changes
    message = (host.root.parent / "home" / "words").read_text().splitlines()
    places = [message.index(f"[{word}]") for word in words]
    assert places == sorted(places)


def test_only_sudo_is_supported_on_the_other_host(tmp_path: Path) -> None:
    model = find_module("synchronize").from_arguments({"src": "/a", "dest": "/b"})
    context = FakeContext(
        tmp_path, host_access=HostAccess("h", {}, become_user="root", become_method="su")
    )
    with pytest.raises(ModuleError, match="only with sudo"):
        model.program(context)
