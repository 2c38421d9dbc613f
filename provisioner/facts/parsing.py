"""Parse the text formats that several facts are read from."""

from __future__ import annotations


def parse_grep(output: str) -> dict[str, str]:
    """Return the output of `grep -H ''` as a dict of texts by path.

    The paths may not contain a colon.
    """
    texts: dict[str, list[str]] = {}
    for line in output.split("\n"):
        path, colon, text = line.partition(":")
        if colon and path.startswith("/"):
            texts.setdefault(path, []).append(text)
    return {path: "\n".join(lines_of_file) for path, lines_of_file in texts.items()}


def parse_assignments(text: str) -> dict[str, str]:
    """Return the lines `NAME=value` of a file in the format of os-release(5), without quotes.

    Comments and other lines are left out.
    """
    assignments = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            assignments[name.strip()] = value.strip().strip("\"'")
    return assignments


def parse_labels(text: str) -> dict[str, str]:
    """Return the lines `Name: value` of a file in /proc."""
    pairs = (line.partition(":") for line in text.splitlines())
    return {name.strip(): value.strip() for name, colon, value in pairs if colon}
