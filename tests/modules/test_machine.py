"""hostname, timezone, modprobe and getent, with fakes for the tools that change them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from provisioner.modules import find_module
from tests.modules.conftest import Host

PASSWD = "root:x:0:0:root:/root:/bin/bash\nbin:x:1:1::/bin:/sbin/nologin"


def entries(host: Host, **arguments: Any) -> Any:
    report = host.look("getent", **arguments)
    assert report.done, report.failed
    return host.values("getent", report, **arguments)["ansible_facts"]


def test_entries_become_facts_split_at_colons(host: Host) -> None:
    host.fake("getent", f"echo '{PASSWD}'")
    assert entries(host, database="passwd")["getent_passwd"] == {
        "root": ["x", "0", "0", "root", "/root", "/bin/bash"],
        "bin": ["x", "1", "1", "", "/bin", "/sbin/nologin"],
    }


def test_other_databases_are_split_at_spaces_and_repeated_keys_are_lists(host: Host) -> None:
    host.fake("getent", "echo '::1  web\n::1 web2\n10.0.0.1 db a b'")
    assert entries(host, database="hosts")["getent_hosts"] == {
        "::1": [["web"], ["web2"]],
        "10.0.0.1": ["db", "a", "b"],
    }


def test_a_missing_key_fails_or_is_null(host: Host) -> None:
    host.fake("getent", "exit 2")
    assert host.look("getent", database="group", key="x").failed == "group has no entry x"
    found = entries(host, database="group", key="x", fail_key=False)
    assert found == {"getent_group": {"x": None}}


@pytest.mark.parametrize(("code", "words"), [(1, "does not know"), (3, "can't be listed")])
def test_getents_other_failures_are_explained(host: Host, code: int, words: str) -> None:
    host.fake("getent", f"exit {code}")
    assert words in (host.look("getent", database="nonsense").failed or "")


def test_a_name_the_kernel_keeps_is_a_failure_that_says_so(host: Host) -> None:
    host.fake("hostnamectl", "exit 1")
    host.fake("hostname", "echo 'you must be root' >&2; exit 1")
    assert host.look("hostname", name="other.example.org").changes
    assert host.calls() == []
    report = host.run("hostname", name="other.example.org")
    assert report.failed == "set hostname: other.example.org: exit 1"
    assert "must be root" in report.get("stderr")


def test_a_name_gives_facts() -> None:
    model = find_module("hostname").model_validate({"name": "web1.example.org", "use": "systemd"})
    facts = model.returns(None)["ansible_facts"]  # type: ignore[arg-type]
    assert facts["ansible_hostname"] == "web1"
    assert facts["ansible_domain"] == "example.org"


@pytest.mark.parametrize("name", ["", "a b", "-x", "x" * 65, "a;b", "a_b"])
def test_what_can_not_be_a_hostname_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        find_module("hostname").model_validate({"name": name})


@pytest.fixture
def zone(host: Host) -> Path:
    """The pretended /etc/localtime: a file with the link's text."""
    path = host.root / "localtime"
    path.write_text("../usr/share/zoneinfo/UTC\n")
    host.fake("readlink", f"cat {path}")
    host.fake("timedatectl", f'[ "$1" = set-timezone ] && echo "/usr/share/zoneinfo/$2" >{path}')
    return path


def test_a_time_zone_is_set_once(host: Host, zone: Path) -> None:
    assert host.look("timezone", name="Europe/Berlin").changes == ("set time zone: Europe/Berlin",)
    assert "timedatectl set-timezone Europe/Berlin" not in host.calls()
    report = host.run("timezone", name="Europe/Berlin")
    assert report.changes == ("set time zone: Europe/Berlin",)
    values = host.values("timezone", report, name="Europe/Berlin")
    assert values["diff"] == {"before": {"name": "UTC"}, "after": {"name": "Europe/Berlin"}}
    assert not host.run("timezone", name="Europe/Berlin").changes


def test_an_unknown_zone_fails_on_the_host_but_not_in_a_look(host: Host, zone: Path) -> None:
    assert host.look("timezone", name="Europe/Nowhere").changes
    report = host.run("timezone", name="Europe/Nowhere")
    assert "there is no time zone Europe/Nowhere" in (report.failed or "")


@pytest.mark.parametrize("arguments", [{}, {"name": "../../etc/passwd"}, {"name": "a b"}])
def test_what_can_not_be_a_zone_is_refused(arguments: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        find_module("timezone").model_validate(arguments)


def test_a_module_that_is_in_the_kernel_is_left_alone(host: Host) -> None:
    host.fake("modprobe", "exit 1")
    present = next(path.name for path in sorted(Path("/sys/module").iterdir()))
    assert not host.run("modprobe", name=present).changes
    assert host.calls() == []


def test_a_module_is_loaded_with_its_parameters(host: Host) -> None:
    host.fake("modprobe", "exit 0")
    given = {"name": "no-such-module", "params": "a=1 b=2"}
    assert host.look("modprobe", **given).changes == ("load kernel module no-such-module",)
    assert host.calls() == []
    report = host.run("modprobe", **given)
    assert host.calls() == ["modprobe -- no-such-module a=1 b=2"]
    assert "still untrue" in (report.failed or "")
    assert not host.run("modprobe", name="no-such-module", state="absent").changes
