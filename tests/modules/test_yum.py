"""yum, with a fake rpm and yum."""

from __future__ import annotations

import os
from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from provisioner.modules.yum.specs import classify
from provisioner.remote.shell import Mode
from tests.modules import fake_yum
from tests.modules.conftest import Host
from tests.modules.fake_yum import installed, write


@pytest.fixture
def el7(host: Host) -> Host:
    """A host with bash, whose repository has docker-ce in two versions, and vim-enhanced."""
    fake_yum.install(host)
    return host


OLD = "docker-ce 3 25.0.0 1.el7 x86_64"
NEW = "docker-ce 3 26.1.4 1.el7 x86_64"
BASH = "bash - 4.2.46 35.el7 x86_64"

CHANGES: list[tuple[str, dict[str, Any], list[str], list[str]]] = [
    (BASH, {"name": "docker-ce"}, ["install docker-ce"], ["install docker-ce 3:26.1.4-1.el7"]),
    (BASH, {"name": ["bash", "docker-ce-25.0.0"]}, ["install docker-ce-25.0.0"],
     ["install docker-ce 3:25.0.0-1.el7"]),
    (BASH, {"name": "docker-ce-3:25.0.0-1.el7"}, ["install docker-ce-3:25.0.0-1.el7"],
     ["install docker-ce 3:25.0.0-1.el7"]),
    (BASH, {"name": "/usr/bin/vim"}, ["install /usr/bin/vim"],
     ["install vim-enhanced 2:7.4.629-8.el7"]),
    (BASH, {"name": "vim"}, ["install vim"], ["install vim-enhanced 2:7.4.629-8.el7"]),
    (OLD, {"name": "docker-ce >= 3:26"}, ["install docker-ce >= 3:26"],
     ["update docker-ce 3:25.0.0-1.el7 to 3:26.1.4-1.el7"]),
    (OLD, {"name": "docker-ce", "state": "latest"}, ["update docker-ce to 26.1.4-1.el7"],
     ["update docker-ce 3:25.0.0-1.el7 to 3:26.1.4-1.el7"]),
    (OLD, {"name": ["docker-ce", "bash"], "state": "latest"},
     ["install bash", "update docker-ce to 26.1.4-1.el7"],
     ["install bash 4.2.46-35.el7", "update docker-ce 3:25.0.0-1.el7 to 3:26.1.4-1.el7"]),
    (f"{BASH}\n{OLD}", {"name": "*", "state": "latest"}, ["update docker-ce to 26.1.4-1.el7"],
     ["update docker-ce 3:25.0.0-1.el7 to 3:26.1.4-1.el7"]),
    (NEW, {"name": "docker-ce-25.0.0", "allow_downgrade": True}, ["install docker-ce-25.0.0"],
     ["downgrade docker-ce 3:26.1.4-1.el7 to 3:25.0.0-1.el7"]),
    (BASH, {"name": "docker-*"}, ["install docker-*"], ["install docker-ce 3:26.1.4-1.el7"]),
    (NEW, {"name": ["docker-ce", "none"], "state": "absent"}, ["remove docker-ce"],
     ["remove docker-ce 3:26.1.4-1.el7"]),
    (NEW, {"name": "docker-*", "state": "removed"}, ["remove docker-ce"],
     ["remove docker-ce 3:26.1.4-1.el7"]),
    (BASH, {"name": "http://x/docker-ce-26.1.4-1.el7.x86_64.rpm"},
     ["install http://x/docker-ce-26.1.4-1.el7.x86_64.rpm"],
     ["install docker-ce 3:26.1.4-1.el7"]),
]  # fmt: skip


@pytest.mark.parametrize(("db", "arguments", "looked", "applied"), CHANGES)
def test_a_look_and_a_run_report_the_changes_and_a_second_run_none(
    el7: Host, db: str, arguments: dict[str, Any], looked: list[str], applied: list[str]
) -> None:
    write(el7, db=db)
    el7.fake("curl", "exit 7")
    before = (el7.root / "db").read_bytes()
    assert list(el7.look("yum", **arguments).changes) == looked
    assert (el7.root / "db").read_bytes() == before
    report = el7.run("yum", **arguments)
    assert (report.failed, list(report.changes)) == (None, applied)
    assert el7.run("yum", **arguments).changes == ()
    assert el7.look("yum", **arguments).changes == ()


FINE: list[tuple[str, dict[str, Any]]] = [
    (OLD, {"name": "docker-ce"}),
    (OLD, {"name": "docker-ce.x86_64", "state": "installed"}),
    (OLD, {"name": "3:docker-ce-25.0.0"}),
    (OLD, {"name": "docker-ce < 3:26"}),
    (BASH, {"name": "docker-ce", "state": "absent"}),
    (BASH, {"name": "docker-ce", "state": "latest", "update_only": True}),
    (BASH, {"name": []}),
]


@pytest.mark.parametrize(("db", "arguments"), FINE)
def test_a_desired_state_that_is_reached_already_is_no_change(
    el7: Host, db: str, arguments: dict[str, Any]
) -> None:
    write(el7, db=db)
    assert el7.look("yum", **arguments).changes == ()
    assert el7.run("yum", **arguments).changes == ()


def test_a_look_takes_one_rpm_process_for_all_names(el7: Host) -> None:
    write(el7, db=f"{BASH}\n{OLD}")
    el7.look("yum", name=["bash", "docker-ce-25.0.0", "docker-ce"])
    calls = [call for call in el7.calls() if call.startswith(("rpm", "yum"))]
    assert len(calls) == 1


def test_all_missing_packages_are_installed_in_one_transaction(el7: Host) -> None:
    el7.run("yum", name=["vim-enhanced", "docker-ce"])
    (call,) = (call for call in el7.calls() if call.startswith("yum"))
    assert call.endswith("-y install vim-enhanced docker-ce")


def test_parameters_become_options_of_yum(el7: Host) -> None:
    el7.run(
        "yum",
        name="docker-ce",
        disablerepo="*",
        enablerepo=["a", "b"],
        exclude="k*",
        disable_gpg_check=True,
        validate_certs=False,
        releasever="7",
        conf_file="/x",
        update_cache=True,
    )
    clean, install = (call for call in el7.calls() if call.startswith("yum"))
    assert "-q clean expire-cache" in clean
    for option in ("--disablerepo=* --enablerepo=a --enablerepo=b", "--exclude=k*", "--nogpgcheck",
                   "--setopt=sslverify=0", "--releasever=7", "--config=/x"):  # fmt: skip
        assert option in install


def test_names_that_yum_ignores_fail_and_the_repositories_are_named(el7: Host) -> None:
    report = el7.run("yum", name=["nosuch", "docker-ce", "none"])
    assert report.failed == (
        "install nosuch, docker-ce, none: "
        "No package matching 'nosuch', 'none' found available, installed or updated. "
        "The enabled repositories don't have it: base, extras"
    )
    assert installed(el7) == ["bash-4.2.46", "docker-ce-26.1.4"]
    assert report.changes == ("install docker-ce 3:26.1.4-1.el7",)


def test_a_newer_version_is_kept_with_a_warning_unless_downgrades_are_allowed(el7: Host) -> None:
    write(el7, db=NEW)
    for how in (el7.look, el7.run):
        report = how("yum", name="docker-ce-25.0.0")
        assert (report.failed, report.changes) == (None, ())
        assert report.all("warning") == (
            "docker-ce 3:26.1.4-1.el7 is installed and newer than docker-ce-25.0.0, so it is kept:"
            " set allow_downgrade: true to downgrade it",
        )
    assert installed(el7) == ["docker-ce-26.1.4"]


REASONS = [
    ("Package x.rpm is not signed\nError: GPG check FAILED", "a signature was refused"),
    ("Public key for x.rpm is not installed", "a signature was refused"),
    ("Could not retrieve mirrorlist http://mirrorlist.centos.org/?release=7", "an archive"),
    ("http://h/repodata/repomd.xml: [Errno 14] curl#7\nTrying other mirror.\n"
     "failure: repodata/repomd.xml from base: [Errno 256] No more mirrors to try.",
     "a repository can't be read: http://h/repodata/repomd.xml: [Errno 14] curl#7"),
    ("Error: docker-ce conflicts with docker-1.13.1", "docker-ce conflicts with docker-1.13.1"),
    ("Error: Package: x\n           Requires: container-selinux >= 2:2.74", "container-selinux"),
    ("Disk Requirements:\n  At least 12MB more space needed on the / filesystem.", "disk is full"),
    ("Curl error (23): Failed writing received data to disk/application", "disk is full"),
    ("error: rpmdb: BDB0113 Thread/process 1 failed\nDB_RUNRECOVERY: Fatal error", "--rebuilddb"),
    ("Error: Nothing to do", "No package matching 'docker-ce' found"),
    ("can't create transaction lock on /var/lib/rpm/.rpm.lock", "another rpm is running"),
    ("Error: something new", "Error: something new"),
    ("", "yum ended with exit 1"),
]  # fmt: skip


@pytest.mark.parametrize(("message", "reason"), REASONS)
def test_errors_of_yum_are_explained(el7: Host, message: str, reason: str) -> None:
    write(el7, yum_says=message)
    el7.fake("df", "echo '/dev/sda1 9 0 9 0% /'")
    report = el7.run("yum", name="docker-ce")
    assert reason in (report.failed or "")
    assert report.get("stderr").strip() == message
    assert (report.get("rc"), report.changes) == ("1", ())


def test_a_download_that_fails_on_a_full_disk_names_the_disk(el7: Host) -> None:
    write(el7, yum_says="Error: Failed to download metadata for repo 'base'")
    el7.fake("df", "echo '/dev/sda1 9 9 0 100% /var'")
    assert "disk is full: /var has no free block" in (el7.run("yum", name="docker-ce").failed or "")


def test_a_run_waits_for_the_lock_and_then_fails_with_its_holder(el7: Host) -> None:
    pid = os.getpid()
    (el7.root / "var/run").mkdir(parents=True)
    (el7.root / "var/lib/rpm").mkdir(parents=True)
    (el7.root / "var/run/yum.pid").write_text(str(pid))
    arguments: dict[str, Any] = {"name": "docker-ce", "installroot": str(el7.root)}
    failed = el7.run("yum", **arguments, lock_timeout=3).failed or ""
    assert f"yum is locked by PID {pid}" in failed
    assert "after 3 s" in failed
    assert len([call for call in el7.calls() if call.startswith("sleep")]) == 3
    (el7.root / "var/run/yum.pid").write_text("999999999")
    assert el7.run("yum", **arguments).changes


def test_a_run_waits_for_a_lock_that_only_yum_reports(el7: Host) -> None:
    write(el7, yum_says="Another app is currently holding the yum lock; exiting as configured")
    el7.fake("sleep", f"rm {el7.root}/yum_says")
    assert el7.run("yum", name="docker-ce").changes
    write(el7, yum_says="x", yum_exit="200")
    assert "yum is locked" in (el7.run("yum", name="vim-enhanced", lock_timeout=0).failed or "")


@pytest.mark.parametrize("state", ["present", "absent", "latest"])
def test_a_broken_rpm_database_is_a_failure_and_not_changed(el7: Host, state: str) -> None:
    write(el7, broken="error: rpmdb: BDB0113 Thread/process 7/8 failed: BDB1507 Thread died")
    modes: tuple[Mode, ...] = ("look", "apply")
    for how in modes:
        failed = el7.run("yum", how, name="bash", state=state).failed or ""
        assert "rpm's database (/var/lib/rpm) can't be read: rpmdb: BDB0113" in failed
    assert not [call for call in el7.calls() if call.startswith("yum")]


def test_a_package_that_is_installed_in_two_versions_is_a_failure(el7: Host) -> None:
    write(el7, db=f"kernel - 3.10.0 1.el7 x86_64\nkernel - 3.10.0 2.el7 x86_64\n{OLD}\n{NEW}")
    assert el7.look("yum", name=["kernel", "kernel-3.10.0-1.el7"]).failed is None
    for state in ("present", "latest"):
        failed = el7.run("yum", name=["kernel", "docker-ce"], state=state).failed or ""
        assert "docker-ce.x86_64 is installed in two versions" in failed
    assert not [call for call in el7.calls() if call.startswith("yum")]


def test_a_host_without_rpm_is_a_failure_that_says_so(el7: Host) -> None:
    el7.fake("rpm", "exit 127")
    assert "rpm is not installed" in (el7.look("yum", name="bash").failed or "")


def test_a_look_with_latest_does_not_fail_on_an_unreachable_repository(el7: Host) -> None:
    write(el7, yum_says="Cannot find a valid baseurl for repo: base/7/x86_64")
    assert el7.look("yum", name="bash", state="latest").changes == ("update bash",)
    assert "valid baseurl" in (el7.run("yum", name="bash", state="latest").failed or "")


def test_downloading_metadata_is_not_a_change(el7: Host) -> None:
    assert el7.look("yum", update_cache=True).changes == ("refresh the metadata",)
    assert el7.run("yum", update_cache=True).changes == ()
    assert [call for call in el7.calls() if "makecache" in call]


def test_results_and_changes_are_returned(el7: Host) -> None:
    arguments = {"name": ["docker-ce", "bash"]}
    changes = {"installed": ["docker-ce"], "updated": [], "removed": []}
    for how in (el7.look, el7.run):
        values = el7.values("yum", how("yum", **arguments), **arguments)
        assert (values["changes"], values["msg"]) == (changes, "")
    values = el7.values("yum", el7.run("yum", **arguments), **arguments)
    assert values["results"] == ["docker-ce is installed already", "bash is installed already"]


def test_results_name_packages_that_are_not_installed(el7: Host) -> None:
    for arguments, results in (
        ({"name": ["no-*", "none"], "state": "absent"},
         ["none is not installed", "no-* is not installed"]),
        ({"name": "docker-ce", "state": "latest", "update_only": True},
         ["Packages providing docker-ce not installed due to update_only specified"]),
    ):  # fmt: skip
        report = el7.run("yum", **arguments)
        assert report.changes == ()
        assert el7.values("yum", report, **arguments)["results"] == results


def test_a_listing_is_read_from_rpm_and_yum(el7: Host) -> None:
    el7.fake(
        "yum",
        "printf 'Available Packages\\na.noarch  1:2.0-3.el7  base\\n"
        "a-very-long-name.x86_64\\n                 4-5  @extras\\n'",
    )
    arguments = {"list": "bash"}
    found = el7.values("yum", el7.look("yum", **arguments), **arguments)["results"]
    assert [(item["nevra"], item["repo"], item["yumstate"]) for item in found] == [
        ("bash-0:4.2.46-35.el7.x86_64", "installed", "installed"),
        ("a-1:2.0-3.el7.noarch", "base", "available"),
        ("a-very-long-name-0:4-5.x86_64", "extras", "available"),
    ]


SPECS = [
    ("docker-ce", "names", "docker-ce=docker-ce==docker-ce"),
    ("docker-ce-26.1.4", "names", "docker-ce-26.1.4=docker-ce=26.1.4=docker-ce-26.1.4"),
    ("java-1.8.0-openjdk", "names", "java-1.8.0-openjdk=java-1.8.0-openjdk==java-1.8.0-openjdk"),
    ("a-2:1.0-3.el7.noarch", "names", "a-1.0-3.el7.noarch=a=2:1.0-3.el7=a-2:1.0-3.el7.noarch"),
    ("a>=1:2", "versions", "a >= 1:2"),
    ("@Development Tools", "asked", "@Development Tools"),
    ("@^minimal", "asked", "@^minimal"),
    ("py*", "asked", "py*"),
    ("perl(Foo::Bar)", "provided", "perl(Foo::Bar)"),
    ("/usr/bin/x", "provided", "/usr/bin/x"),
    ("/tmp/x-1-1.noarch.rpm", "files", "x-1-1.noarch=/tmp/x-1-1.noarch.rpm"),
    ("https://h/x.rpm?a=b", "files", "x=https://h/x.rpm?a=b"),
]


@pytest.mark.parametrize(("spec", "kind", "item"), SPECS)
def test_a_name_is_sorted_by_how_it_is_looked_up(spec: str, kind: str, item: str) -> None:
    assert classify(spec) == (kind, item)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"name": "a", "list": "b"},
        {"name": "--nogpgcheck"},
        {"autoremove": True, "state": "latest"},
    ],
)
def test_contradicting_parameters_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidArguments):
        find_module("yum").from_arguments(arguments)


def test_aliases_and_ignored_parameters_are_accepted() -> None:
    for name in ("package", "dnf", "ansible.builtin.yum"):
        found = find_module(name).from_arguments(
            {"pkg": "a, b", "state": "removed", "expire-cache": True}
        )
        assert found.as_dict()["name"] == ("a", "b")
    assert (
        find_module("package")
        .from_arguments({"name": "a", "use": "yum"})
        .variables()["use_backend"]
    )
    of_apt = {"cache_valid_time": 3600, "purge": True}
    assert find_module("package").from_arguments({"name": "a", **of_apt}).variables()["name"] == (
        "a",
    )
