"""The looks of a frame ask the host at once, and each gets its own answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.modules import find_module
from provisioner.remote.shell import Mode, Report, Step
from tests.modules.conftest import Host, host  # noqa: F401

Asked = tuple[str, Mode, dict[str, object]]

RPMS = """bash 0 4.2.46-35.el7 x86_64
package vim is not installed
kernel 0 3.10.0-1 x86_64
kernel 0 3.10.0-2 x86_64"""


@pytest.fixture
def watched(host: Host) -> Host:  # noqa: F811
    for tool in ("stat", "sha256sum"):
        host.fake(tool, f'exec /usr/bin/{tool} "$@"')
    return host


def exchange(host: Host, *steps: Asked) -> list[Report]:  # noqa: F811
    programs = [
        (find_module(module).from_arguments(arguments).program(host.context), mode)
        for module, mode, arguments in steps
    ]
    return list(host.session.exchange([Step(program, mode) for program, mode in programs]))


def folder(path: Path, **more: object) -> Asked:
    return ("file", "look", {"path": str(path), "state": "directory", **more})


def text(path: Path, content: str) -> Asked:
    return ("copy", "look", {"dest": str(path), "content": content})


def test_a_hundred_looks_at_files_run_one_stat_and_one_sha256sum(watched: Host) -> None:
    steps = []
    for number in range(50):
        path = watched.root / f"d{number}"
        path.mkdir()
        path.chmod(0o700 + number % 8)
        steps.append(folder(path, mode=f"{0o700 + number % 8:04o}"))
        file = watched.root / f"f{number}"
        file.write_text(f"text {number:02}")
        steps.append(text(file, f"text {number:02}"))
    reports = exchange(watched, *steps)
    assert [report.changes for report in reports] == [()] * 100
    assert [report.get("at").split()[0] for report in reports] == ["directory", "file"] * 50
    assert [call.split()[0] for call in watched.calls()] == ["stat", "sha256sum"]


def test_missing_paths_do_not_shift_the_other_answers(watched: Host) -> None:
    for name, mode in (("a", 0o700), ("c", 0o711), ("[a]*", 0o755)):
        (watched.root / name).mkdir(mode=mode)
    steps = [folder(watched.root / name, mode="0711") for name in ("a", "b", "c", "[a]*", "a b")]
    steps = [(module, "check", arguments) for module, _, arguments in steps]
    changes = [report.changes[-1:] for report in exchange(watched, *steps)]
    assert changes == [
        (f"set mode of {watched.root}/a: 0711",),
        (f"create {watched.root}/b",),
        (),
        (f"set mode of {watched.root}/[a]*: 0711",),
        (f"create {watched.root}/a b",),
    ]


def test_each_file_gets_its_own_sum(watched: Host) -> None:
    for name, content in (("a", "same"), ("b", "diff"), ("c", "longer"), ("d", "same")):
        (watched.root / name).write_text(content)
    steps = [text(watched.root / name, "same") for name in "abcd"]
    steps = [(module, "check", arguments) for module, _, arguments in steps]
    changes = [bool(report.changes) for report in exchange(watched, *steps)]
    assert changes == [False, True, True, False]
    assert [call.split()[0] for call in watched.calls()] == ["stat", "sha256sum"]


def test_answers_are_forgotten_after_their_frame_and_after_a_change(watched: Host) -> None:
    a, b = watched.root / "a", watched.root / "b"
    a.mkdir(mode=0o700)
    b.mkdir(mode=0o700)
    looks = [folder(a, mode="0700"), folder(b, mode="0700")]
    assert not any(report.changes for report in exchange(watched, *looks))
    b.chmod(0o755)
    (report,) = exchange(watched, looks[1])
    assert report.changes
    change: Asked = (
        "command", "apply", {"cmd": f"chmod 711 {a} {b}"},
    )  # fmt: skip
    b.chmod(0o700)
    reports = exchange(watched, *looks, change, *looks)
    assert [bool(report.changes) for report in reports] == [False, False, True, True]


def test_rpm_is_asked_once_and_each_program_gets_the_answer_for_its_package(watched: Host) -> None:
    answers = (
        f'*whatprovides*) echo "no package provides vim" ;; *"-- bash vim kernel") echo "{RPMS}" ;;'
    )
    watched.fake("rpm", f"case $* in {answers} esac; exit 1")
    steps: list[Asked] = [("yum", "check", {"name": name}) for name in ("bash", "vim", "kernel")]
    reports = exchange(watched, *steps)
    assert [report.changes for report in reports] == [(), ("install vim",), ()]
    assert [call[:10] for call in watched.calls() if call.startswith("rpm")] == [
        "rpm -q --q",
        "rpm -q --w",
    ]
