"""The module make, with the real make."""

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
def args(host: Host) -> dict[str, Any]:
    """A directory with a Makefile."""
    folder = host.root / "a b"
    folder.mkdir()
    (folder / "Makefile").write_text(MAKEFILE)
    (folder / "in").write_text("x\n")
    return {"chdir": str(folder)}


def test_a_target_is_built_once(host: Host, args: dict[str, Any]) -> None:
    before = listing(host.root)
    assert host.look("make", **args).changes == ("make",)
    assert listing(host.root) == before
    args |= {"params": {"NAME": "a b"}, "jobs": 2}
    report = host.run("make", **args)
    assert (report.failed, report.changes) == (None, ("make",))
    assert "building a b" in report.get("stdout")
    assert (host.root / "a b" / "out").read_text() == "x\n"
    assert not host.run("make", **args).changes
    assert not host.look("make", **args).changes


def test_a_target_that_is_not_a_file_is_built_each_time(host: Host, args: dict[str, Any]) -> None:
    args |= {"targets": ["out", "other"]}
    for _ in range(2):
        assert host.run("make", **args).changes == ("make out other",)


def test_another_file_and_another_program(host: Host, args: dict[str, Any]) -> None:
    folder = host.root / "a b"
    (folder / "Makefile").rename(folder / "rules.mk")
    host.fake("gmake", 'echo "by gmake"; exec make "$@"')
    report = host.run("make", **args, file="rules.mk", make="gmake")
    assert report.changes == ("make",)
    assert "by gmake" in report.get("stdout")


def test_the_output_of_make_is_returned_after_a_failure(host: Host, args: dict[str, Any]) -> None:
    report = host.run("make", **args, target="broken")
    assert "make broken: exit 2" in (report.failed or "")
    assert "no way" in report.get("stderr")


def test_a_missing_directory_is_a_change_for_a_look_and_a_failure_otherwise(host: Host) -> None:
    args = {"chdir": str(host.root / "none")}
    assert host.look("make", **args).changes == ("make",)
    assert "there is no directory" in (host.run("make", **args).failed or "")


def test_either_one_target_or_several() -> None:
    with pytest.raises(ValueError, match="both be set"):
        Make(chdir="/", target="a", targets="b")
