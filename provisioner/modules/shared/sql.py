"""Text and names in SQL."""

from __future__ import annotations


def quoted(text: str, mark: str = "'") -> str:
    """The text between two of `mark`, which is doubled in it: for a session in which a backslash
    means itself."""
    return f"{mark}{text.replace(mark, mark * 2)}{mark}"
