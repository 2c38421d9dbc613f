"""Fixtures: labs, which are always removed, and the command line to run on them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.runs import Provision
from tests.lab import HostOptions, Lab

MakeLab = Callable[[int | Mapping[str, HostOptions]], Lab]


@pytest.fixture(scope="module")
def make_lab(request: pytest.FixtureRequest) -> Iterator[MakeLab]:
    """Create labs of N default hosts or of named hosts; they exist until the test module ends."""
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("apt-get"):
        pytest.skip("the lab needs root on Debian")
    module = request.module.__name__.rpartition("test_")[2]
    with ExitStack() as stack:
        made = 0

        def make(hosts: int | Mapping[str, HostOptions]) -> Lab:
            nonlocal made
            made += 1
            # `make labs-down` knows by the pid at its end whether a lab is still in use.
            return stack.enter_context(Lab.up(hosts, name=f"e2e-{module}-{made}-{os.getpid()}"))

        yield make


@pytest.fixture
def provision(tmp_path: Path) -> Provision:
    """Run the command line in an empty directory, which is also the operator's home."""
    return Provision(tmp_path)
