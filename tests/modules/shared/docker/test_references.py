"""Names of images."""

from __future__ import annotations

import pytest

from provisioner.modules.shared.docker.references import is_id, same_name, with_tag


@pytest.mark.parametrize(
    ("name", "tag", "expected"),
    [
        ("a", "latest", "a:latest"),
        ("a:1", "latest", "a:1"),
        ("r:5000/a", "2", "r:5000/a:2"),
        ("a@sha256:" + "0" * 64, "latest", "a@sha256:" + "0" * 64),
        ("sha256:" + "0" * 64, "latest", "sha256:" + "0" * 64),
    ],
)
def test_a_name_gets_a_tag_unless_it_has_one(name: str, tag: str, expected: str) -> None:
    assert with_tag(name, tag) == expected


def test_ids_and_long_names_of_images_are_recognised() -> None:
    assert is_id("0" * 64)
    assert not is_id("deadbeef")
    assert same_name("hello-world", "docker.io/library/hello-world:latest")
