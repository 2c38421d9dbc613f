"""--diff: what a task changes in a file, as a unified diff."""

from __future__ import annotations

from provisioner.reporters.palette import Line, Role, Span, line
from provisioner.reporters.text import escape
from provisioner.result import Diff

LONGEST = 100
"""Lines of one diff that are shown without -v."""

# difflib takes minutes on two big texts that have little in common.
_LARGEST = 4_000_000
_ROLES = {"+": Role.ADDED, "-": Role.REMOVED, "@": Role.HUNK}


def diff_lines(diff: Diff, *, whole: bool) -> list[Line]:
    """The diff with its headers; without `whole`, cut after `LONGEST` lines with a notice."""
    lines = _compared(diff)
    if not lines:
        return []
    headers = [
        line(Span(f"--- {escape(diff.before_header or 'before')}", Role.HEAD)),
        line(Span(f"+++ {escape(diff.after_header or 'after')}", Role.HEAD)),
    ]
    shown = lines if whole else lines[:LONGEST]
    body = [
        line(Span(escape(each, lines=True), _ROLES.get(each[:1], Role.PLAIN))) for each in shown
    ]
    cut = len(lines) - len(shown)
    notice = [line(Span(f"({cut} more lines of this diff: -v shows all)", Role.DIM))]
    return headers + body + (notice if cut else [])


def _role(text: str) -> Role:
    return _ROLES.get(text[:1], Role.PLAIN)


def _compared(diff: Diff) -> list[str]:
    before, after = diff.before.split("\n"), diff.after.split("\n")
    if len(before) * len(after) > _LARGEST:
        return [f"@@ {len(before)} lines become {len(after)}: too many to compare @@"]
    return _ends_marked(_unified(before, after), diff)


def _unified(before: list[str], after: list[str]) -> list[str]:
    from difflib import unified_diff  # 4 ms that a run without --diff saves

    # A text that ends in a newline has an empty last piece, which is no line.
    old, new = (each[:-1] if each[-1] == "" else each for each in (before, after))
    return list(unified_diff(old, new, lineterm=""))[2:]


def _ends_marked(lines: list[str], diff: Diff) -> list[str]:
    """Say so where only the last newline differs: the lines alone would show no difference."""
    ends = [bool(text) and not text.endswith("\n") for text in (diff.before, diff.after)]
    if ends[0] == ends[1] or not (diff.before and diff.after):
        return lines
    side = "before" if ends[0] else "after"
    return [*lines, f"\\ No newline at end of file ({side})"]
