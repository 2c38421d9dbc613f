"""The manifest of an archive that `docker save` writes."""

from __future__ import annotations

import pytest

from provisioner.modules.shared.docker.images import archives, manifest


def test_an_archive_holds_an_image_by_id_and_name() -> None:
    old = '[{"Config":"abc.json","RepoTags":["docker.io/a:1"]}]'
    new = '[{"Config":"blobs/sha256/abc","RepoTags":["a:1"]}]'
    for text in (old, new):
        assert archives(text, "sha256:abc", "a:1")
        assert not archives(text, "sha256:abd", "a:1")
        assert not archives(text, "sha256:abc", "a:2")
    assert not archives("", "sha256:abc", "a:1")


@pytest.mark.parametrize("text", ["", "{", "3", '{"a": 1}', "[3, null]", '[{"RepoTags": 3}]'])
def test_text_that_is_no_manifest_holds_no_image(text: str) -> None:
    assert not any(names for _, names in manifest(text))
    assert not archives(text, "sha256:abc", "a:1")
