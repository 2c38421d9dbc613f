"""The same environment and a time limit for every test."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

FOREIGN = (
    "ANSIBLE_", "CLICOLOR", "COLORTERM", "COLUMNS", "DASK_", "EDITOR", "FORCE_COLOR", "GIT_",
    "LANG", "LC_", "LINES", "NO_COLOR", "PAGER", "PYTHONIOENCODING", "SSH_", "VAGRANT_", "VISUAL",
    "XDG_",
)  # fmt: skip
"""Beginnings of variables with which whoever runs the tests would steer what is tested."""

OURS = {"LC_ALL": "C.UTF-8", "TZ": "UTC"}
"""What every test finds in the environment."""

NEAR = "127.0.0.1,localhost"
"""What no proxy of the environment may come between."""

LONGEST = Path(__file__).parent / "e2e/test_playbooks.py"
"""The file of tests that takes longest."""

PATIENCE = {"setup": 2700, "call": 900, "teardown": 900}
"""Seconds after which a part of a test counts as hung: far more than any takes on a slow machine.
The first lab is built in a setup."""


def pytest_configure() -> None:
    os.umask(0o022)
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        del os.environ[name]
    os.environ.update(OURS)
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = f"{NEAR},{os.environ.get(name, '')}".rstrip(",")
    time.tzset()
    # Any example that fails, fails always; how long one takes says nothing.
    settings.register_profile(
        "tests", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("tests")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest test file first.

    With two processes, one then creates its labs while the other runs the tests without a lab.
    """
    items.sort(key=lambda item: (item.path != LONGEST, item.path.parent == LONGEST.parent))


@contextmanager
def ending(part: str, name: str) -> Iterator[None]:
    """Fail a test step that hangs, so that the other tests go on."""

    def give_up(*_: object) -> None:
        signal.alarm(60)  # what is cleared up after it may hang as well
        pytest.fail(f"{name} hangs: its {part} takes more than {PATIENCE[part]} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE[part])
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    with ending("setup", item.name):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    with ending("call", item.name):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    with ending("teardown", item.name):
        return (yield)
