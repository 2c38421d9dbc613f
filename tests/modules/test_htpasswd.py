"""The module htpasswd."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from provisioner.modules.htpasswd import SCHEMES, is_hash_of, make_hash
from tests.modules.conftest import Host, listing

HASHES = [
    # made by openssl passwd -apr1, -1, -5, -6, crypt(3) and openssl sha1
    ("secret", "$apr1$saltsalt$LrttParrLPdxvgutaSXWJ0"),
    ("secret", "$1$saltsalt$9xy1btjgzLYfb7hivXtC//"),
    ("secret", "$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA"),
    (
        "secret",
        "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN."
        "Pq.H91p5hVO1",
    ),
    ("secret", "$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a"),
    ("secret", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="),
    ("secret", "secret"),
]


@pytest.mark.parametrize(("password", "found"), HASHES)
def test_a_hash_is_recognized(password: str, found: str) -> None:
    assert is_hash_of(password, found)
    assert not is_hash_of(password + "x", found)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_new_hash_is_recognized(scheme: str) -> None:
    item = make_hash("it's s3cret é", scheme)
    assert is_hash_of("it's s3cret é", item)
    assert not is_hash_of("another", item)
    assert (item == make_hash("it's s3cret é", scheme)) == (scheme in ("plaintext", "ldap_sha1"))


@pytest.mark.parametrize("found", ["$2y$99$x", "$apr1$", "$9$x$y", "$6$rounds=1$a$b", ""])
def test_a_text_that_is_not_a_hash_is_another_password(found: str) -> None:
    assert not is_hash_of("x", found)


def run_twice(host: Host, **arguments: Any) -> str:
    """Look, run and run again. Return the text of the file."""
    path = host.root / "users"
    arguments = {"path": str(path), "mode": "0640", **arguments}
    before = listing(host.root)
    assert host.look("htpasswd", **arguments).changes
    assert listing(host.root) == before
    report = host.run("htpasswd", **arguments)
    assert (report.failed, len(report.changes) > 0) == (None, True)
    after = listing(host.root)
    assert not host.run("htpasswd", **arguments).changes
    assert listing(host.root) == after
    return path.read_text()


def test_users_are_added_and_removed_and_passwords_changed(host: Host) -> None:
    first = run_twice(host, name="a", password="one")
    assert first.startswith("a:$apr1$")
    text = run_twice(host, name="b", password="two", crypt_scheme="ldap_sha1")
    assert text == first + f"b:{make_hash('two', 'ldap_sha1')}\n"
    assert run_twice(host, name="a", password="three").startswith("a:$apr1$")
    report = host.run("htpasswd", path=f"{host.root}/users", name="a", password="three")
    values = host.values("htpasswd", report, path="/x", name="a", password="three")
    assert values["msg"] == "a already present"
    assert run_twice(host, name="a", state="absent").startswith("b:{SHA}")


def test_a_missing_file_is_created_unless_create_is_false(host: Host) -> None:
    args = {"path": f"{host.root}/users", "name": "a"}
    assert host.run("htpasswd", **args, password="x", create=False).failed
    assert not host.run("htpasswd", **args, state="absent").changes
    assert host.run("htpasswd", **args, password="x").get("msg") == f"Created {host.root}/users"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "password is missing"),
        ({"password": "x", "hash_scheme": "des_crypt"}, "is not supported"),
        ({"password": "x", "hash_scheme": "rot13"}, "must be one of"),
        ({"password": "x", "name": "a:b"}, "colon"),
        ({"password": "a\nb"}, "newline"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidArguments, match=words):
        find_module("htpasswd").from_arguments({"path": "/x", "name": "a", **arguments})
