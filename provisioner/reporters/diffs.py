"""--diff: the changes of a task to a file, as a unified diff."""

from __future__ import annotations

from provisioner.escaping import escape
from provisioner.reporters.styles import Line, Style, StyledText, line
from provisioner.result import Diff

MAX_LINES = 100
"""Lines of one diff that are shown without -v."""

# difflib takes minutes on two large texts that have little in common.
_MAX_COMPARISONS = 4_000_000
_STYLES = {"+": Style.ADDED, "-": Style.REMOVED, "@": Style.HUNK}


def diff_lines(diff: Diff, *, whole: bool) -> list[Line]:
    """Return the diff with its headers. Unless `whole`, cut it after `MAX_LINES` lines."""
    lines = _diff_text(diff)
    if not lines:
        return []
    headers = [
        line(StyledText(f"--- {escape(diff.before_header or 'before')}", Style.HEAD)),
        line(StyledText(f"+++ {escape(diff.after_header or 'after')}", Style.HEAD)),
    ]
    shown = lines if whole else lines[:MAX_LINES]
    body = [line(StyledText(escape(each, lines=True), _style(each))) for each in shown]
    omitted = len(lines) - len(shown)
    notice = [line(StyledText(f"({omitted} more lines of this diff: -v shows all)", Style.DIM))]
    return headers + body + (notice if omitted else [])


def _style(text: str) -> Style:
    return _STYLES.get(text[:1], Style.PLAIN)


def _diff_text(diff: Diff) -> list[str]:
    before, after = diff.before.split("\n"), diff.after.split("\n")
    if len(before) * len(after) > _MAX_COMPARISONS:
        return [f"@@ {len(before)} lines become {len(after)}: too many to compare @@"]
    return _mark_missing_newline(_unified(before, after), diff)


def _unified(before: list[str], after: list[str]) -> list[str]:
    from difflib import unified_diff  # imported here because it takes 4 ms and only --diff needs it

    # Splitting a text that ends in a newline leaves an empty last piece, which is not a line.
    old, new = (each[:-1] if each[-1] == "" else each for each in (before, after))
    return list(unified_diff(old, new, lineterm=""))[2:]


def _mark_missing_newline(lines: list[str], diff: Diff) -> list[str]:
    """Add diff's notice where one text lacks the last newline: the lines alone do not show it."""
    before_lacks, after_lacks = (not text.endswith("\n") for text in (diff.before, diff.after))
    if before_lacks == after_lacks or not (diff.before and diff.after):
        return lines
    side = "before" if before_lacks else "after"
    return [*lines, f"\\ No newline at end of file ({side})"]
