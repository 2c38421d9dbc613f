"""The module hostname, with fake commands."""

from __future__ import annotations

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host


def test_a_name_that_can_not_be_set_is_a_failure_with_the_reason(host: Host) -> None:
    host.fake("hostnamectl", "exit 1")
    host.fake("hostname", "echo 'you must be root' >&2; exit 1")
    assert host.look("hostname", name="other.example.org").changes
    assert host.calls() == []
    report = host.run("hostname", name="other.example.org")
    assert report.failed == "set hostname: other.example.org: exit 1"
    assert "must be root" in report.get("stderr")


def test_the_name_is_returned_as_facts() -> None:
    model = find_module("hostname").from_arguments({"name": "web1.example.org", "use": "systemd"})
    facts = model.returns(None)["ansible_facts"]  # type: ignore[arg-type]
    assert facts["ansible_hostname"] == "web1"
    assert facts["ansible_domain"] == "example.org"


@pytest.mark.parametrize("name", ["", "a b", "-x", "x" * 65, "a;b", "a_b"])
def test_an_invalid_hostname_is_refused(name: str) -> None:
    with pytest.raises(InvalidArguments):
        find_module("hostname").from_arguments({"name": name})
