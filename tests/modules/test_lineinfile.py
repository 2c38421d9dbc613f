"""lineinfile: where a line goes (a table of Ansible's documented behaviour), and on a host."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from provisioner.modules.lineinfile import LineInFile
from provisioner.remote.shell import Step
from tests.modules.conftest import Host, listing

ABC = "a\nb\nc\n"

PRESENT = [
    # name of the case, the file before, after
    ("a new line goes to the end", {"line": "d"}, ABC, "a\nb\nc\nd\n"),
    ("a line that is there stays", {"line": "b"}, ABC, ABC),
    ("a line that is there is not moved", {"line": "a", "insertafter": "b"}, ABC, ABC),
    ("an empty file", {"line": "d"}, "", "d\n"),
    ("a last line without newline gets one", {"line": "d"}, "a", "a\nd\n"),
    ("the last line needs no newline to be there", {"line": "b"}, "a\nb", "a\nb"),
    ("CRLF lines are the same line", {"line": "b"}, "a\r\nb\r\n", "a\r\nb\r\n"),
    ("the last match is replaced", {"line": "x", "regexp": "^a"}, "a1\na2\nb\n", "a1\nx\nb\n"),
    (
        "or the first",
        {"line": "x", "regexp": "^a", "firstmatch": True},
        "a1\na2\nb\n",
        "x\na2\nb\n",
    ),
    ("a match that is right stays", {"line": "a=1", "regexp": "^a="}, "a=1\n", "a=1\n"),
    ("without a match it is added", {"line": "a=1", "regexp": "^a="}, "b\n", "b\na=1\n"),
    (
        "without a match but there it is not added again",
        {"line": "new", "regexp": "^old"},
        "new\nb\n",
        "new\nb\n",
    ),
    ("search_string is plain text", {"line": "x", "search_string": "a."}, "ab\na.b\n", "ab\nx\n"),
    (
        "search_string without a match",
        {"line": "x", "search_string": ".*", "insertbefore": "BOF"},
        "a\n",
        "x\na\n",
    ),
    ("BOF by insertbefore", {"line": "x", "insertbefore": "BOF"}, ABC, "x\na\nb\nc\n"),
    ("BOF by insertafter", {"line": "x", "insertafter": "BOF"}, ABC, "x\na\nb\nc\n"),
    ("EOF by insertafter", {"line": "x", "insertafter": "EOF"}, ABC, "a\nb\nc\nx\n"),
    ("behind a match", {"line": "x", "insertafter": "^a"}, ABC, "a\nx\nb\nc\n"),
    ("behind the last match", {"line": "x", "insertafter": "[ab]"}, ABC, "a\nb\nx\nc\n"),
    (
        "behind the first match",
        {"line": "x", "insertafter": "[ab]", "firstmatch": True},
        ABC,
        "a\nx\nb\nc\n",
    ),
    ("behind the last line", {"line": "x", "insertafter": "^c"}, "a\nc", "a\nc\nx\n"),
    ("before the last match", {"line": "x", "insertbefore": "[ab]"}, ABC, "a\nx\nb\nc\n"),
    (
        "before the first match",
        {"line": "x", "insertbefore": "[ab]", "firstmatch": True},
        ABC,
        "x\na\nb\nc\n",
    ),
    ("where insertafter matches nothing", {"line": "x", "insertafter": "z"}, ABC, "a\nb\nc\nx\n"),
    ("where insertbefore matches nothing", {"line": "x", "insertbefore": "z"}, ABC, "a\nb\nc\nx\n"),
    (
        "regexp goes before insertafter",
        {"line": "x", "regexp": "^a", "insertafter": "^c"},
        ABC,
        "x\nb\nc\n",
    ),
    (
        "backrefs are expanded",
        {"line": r"\1=\g<2>!", "regexp": r"^(\w)(\w)", "backrefs": True},
        "ab\ncd\n",
        "ab\nc=d!\n",
    ),
    (
        "backrefs without a match do nothing",
        {"line": r"\1", "regexp": "^(z)", "backrefs": True},
        ABC,
        ABC,
    ),
    (
        "backslashes mean nothing without backrefs",
        {"line": r"\1\n", "regexp": "^(a)"},
        "a\n",
        "\\1\\n\n",
    ),
    ("a line's own newline is no second one", {"line": "d\n"}, "a\nd\n", "a\nd\n"),
    (
        "lookahead, unknown to POSIX",
        {"line": "x", "regexp": r"^(?!#)\s*Port\b"},
        "#Port 1\nPort 2\n",
        "#Port 1\nx\n",
    ),
    ("bytes that are no UTF-8 stay", {"line": "é"}, b"\xff\0\n", b"\xff\0\n\xc3\xa9\n"),
]


def edited(arguments: dict[str, Any], before: str | bytes) -> bytes:
    old = before.encode() if isinstance(before, str) else before
    return LineInFile.from_arguments({"path": "/x", **arguments}).edited(old).content


@pytest.mark.parametrize(
    ("arguments", "before", "after"), [row[1:] for row in PRESENT], ids=[row[0] for row in PRESENT]
)
def test_present_inserts_the_line_at_the_expected_place(
    arguments: dict[str, Any], before: str | bytes, after: str | bytes
) -> None:
    expected = after.encode() if isinstance(after, str) else after
    assert edited(arguments, before) == expected
    if not arguments.get("backrefs"):
        assert edited(arguments, expected) == expected or "regexp" in arguments


ABSENT = [
    ({"line": "b"}, "a\nb\nb\nc\n", "a\nc\n", 2),
    ({"line": "b"}, "a\nb", "a\n", 1),
    ({"line": "z"}, "a\n", "a\n", 0),
    ({"regexp": "^[ab]"}, "a1\nb1\nc\n", "c\n", 2),
    ({"regexp": "^a", "line": "c"}, "a1\nc\n", "c\n", 1),
    ({"search_string": "^"}, "a^\na\n", "a\n", 1),
]


@pytest.mark.parametrize(("arguments", "before", "after", "count"), ABSENT)
def test_absent_removes_each_matching_line(
    arguments: dict[str, Any], before: str, after: str, count: int
) -> None:
    model = LineInFile.from_arguments({"path": "/x", "state": "absent", **arguments})
    edit = model.edited(before.encode())
    assert edit.content.decode() == after
    assert edit.message == (f"{count} line(s) removed" if count else "")


def test_a_line_is_added_once_and_removed(host: Host) -> None:
    path = host.root / "a b"
    path.write_text("a\n")
    path.chmod(0o640)
    arguments = {"path": str(path), "line": "new"}
    before = listing(host.root)
    look = host.look("lineinfile", **arguments)
    assert look.changes == (f"change {path}",)
    assert (look.get("before"), look.get("msg")) == ("a\n", "line added")
    assert listing(host.root) == before
    report = host.run("lineinfile", **arguments)
    assert report.changes == (f"change {path}",)
    assert host.values("lineinfile", report, **arguments)["msg"] == "line added"
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("a\nnew\n", 0o640)
    assert not host.run("lineinfile", **arguments).changes
    assert not host.look("lineinfile", **arguments).changes
    gone = {"path": str(path), "regexp": "^n", "state": "absent"}
    report = host.run("lineinfile", **gone)
    assert path.read_text() == "a\n"
    values = host.values("lineinfile", report, **gone)
    assert (values["msg"], values["found"]) == ("1 line(s) removed", 1)


def test_other_bytes_of_the_file_are_kept(host: Host) -> None:
    path = host.root / "f"
    content = bytes(range(256)) * 4 + b"\n"
    path.write_bytes(content)
    assert host.run("lineinfile", path=str(path), line="x").failed is None
    assert path.read_bytes() == content + b"x\n"


def test_a_missing_file_is_created_with_create(host: Host) -> None:
    path = host.root / "d" / "f"
    arguments = {"path": str(path), "line": "x", "mode": "0600"}
    assert host.look("lineinfile", **arguments).changes
    failed = host.run("lineinfile", **arguments)
    assert failed.failed == f"Destination {path} does not exist !"
    assert "set create: true" in failed.get("hint")
    assert host.look("lineinfile", create=True, **arguments).changes
    assert not path.parent.exists()
    assert host.run("lineinfile", create=True, **arguments).changes
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("x\n", 0o600)
    assert not host.run("lineinfile", create=True, **arguments).changes


def test_absent_accepts_a_missing_file(host: Host) -> None:
    arguments = {"path": f"{host.root}/none", "line": "x", "state": "absent"}
    report = host.run("lineinfile", **arguments)
    assert (report.failed, report.changes) == (None, ())
    assert host.values("lineinfile", report, **arguments)["msg"] == "file not present"


def test_the_mode_is_set_even_if_the_line_exists(host: Host) -> None:
    path = host.root / "f"
    path.write_text("x\n")
    arguments = {"path": str(path), "line": "x", "mode": "0600"}
    assert host.look("lineinfile", **arguments).changes
    assert host.run("lineinfile", **arguments).changes == (f"set mode of {path}: 0600",)
    assert not host.run("lineinfile", **arguments).changes


def test_the_target_of_a_link_is_edited(host: Host) -> None:
    (host.root / "f").write_text("a\n")
    (host.root / "l").symlink_to("f")
    assert host.run("lineinfile", path=f"{host.root}/l", line="x", backup=True).changes
    assert (host.root / "l").is_symlink()
    assert (host.root / "f").read_text() == "a\nx\n"
    assert len(list(host.root.iterdir())) == 3


@pytest.mark.parametrize("diff", [True, False])
def test_a_file_that_changed_meanwhile_is_not_written(host: Host, diff: bool) -> None:
    path = host.root / "f"
    path.write_text("a\n")
    model = LineInFile.from_arguments({"path": str(path), "line": "x"})
    report = host.exchange(model.program(host.context), "look")
    path.write_text("other\n")
    edit = model.edit(report)
    assert edit is not None
    (report,) = host.session.exchange([Step(edit, "apply", diff=diff)])
    assert "changed by another process" in (report.failed or "")
    assert path.read_text() == "other\n"
    assert len(list(host.root.iterdir())) == 1


@pytest.mark.parametrize("lines", [1, 2000])
def test_a_file_that_has_got_the_same_edit_meanwhile_is_accepted(host: Host, lines: int) -> None:
    path = host.root / "f"
    path.write_text("a\n" * lines)
    model = LineInFile.from_arguments({"path": str(path), "line": "x"})
    edit = model.edit(host.exchange(model.program(host.context), "look"))
    assert edit is not None
    path.write_text("a\n" * lines + "x\n")
    (report,) = host.session.exchange([Step(edit, "apply")])
    assert (report.failed, report.changes) == (None, ())


def test_the_difference_shows_both_texts(host: Host) -> None:
    path = host.root / "f"
    path.write_text("a\n")
    model = LineInFile.from_arguments({"path": str(path), "line": "x"})
    edit = model.edit(host.exchange(model.program(host.context), "check"))
    assert edit is not None
    report = host.exchange(edit, "check")
    (diff,) = LineInFile.from_arguments({"path": str(path), "line": "x"}).diff(report)
    assert (diff.before, diff.after) == ("a\n", "a\nx\n")


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"state": "absent"},
        {"line": "x", "regexp": "("},
        {"line": "x", "regexp": "a", "search_string": "a"},
        {"line": "x", "insertafter": "a", "insertbefore": "b"},
        {"line": "x", "backrefs": True},
        {"line": r"\2", "regexp": "(a)", "backrefs": True},
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(InvalidArguments):
        find_module("lineinfile").from_arguments({"path": "/x", **arguments})


OLD = {"little": b"a\nb", "much": b"a\n" * 900, "binary": b"a\0\n\xff", "nothing": b""}


@pytest.mark.parametrize("old", OLD)
@pytest.mark.parametrize(
    "now", ["appended to", "replaced by as much", "emptied", "removed", "kept"]
)
def test_a_file_that_changes_between_reading_and_writing_is_not_written(
    host: Host, old: str, now: str
) -> None:
    path = host.root / "file"
    path.write_bytes(OLD[old])
    model = find_module("lineinfile").from_arguments({"path": str(path), "line": "new"})
    edit = model.edit(host.exchange(model.program(host.context), "apply"))
    assert edit is not None
    content = {
        "appended to": OLD[old] + b"\n",
        "replaced by as much": OLD[old][:-1] + b"z" if OLD[old] else b"z",
        "emptied": b"" if OLD[old] else b"z",
        "removed": None,
        "kept": OLD[old],
    }[now]
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    report = host.exchange(edit, "apply")
    assert ("was changed by another process" in (report.failed or "")) == (now != "kept")
    if now != "kept":
        assert (path.read_bytes() if path.exists() else None) == content
    assert [entry.name for entry in host.root.iterdir()] == ([] if content is None else ["file"])
