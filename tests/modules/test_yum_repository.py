"""The module yum_repository."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host, listing

OTHER = "# ours\n[other]\nname=Other\t\nbaseurl = http://o/ ; x\n\n# behind\n\n"
CE = {"name": "ce", "description": "Docker CE", "baseurl": "http://d/$basearch", "gpgcheck": True}
TEXT = "[ce]\nbaseurl = http://d/$basearch\ngpgcheck = 1\nname = Docker CE\n"


def write(host: Host, text: str) -> None:
    (host.root / "ce.repo").write_bytes(text.encode("utf-8", "surrogateescape"))


def read(host: Host) -> str:
    return (host.root / "ce.repo").read_bytes().decode("utf-8", "surrogateescape")


def run(host: Host, how: Any = "apply", **arguments: Any) -> Any:
    return host.run("yum_repository", how, reposdir=str(host.root), **arguments)


EDITS = [
    (None, TEXT),
    ("", TEXT),
    (OTHER, OTHER + TEXT),
    ("[other]\nname=x", "[other]\nname=x\n\n" + TEXT),
    ("[other]\nname=\udcff\r\n\n", "[other]\nname=\udcff\r\n\n" + TEXT),
    ("[ce]\nname=Old\n\n# behind\n[x]\na=1\n", TEXT + "\n# behind\n[x]\na=1\n"),
    (OTHER + "[ce]\nname=Old\nbaseurl=a\n  b\n" + OTHER, OTHER + TEXT + OTHER),
    (TEXT + "priority = 1\n", TEXT),
    ("[ce]\nname=1\n[x]\na=1\n[ce]\nname=2\n", TEXT + "[x]\na=1\n"),
]


@pytest.mark.parametrize(("before", "after"), EDITS)
def test_a_section_is_written_and_all_other_lines_are_kept(
    host: Host, before: str | None, after: str
) -> None:
    if before is not None:
        write(host, before)
    old = listing(host.root)
    assert run(host, "look", **CE).changes
    assert listing(host.root) == old
    assert run(host, **CE).changes
    assert read(host) == after
    assert run(host, **CE).changes == ()
    assert run(host, "look", **CE).changes == ()


@pytest.mark.parametrize(
    "text",
    [
        "[ce]\nname=Docker CE\ngpgcheck=1\nbaseurl=http://d/$basearch\n",
        "# x\n[ce] \n; y\nname :Docker CE \n\nbaseurl=\n  http://d/$basearch\ngpgcheck= 1\n",
    ],
)
def test_a_section_with_other_spacing_order_and_comments_is_not_changed(
    host: Host, text: str
) -> None:
    write(host, text)
    assert run(host, "look", **CE).changes == ()
    assert run(host, **CE).changes == ()
    assert read(host) == text


REMOVALS = [
    (OTHER + TEXT + "\n" + OTHER, OTHER + OTHER),
    (TEXT + "\n\n# behind\n[x]\na=1\n", "# behind\n[x]\na=1\n"),
    ("# only a comment\n" + TEXT, None),
    (TEXT, None),
]


@pytest.mark.parametrize(("before", "after"), REMOVALS)
def test_a_repository_is_removed_and_its_file_if_it_was_the_last(
    host: Host, before: str, after: str | None
) -> None:
    write(host, before)
    assert run(host, "look", name="ce", state="absent").changes
    assert read(host) == before
    assert run(host, name="ce", state="absent").changes
    assert (read(host) if (host.root / "ce.repo").exists() else None) == after
    assert run(host, name="ce", state="absent").changes == ()


def test_a_missing_repository_needs_no_removal(host: Host) -> None:
    assert run(host, "look", name="ce", state="absent").changes == ()
    write(host, OTHER)
    assert run(host, name="ce", state="absent").changes == ()
    assert read(host) == OTHER


def test_several_repositories_share_a_file_of_another_name(host: Host) -> None:
    run(host, **CE, file="docker")
    run(host, **(CE | {"name": "ce-test"}), file="docker")
    text = (host.root / "docker.repo").read_text()
    assert text == TEXT + "\n" + TEXT.replace("[ce]", "[ce-test]")
    assert run(host, **CE, file="docker").changes == ()


def test_the_mode_of_the_file_is_set(host: Host) -> None:
    assert run(host, **CE, mode="0600").changes
    assert (host.root / "ce.repo").stat().st_mode & 0o777 == 0o600
    assert run(host, **CE, mode=0o640).changes
    assert run(host, "look", **CE, mode="0640").changes == ()


def test_a_missing_directory_is_a_change_for_a_look_and_a_failure_otherwise(host: Host) -> None:
    arguments = CE | {"reposdir": f"{host.root}/none"}
    assert host.look("yum_repository", **arguments).changes
    assert "none" in (host.run("yum_repository", **arguments).failed or "")
    assert not list(host.root.iterdir())


def test_a_diff_shows_the_file_before_and_after_without_passwords(host: Host) -> None:
    write(host, OTHER)
    arguments = CE | {"password": "geheim", "reposdir": str(host.root)}
    report = host.look("yum_repository", **arguments)
    (diff,) = find_module("yum_repository").from_arguments(arguments).diff(report)
    assert diff.before == OTHER
    assert "geheim" not in diff.after
    assert "password = ********\n" in diff.after


def test_options_have_the_names_and_notation_of_yum() -> None:
    options = find_module("yum_repository").from_arguments(
        CE
        | {"async": True, "gpgkey": "a, b", "baseurl": ["x", "y"], "exclude": ["k*", "l"]}
        | {
            "ip_resolve": 4,
            "keepcache": False,
            "validate_certs": False,
            "ca_cert": "/c",
            "priority": 5,
        }
    )
    assert options.options() == {  # type: ignore[attr-defined]
        "async": ["1"],
        "baseurl": ["x", "y"],
        "exclude": ["k* l"],
        "gpgcheck": ["1"],
        "gpgkey": ["a", "b"],
        "ip_resolve": ["4"],
        "keepcache": ["0"],
        "name": ["Docker CE"],
        "priority": ["5"],
        "sslcacert": ["/c"],
        "sslverify": ["0"],
    }


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"name": "x", "baseurl": "y"}, "description"),
        ({"name": "x", "description": "y"}, "baseurl, metalink and mirrorlist"),
        ({"name": "x]\n[y", "state": "absent"}, "id of a repository"),
    ],
)
def test_missing_arguments_are_refused(arguments: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidArguments, match=reason):
        find_module("yum_repository").from_arguments(arguments)
