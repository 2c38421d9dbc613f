"""The same environment and a time limit for every test."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

REMOVED = (
    "ANSIBLE_", "CLICOLOR", "COLORTERM", "COLUMNS", "DASK_", "EDITOR", "FORCE_COLOR", "GIT_",
    "LANG", "LC_", "LINES", "NO_COLOR", "PAGER", "PYTHONIOENCODING", "SSH_", "VAGRANT_", "VISUAL",
    "XDG_",
)  # fmt: skip
"""Prefixes of environment variables that change the tested programs. They are removed."""

ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "PROVISION_NO_LOCK": "1"}
"""Environment variables that are set for all tests. There are no locks: tests that run side by side
would wait for each other on this machine."""

NO_PROXY = "127.0.0.1,localhost"
"""Hosts that are never contacted through a proxy of the environment."""

LONGEST = Path(__file__).parent / "e2e/test_playbooks.py"
"""The test file that takes longest."""

TIMEOUTS = {"setup": 2700, "call": 900, "teardown": 900}
"""Seconds after which each phase of a test counts as hung, with a large margin for slow machines.
Setup includes building the first lab."""


def pytest_configure() -> None:
    os.umask(0o022)
    for name in [name for name in os.environ if name.startswith(REMOVED)]:
        del os.environ[name]
    os.environ.update(ENVIRONMENT)
    os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="state-")
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = f"{NO_PROXY},{os.environ.get(name, '')}".rstrip(",")
    time.tzset()
    # The same examples in each run, and no time limit per example: machines may be slow.
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
def time_limit(phase: str, name: str) -> Iterator[None]:
    """Fail a phase of a test that hangs, so that the other tests continue."""

    def fail(*_: object) -> None:
        signal.alarm(60)  # the cleanup may hang as well
        pytest.fail(f"{name} hangs: its {phase} takes more than {TIMEOUTS[phase]} s")

    old_handler = signal.signal(signal.SIGALRM, fail)
    signal.alarm(TIMEOUTS[phase])
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    with time_limit("setup", item.name):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    with time_limit("call", item.name):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    with time_limit("teardown", item.name):
        return (yield)
