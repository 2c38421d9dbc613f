"""Sizes in the notation of the docker command."""

from __future__ import annotations

import pytest

from provisioner.modules.shared.docker.values import bytes_of


@pytest.mark.parametrize(
    ("text", "number"), [("1", 1), ("2k", 2048), ("1.5G", 1610612736), ("5MiB", 5242880)]
)
def test_a_size_is_a_number_of_bytes(text: str, number: int) -> None:
    assert bytes_of(text) == number
