"""The documents: their relative links lead to files of the repository."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    path
    for folder in (ROOT, ROOT / "docs", ROOT / "docs/decisions", ROOT / "tests")
    for path in (folder.rglob("*.md") if folder.name == "tests" else folder.glob("*.md"))
)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def _targets(page: Path) -> list[str]:
    return [link for link in LINK.findall(page.read_text()) if "://" not in link]


def _anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_of_a_page_leads_to_a_file_and_a_heading(page: Path) -> None:
    broken = []
    for link in _targets(page):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_test_that_the_security_page_names_exists() -> None:
    names = re.findall(r"`(tests/[^`]*)`", (ROOT / "docs/security.md").read_text())
    assert names
    for path, _, test in (name.partition("::") for name in names):
        assert f"def {test}" in (ROOT / path).read_text(), f"{path}::{test}"


def test_every_decision_has_its_number_a_date_and_a_status() -> None:
    for path in sorted((ROOT / "docs/decisions").glob("*.md")):
        number = int(path.name[:4])
        lines = path.read_text().splitlines()
        assert lines[0].startswith(f"# {number}. "), path.name
        assert re.fullmatch(r"- Date: \d{4}-\d\d-\d\d", lines[2]), path.name
        assert lines[3].startswith(("- Status: accepted", "- Status: replaced")), path.name
        assert len(lines) <= 60, f"{path.name}: a page at most"


def test_the_changelog_has_one_short_line_for_each_change() -> None:
    changes = [
        line for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line.startswith("-")
    ]
    assert changes
    assert [line for line in changes if len(line) > 120] == []
