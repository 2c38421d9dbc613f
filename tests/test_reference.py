"""docs/reference.md is up to date."""

from __future__ import annotations

from tests.reference import PAGE, page


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "run: python -m tests.reference"
