"""Quote texts and names in SQL."""

from __future__ import annotations


def quoted(text: str, mark: str = "'") -> str:
    """Return the text between two of `mark`, which is doubled within the text.

    This is only right for a session in which a backslash has no special meaning.
    """
    return f"{mark}{text.replace(mark, mark * 2)}{mark}"
