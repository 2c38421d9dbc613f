"""Each kept input gives a value or one of our own errors, and so do some changes of it."""

from __future__ import annotations

import pytest

from tests.fuzz.fuzzer import check, corpus, fuzz
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("target", TARGETS)
def test_a_kept_input_is_read_or_refused(target: str) -> None:
    kept = corpus(target)
    assert kept
    for data in kept:
        assert check(target, data) == "", data


@pytest.mark.parametrize("target", TARGETS)
def test_a_changed_input_is_read_or_refused(target: str) -> None:
    assert fuzz(target, seconds=600, most=200, seed=0) == (200, None)
