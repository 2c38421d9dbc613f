"""make: a target is built where make says that it is to be, by the real make."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.modules.make import Make
from tests.modules.conftest import Host, listing

MAKEFILE = """
out: in
\t@echo building $(NAME)
\t@cp in out
other:
\t@echo always
broken:
\t@echo no way >&2; exit 3
"""


@pytest.fixture
def given(host: Host) -> dict[str, Any]:
    """A directory with a Makefile."""
    folder = host.root / "a b"
    folder.mkdir()
    (folder / "Makefile").write_text(MAKEFILE)
    (folder / "in").write_text("x\n")
    return {"chdir": str(folder)}


def test_a_target_is_built_once(host: Host, given: dict[str, Any]) -> None:
    before = listing(host.root)
    assert host.look("make", **given).changes == ("make",)
    assert listing(host.root) == before
    given |= {"params": {"NAME": "a b"}, "jobs": 2}
    report = host.run("make", **given)
    assert (report.failed, report.changes) == (None, ("make",))
    assert "building a b" in report.get("stdout")
    assert (host.root / "a b" / "out").read_text() == "x\n"
    assert not host.run("make", **given).changes
    assert not host.look("make", **given).changes


def test_a_target_that_is_no_file_is_built_each_time(host: Host, given: dict[str, Any]) -> None:
    given |= {"targets": ["out", "other"]}
    for _ in range(2):
        assert host.run("make", **given).changes == ("make out other",)


def test_another_file_and_another_program(host: Host, given: dict[str, Any]) -> None:
    folder = host.root / "a b"
    (folder / "Makefile").rename(folder / "rules.mk")
    host.fake("gmake", 'echo "by gmake"; exec make "$@"')
    report = host.run("make", **given, file="rules.mk", make="gmake")
    assert report.changes == ("make",)
    assert "by gmake" in report.get("stdout")


def test_what_make_says_of_a_failure_is_told(host: Host, given: dict[str, Any]) -> None:
    report = host.run("make", **given, target="broken")
    assert "make broken: exit 2" in (report.failed or "")
    assert "no way" in report.get("stderr")


def test_a_directory_that_an_earlier_task_will_make_is_no_failure_of_a_look(host: Host) -> None:
    given = {"chdir": str(host.root / "none")}
    assert host.look("make", **given).changes == ("make",)
    assert "there is no directory" in (host.run("make", **given).failed or "")


def test_one_target_or_several() -> None:
    with pytest.raises(ValueError, match="only one of them"):
        Make(chdir="/", target="a", targets="b")
