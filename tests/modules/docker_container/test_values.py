"""Durations and ports in the notation of the docker command."""

from __future__ import annotations

import pytest

from provisioner.modules.docker_container import values


@pytest.mark.parametrize(
    ("text", "number"), [("1s", 10**9), ("1m30s", 90 * 10**9), ("500ms", 5 * 10**8)]
)
def test_a_duration_is_a_number_of_nanoseconds(text: str, number: int) -> None:
    assert values.nanoseconds(text) == number


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("80", {("80/tcp", "", "")}),
        ("8080:80/udp", {("80/udp", "", "8080")}),
        ("0.0.0.0:8080:80", {("80/tcp", "", "8080")}),
        ("127.0.0.1::80", {("80/tcp", "127.0.0.1", "")}),
        ("[::1]:8080:80", {("80/tcp", "::1", "8080")}),
        ("7000-7001:80-81", {("80/tcp", "", "7000"), ("81/tcp", "", "7001")}),
        ("8000-8100:80", {("80/tcp", "", "8000-8100")}),
    ],
)
def test_a_published_port_is_split_into_its_parts(text: str, expected: set[values.Port]) -> None:
    assert set(values.ports((text,))) == expected
