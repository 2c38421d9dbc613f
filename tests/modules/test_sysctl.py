"""sysctl: its file, and the kernel's value (read from this machine's /proc/sys)."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host, listing

KEY = "net.ipv4.ip_forward"


@pytest.fixture
def conf(host: Host) -> Path:
    host.fake("sysctl", "exit 0")
    return host.root / "sysctl.conf"


def run(host: Host, conf: Path, how: str = "apply", **arguments: object) -> tuple[str, ...]:
    args = {"name": KEY, "value": "1", "sysctl_file": str(conf), **arguments}
    report = host.run("sysctl", how, **args)  # type: ignore[arg-type]
    assert report.done, report.failed
    return report.changes


FILES = [
    ("", f"{KEY}=1\n"),
    ("# why\nvm.swappiness=10", f"# why\nvm.swappiness=10\n{KEY}=1\n"),
    (f"a=b\n{KEY}=0\n\nc = d\n", f"a=b\n{KEY}=1\n\nc = d\n"),
    (f"{KEY} = 0\n#{KEY}=0\n{KEY}=0\n", f"{KEY}=1\n#{KEY}=0\n"),
    ("net/ipv4/ip_forward = 0\n", f"{KEY}=1\n"),
]


@pytest.mark.parametrize(("before", "after"), FILES)
def test_the_line_is_set_and_all_other_lines_are_kept(
    host: Host, conf: Path, before: str, after: str
) -> None:
    if before:
        conf.write_text(before)
    listed = listing(host.root)
    assert run(host, conf, "look")
    assert listing(host.root) == listed
    assert run(host, conf)
    assert conf.read_text() == after
    assert not run(host, conf)
    assert f"sysctl -p {conf}" in host.calls()


@pytest.mark.parametrize("line", [f"{KEY} = 1", f"{KEY}=1", f"  {KEY}\t=\t1 ", f"-{KEY}=1"])
def test_a_line_with_the_same_meaning_is_not_changed(host: Host, conf: Path, line: str) -> None:
    conf.write_text(f"{line}\n")
    assert not run(host, conf)
    assert host.calls() == []


def test_spaces_around_the_name_are_ignored(host: Host, conf: Path) -> None:
    assert run(host, conf, name=f" {KEY} ")
    assert conf.read_text() == f"{KEY}=1\n"
    assert not run(host, conf, name=f"{KEY} ")


def test_spaces_between_values_are_ignored(host: Host, conf: Path) -> None:
    conf.write_text("net.ipv4.tcp_rmem = 4096\t87380   6291456\n")
    assert not run(host, conf, name="net.ipv4.tcp_rmem", value="4096 87380 6291456")


def test_absent_removes_the_line_only(host: Host, conf: Path) -> None:
    conf.write_text(f"a=b\n{KEY}=0\n")
    assert run(host, conf, state="absent")
    assert conf.read_text() == "a=b\n"
    assert not run(host, conf, state="absent")


def test_with_sysctl_set_the_kernel_value_is_compared(host: Host, conf: Path) -> None:
    conf.write_text("kernel.ostype=Linux\nkernel.osrelease=1\n")
    assert not run(host, conf, name="kernel.ostype", value="Linux", sysctl_set=True)
    changes = run(host, conf, "look", name="kernel.osrelease", value="1", sysctl_set=True)
    assert changes == ("set kernel.osrelease = 1 now",)
    args = {"name": "kernel.osrelease", "value": "1", "sysctl_file": str(conf)}
    report = host.run("sysctl", sysctl_set=True, **args)
    assert "the change had no effect" in (report.failed or "")


def test_the_failure_for_a_missing_parameter_names_its_kernel_module(
    host: Host, conf: Path
) -> None:
    args = {"name": "net.bridge.no-such-key", "value": "1", "sysctl_file": str(conf)}
    report = host.run("sysctl", **args)
    assert "load br_netfilter" in (report.failed or "")
    assert not conf.exists()
    assert host.look("sysctl", **args).changes
    assert host.run("sysctl", ignoreerrors=True, **args).changes


def test_a_link_is_followed_not_replaced(host: Host, conf: Path) -> None:
    link = host.root / "99-sysctl.conf"
    link.symlink_to(conf)
    conf.write_text("a=b\n")
    assert run(host, link)
    assert link.is_symlink()
    assert conf.read_text() == f"a=b\n{KEY}=1\n"


def test_the_message_of_sysctl_is_the_reason_of_a_failed_reload(host: Host, conf: Path) -> None:
    host.fake("sysctl", "echo 'cannot stat /proc/sys/x' >&2; exit 255")
    report = host.run("sysctl", name=KEY, value="1", sysctl_file=str(conf))
    assert report.failed == f"load {conf}: sysctl -p: exit 255"
    assert "cannot stat" in report.get("stderr")


@pytest.mark.parametrize(("value", "text"), [(True, "1"), ("no", "0"), (42, "42"), (" x ", "x")])
def test_yes_and_no_are_one_and_zero(value: object, text: str) -> None:
    model = find_module("sysctl").from_arguments({"name": KEY, "value": value})
    assert model.variables()["value"] == text


def test_present_needs_a_value() -> None:
    with pytest.raises(InvalidArguments, match="needs a value"):
        find_module("sysctl").from_arguments({"name": KEY})
