"""The module selogin, with a fake semanage that keeps logins."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.modules import find_module
from tests.modules.conftest import Host, listing

SEMANAGE = r"""
[ "$1" = login ] || exit 2
shift
cd %s || exit
if [ "$1" = -l ]; then
    printf '\n%%-20s %%-20s %%-20s Service\n\n' 'Login Name' 'SELinux User' 'MLS/MCS Range'
    cat logins
    exit
fi
[ "$1" != -N ] || shift
for login; do :; done
known=$(grep -c "^$login " logins)
case $1$known in
    -a1) echo "Login mapping for $login is already defined" >&2; exit 1 ;;
    -m0 | -d0) echo "Login mapping for $login is not defined" >&2; exit 1 ;;
esac
grep -v "^$login " logins >new
mv new logins
[ "$1" = -d ] || printf '%%-20s %%-20s %%-20s *\n' "$login" "$3" "$5" >>logins
"""
LOGINS = """__default__          unconfined_u         s0-s0:c0.c1023       *
root                 unconfined_u         s0-s0:c0.c1023       *
"""
COMMON: dict[str, Any] = {"ignore_selinux_state": True}


@pytest.fixture
def policy(host: Host) -> Host:
    (host.root / "logins").write_text(LOGINS)
    host.fake("semanage", SEMANAGE % host.root)
    return host


def run_twice(host: Host, **arguments: Any) -> list[str]:
    """Look, apply, apply again: the calls that changed something."""
    before = listing(host.root)
    looked = host.look("selogin", **COMMON, **arguments).changes
    assert listing(host.root) == before
    host.calls()
    report = host.run("selogin", **COMMON, **arguments)
    assert (report.failed, report.changes) == (None, looked)
    calls = [call for call in host.calls() if " -l" not in call]
    assert host.run("selogin", **COMMON, **arguments).changes == ()
    return calls


def test_a_login_is_mapped_changed_and_unmapped_once(policy: Host) -> None:
    args = {"login": "ops", "seuser": "staff_u"}
    assert run_twice(policy, **args) == ["semanage login -a -s staff_u -r s0 ops"]
    args |= {"serange": "s0-s0:c0.c1023", "reload": "no"}
    assert run_twice(policy, **args) == ["semanage login -N -m -s staff_u -r s0-s0:c0.c1023 ops"]
    assert run_twice(policy, login="ops", state="absent") == ["semanage login -d ops"]
    assert (policy.root / "logins").read_text() == LOGINS


def test_the_default_login_can_be_mapped(policy: Host) -> None:
    assert run_twice(policy, login="__default__", seuser="user_u") == [
        "semanage login -m -s user_u -r s0 __default__"
    ]


def test_a_failing_semanage_is_a_failure(host: Host) -> None:
    host.fake("semanage", "echo 'ValueError: SELinux policy is not managed' >&2; exit 1")
    for args in ({"seuser": "staff_u"}, {"state": "absent"}):
        report = host.run("selogin", **COMMON, login="ops", **args)
        assert (report.changes, report.failed) == (
            (),
            "semanage login -l failed: the reason is in its output above",
        )


def test_without_semanage_a_look_reports_a_change_and_a_run_fails(host: Host) -> None:
    args = {**COMMON, "login": "ops", "seuser": "staff_u"}
    report = host.run("selogin", "check", **args)
    assert (report.failed, report.changes) == (None, ("map ops to staff_u (s0)",))
    assert "policycoreutils-python" in report.get("assumed")
    assert "policycoreutils-python" in (host.run("selogin", **args).failed or "")


@pytest.mark.parametrize("args", [{}, {"seuser": "a b"}, {"seuser": "x", "selevel": "-l"}])
def test_an_invalid_login_is_refused(args: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"seuser|is not a valid account"):
        find_module("selogin").from_arguments({"login": "ops", **args})
