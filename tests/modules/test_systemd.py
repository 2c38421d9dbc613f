"""systemd and service, with a fake systemctl that keeps the state of one unit in files."""

from __future__ import annotations

import os
from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from provisioner.modules.systemd import unit as shared
from tests.modules.conftest import Host, listing

SYSTEMCTL = r"""
cd "%s" || exit
get() { if [ -e "$1" ]; then cat "$1"; else echo "$2"; fi; }
while :; do
    case $1 in --*) shift ;; *) break ;; esac
done
case $1 in
    show)
        echo Id=web.service
        for pair in Type=notify LoadState=loaded ActiveState=inactive SubState=dead MainPID=0 \
            UnitFileState=disabled NeedDaemonReload=no Result=success ConditionResult=yes \
            RemainAfterExit=no ConditionTimestampMonotonic=1 Restart=no ExecMainStatus=0 \
            DropInPaths= FragmentPath=/none ActiveEnterTimestampMonotonic=0; do
            echo "${pair%%=*}=$(get "${pair%%=*}" "${pair#*=}")"
        done ;;
    is-enabled) get is-enabled disabled ;;
    start | restart) . ./on_start ;;
    stop) echo inactive >ActiveState ;;
    enable) echo enabled >UnitFileState ;;
    disable) echo disabled >UnitFileState ;;
    mask) echo masked >LoadState ;;
    unmask) echo loaded >LoadState ;;
    daemon-reload) echo no >NeedDaemonReload ;;
esac
"""


@pytest.fixture
def unit(host: Host) -> Host:
    """A host with the unit web.service, stopped and disabled, whose start works."""
    host.fake("systemctl", SYSTEMCTL % host.root)
    host.fake("journalctl", "echo 'web: no room'")
    host.fake("sleep", "exit 0")
    put(host, on_start="echo active >ActiveState; echo 7 >MainPID")
    return host


def put(host: Host, **state: str) -> None:
    for name, value in state.items():
        (host.root / name).write_text(f"{value}\n")


CHANGES: list[tuple[str, dict[str, str], dict[str, Any], list[str]]] = [
    ("service", {}, {"state": "started", "enabled": True}, ["enable web", "start web"]),
    ("service", {"ActiveState": "active"}, {"state": "stopped"}, ["stop web"]),
    ("service", {}, {"masked": True, "sleep": 2, "runlevel": 3}, ["mask web"]),
    ("service", {"ActiveState": "activating", "SubState": "auto-restart"}, {"state": "stopped"},
     ["stop web"]),
    ("service", {"ActiveState": "activating", "SubState": "auto-restart"}, {"state": "started"},
     ["start web"]),
    ("service", {"UnitFileState": "enabled"}, {"enabled": False}, ["disable web"]),
    ("systemd", {}, {"masked": True}, ["mask web"]),
    ("systemd", {"LoadState": "masked"}, {"masked": False, "state": "started"},
     ["unmask web", "start web"]),
    ("systemd", {"NeedDaemonReload": "yes"}, {"daemon_reload": True}, ["reload systemd"]),
    ("systemd", {}, {"state": "started", "no_block": True}, ["start web"]),
]  # fmt: skip


@pytest.mark.parametrize(("module", "state", "arguments", "changes"), CHANGES)
def test_a_look_and_a_run_report_the_changes_and_a_second_run_none(
    unit: Host, module: str, state: dict[str, str], arguments: dict[str, Any], changes: list[str]
) -> None:
    put(unit, **state)
    before = listing(unit.root)
    assert list(unit.look(module, name="web", **arguments).changes) == changes
    assert listing(unit.root) == before
    report = unit.run(module, name="web", **arguments)
    assert (report.failed, list(report.changes)) == (None, changes)
    assert unit.run(module, name="web", **arguments).changes == ()
    assert unit.look(module, name="web", **arguments).changes == ()


FINE: list[tuple[dict[str, str], dict[str, Any]]] = [
    ({"UnitFileState": "static"}, {"enabled": True}),
    ({"UnitFileState": "static"}, {"enabled": False}),
    ({"UnitFileState": "enabled-runtime"}, {"enabled": None, "state": "stopped"}),
    ({"UnitFileState": "bad", "is-enabled": "enabled"}, {"enabled": True}),
    ({"UnitFileState": "", "is-enabled": "disabled"}, {"enabled": False}),
    ({"ActiveState": "failed"}, {"state": "stopped"}),
    ({"ActiveState": "reloading"}, {"state": "started"}),
]


@pytest.mark.parametrize(("state", "arguments"), FINE)
def test_a_desired_state_that_is_reached_already_is_no_change(
    unit: Host, state: dict[str, str], arguments: dict[str, Any]
) -> None:
    put(unit, **state)
    assert unit.look("service", name="web", **arguments).changes == ()


def test_a_look_at_state_and_enabled_takes_one_process(unit: Host) -> None:
    unit.look("service", name="web", state="started", enabled=True)
    assert unit.calls() == ["systemctl show -- web"]


def test_restart_and_reload_are_always_changes(unit: Host) -> None:
    assert find_module("service").from_arguments({"name": "web", "state": "restarted"}).acts
    for _ in range(2):
        assert unit.run("service", name="web", state="restarted").changes == ("restart web",)
    unit.calls()
    assert unit.look("service", name="web", state="restarted").changes == ("restart web",)
    assert not [call for call in unit.calls() if "restart" in call]
    assert unit.run("service", name="web", state="reloaded").changes == ("reload web",)
    put(unit, ActiveState="inactive")
    assert unit.run("service", name="web", state="reloaded").changes == ("start web",)


def test_daemon_reload_runs_before_a_restart(unit: Host) -> None:
    unit.run("systemd", name="web", state="restarted", daemon_reload=True)
    calls = unit.calls()
    assert calls.index("systemctl daemon-reload") < calls.index("systemctl restart -- web")


FAILURES = [
    ("echo 'Job for web failed' >&2; exit 1", "start web: Job for web failed"),
    ("echo exit-code >Result; echo 3 >ExecMainStatus; exit 1", "exit status 3"),
    ("echo exit-code >Result; echo failed >ActiveState", "the unit failed (exit-code)"),
    ("echo no >ConditionResult", "a condition of the unit is not met"),
    ("echo 'start request repeated too quickly' >&2; exit 1", "reset-failed web"),
]


@pytest.mark.parametrize(("on_start", "reason"), FAILURES)
def test_a_failed_start_reports_the_reason_and_the_journal(
    unit: Host, on_start: str, reason: str
) -> None:
    put(unit, on_start=on_start)
    report = unit.run("service", name="web", state="started", enabled=True)
    assert report.failed
    assert report.failed.startswith("start web: ")
    assert reason in report.failed
    values = unit.values("service", report, name="web", state="started")
    assert values["journal"] == ["web: no room"]


def test_a_simple_unit_that_ends_at_once_is_a_failed_start(unit: Host) -> None:
    put(unit, Type="simple")
    unit.fake("sleep", f"echo failed >{unit.root}/ActiveState; echo exit-code >{unit.root}/Result")
    report = unit.run("service", name="web", state="started")
    assert report.failed
    assert "start web: the unit failed (exit-code)" in report.failed


def test_a_unit_that_systemd_restarts_repeatedly_is_not_running(unit: Host) -> None:
    put(unit, Type="simple")
    unit.fake("sleep", f"echo 8 >{unit.root}/MainPID")
    report = unit.run("service", name="web", state="started")
    assert report.failed
    assert "restarts it repeatedly" in report.failed


def test_a_oneshot_unit_that_ended_with_success_was_started(unit: Host) -> None:
    put(unit, Type="oneshot", on_start="exit 0")
    assert unit.run("service", name="web", state="started").changes == ("start web",)


@pytest.mark.parametrize(
    "arguments", [{"state": "started"}, {"state": "stopped"}, {"enabled": True}]
)
def test_a_missing_unit_fails_a_run_but_not_a_look(unit: Host, arguments: dict[str, Any]) -> None:
    put(unit, LoadState="not-found")
    assert unit.look("service", name="web", **arguments).changes
    failed = unit.run("service", name="web", **arguments).failed or ""
    assert failed.startswith(
        "Could not find the requested service web: there is no unit web.service"
    )


def test_a_systemctl_without_an_answer_fails_a_run_but_not_a_look(host: Host) -> None:
    host.fake("systemctl", "echo 'Failed to connect to bus' >&2; exit 1")
    assert host.look("service", name="web", state="started").changes == ("start web",)
    assert "Failed to connect to bus" in (
        host.run("service", name="web", state="started").failed or ""
    )


def test_a_masked_unit_can_not_be_started_or_enabled(unit: Host) -> None:
    put(unit, LoadState="masked", UnitFileState="masked")
    why = unit.run("systemd", name="web", enabled=True).failed or ""
    assert "web is masked, so it can't be enabled" in why
    assert "masked: false" in (unit.run("service", name="web", state="started").failed or "")


def test_a_failed_mask_reports_the_message_of_systemctl(unit: Host) -> None:
    put(unit, Result="exit-code", ActiveState="failed")
    script = SYSTEMCTL.replace("mask) ", "mask) echo 'File exists.' >&2; exit 1;", 1) % unit.root
    unit.fake("systemctl", script)
    assert unit.run("systemd", name="web", masked=True).failed == "mask web: File exists."


def test_an_indirect_unit_is_enabled_if_a_unit_of_its_also_line_is(unit: Host) -> None:
    (unit.root / "file").write_text("[Install]\nAlso=web.socket\n")
    put(unit, UnitFileState="indirect", FragmentPath=f"{unit.root}/file")
    assert unit.look("service", name="web", enabled=True).changes == ()
    unit.fake("systemctl", SYSTEMCTL.replace("is-enabled) ", "is-enabled) exit 1;") % unit.root)
    assert unit.look("service", name="web", enabled=True).changes == ("enable web",)


def test_daemon_reload_without_a_name_asks_about_all_units_and_generators(
    unit: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    fstab, made = unit.root / "fstab", unit.root / "generator"
    monkeypatch.setattr(shared, "GENERATED", (str(fstab), str(made)))
    put(unit, NeedDaemonReload="yes", fstab="", generator="")
    os.utime(fstab, (1, 1))
    assert unit.run("systemd", daemon_reload=True).changes == ("reload systemd",)
    assert unit.look("systemd", daemon_reload=True).changes == ()
    os.utime(fstab, (9e9, 9e9))
    assert unit.look("systemd", daemon_reload=True).changes == ("reload systemd",)


@pytest.mark.parametrize("name", ["web", None])
@pytest.mark.parametrize("file", ["web.service.d/a b.conf", "web.service"])
def test_daemon_reload_notices_new_files_that_systemd_does_not(
    unit: Host, monkeypatch: pytest.MonkeyPatch, name: str | None, file: str
) -> None:
    monkeypatch.setattr(shared, "FOLDERS", (str(unit.root / "etc"), "/none"))
    monkeypatch.setattr(shared, "GENERATED", ())
    path = unit.root / "etc" / file
    for other in ("other.service.d/x.conf", "other.service"):
        (unit.root / "etc" / other).parent.mkdir(parents=True, exist_ok=True)
        (unit.root / "etc" / other).touch()
    assert unit.look("systemd", name=name, daemon_reload=True).changes == ()
    path.parent.mkdir(exist_ok=True)
    path.touch()
    assert unit.look("systemd", name=name, daemon_reload=True).changes == ("reload systemd",)
    put(unit, **{"DropInPaths" if ".d/" in file else "FragmentPath": str(path)})
    assert unit.look("systemd", name=name, daemon_reload=True).changes == ()


def test_the_status_is_returned_as_a_dict(unit: Host) -> None:
    arguments = {"name": "web", "enabled": False, "state": "stopped"}
    values = unit.values("systemd", unit.look("systemd", **arguments), **arguments)
    assert values["status"]["UnitFileState"] == "disabled"
    assert (values["name"], values["state"], values["enabled"]) == ("web", "stopped", False)


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("service", {"name": "web*", "state": "started"}, "not the name of one unit"),
    ("service", {"name": "-x", "state": "started"}, "not the name of one unit"),
    ("systemd", {"state": "started"}, "needs name"),
    ("systemd", {"name": "web", "state": "started", "scope": "global"}, "global"),
]


@pytest.mark.parametrize(("module", "arguments", "reason"), REFUSED)
def test_contradicting_parameters_are_refused(
    module: str, arguments: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InvalidArguments, match=reason):
        find_module(module).from_arguments(arguments)


def test_aliases_and_ignored_parameters_are_accepted() -> None:
    given = {"unit": "web", "daemon-reload": True, "daemon-reexec": False}
    plain = {"name": "web", "daemon_reload": True, "daemon_reexec": False}
    assert find_module("systemd").from_arguments(given) == find_module("systemd").from_arguments(
        plain
    )
    service = find_module("service").from_arguments(
        {"name": "web", "masked": False, "daemon_reload": True}
    )
    assert service.as_dict()["daemon_reload"] is True
    ignored = {"sleep": 1, "pattern": "x", "runlevel": "3", "args": "-v", "use": "systemd"}
    found = find_module("service").from_arguments({"name": "web", "state": "started", **ignored})
    assert found.as_dict()["state"] == "started"
