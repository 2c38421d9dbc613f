"""Caches are emptied for each test; a real sshd serves the tests of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from provisioner.remote.ssh import keys, known_hosts
from tests.remote.sshd import Sshd, sshd


@pytest.fixture(autouse=True)
def fresh() -> None:
    known_hosts.forget()
    keys.forget()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with sshd(tmp_path_factory.mktemp("sshd")) as running:
        running.trust()
        yield running
