"""The module setup on this machine. How the texts become facts is tested in tests/facts."""

from __future__ import annotations

import os
import platform
from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host, listing


def gather(host: Host, **arguments: Any) -> dict[str, Any]:
    report = host.look("setup", **arguments)
    assert report.done, report.failed
    assert not report.changes
    facts: dict[str, Any] = host.values("setup", report, **arguments)["ansible_facts"]
    return facts


def test_the_facts_of_this_machine_agree_with_python(host: Host) -> None:
    facts = gather(host)
    uname = platform.uname()
    assert facts["ansible_system"] == uname.system
    assert facts["ansible_kernel"] == uname.release
    assert facts["ansible_kernel_version"] == uname.version
    assert facts["ansible_machine"] == uname.machine
    assert facts["ansible_nodename"] == uname.node
    assert facts["ansible_user_uid"] == os.geteuid()
    assert facts["ansible_processor_nproc"] == len(os.sched_getaffinity(0))
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024 // 1024
    assert facts["ansible_memtotal_mb"] == total
    assert facts["ansible_date_time"]["epoch"].isdigit()


def test_the_version_of_python_on_the_host_is_a_fact(host: Host) -> None:
    facts = gather(host)
    if not any(os.access(f"/usr/bin/{name}", os.X_OK) for name in ("python", "python3")):
        pytest.skip("there is no /usr/bin/python3 here")
    info = facts["ansible_python"]
    assert facts["ansible_python_version"] == ".".join(map(str, info["version_info"][:3]))
    assert os.access(info["executable"], os.X_OK)
    assert "ansible_python" not in gather(host, gather_subset=["!all", "!min", "network"])


def test_variables_of_the_environment_are_never_taken_for_records(host: Host) -> None:
    host.environment |= {"failed": "no", "changed": "x=y\nz", "done": "\x01"}
    env = gather(host, gather_subset="env")["ansible_env"]
    assert (env["failed"], env["changed"], env["done"]) == ("no", "x=y\nz", "\x01")


def test_only_the_requested_facts_are_collected(host: Host) -> None:
    host.fake("ip", "exit 1")
    host.fake("find", "exit 1")
    gather(host, gather_subset=["!all"])
    assert host.calls() == []
    assert set(gather(host, filter="ansible_kernel")) == {"ansible_kernel"}


def test_missing_commands_only_omit_facts(host: Host) -> None:
    for name in ("ip", "find", "getent", "hostname", "date", "stat"):
        host.fake(name, "exit 127")
    facts = gather(host)
    assert facts["ansible_interfaces"] == []
    assert facts["ansible_date_time"] == {}
    assert facts["ansible_os_family"]


def test_local_facts_are_read_or_run(host: Host) -> None:
    (host.root / "plain.fact").write_text("[s]\nk=v\n")
    script = host.root / "run.fact"
    script.write_text("#!/bin/sh\necho '{\"a\": 1}'\n")
    script.chmod(0o755)
    (host.root / "bad.fact").write_text("#!/bin/sh\nexit 3\n")
    (host.root / "bad.fact").chmod(0o755)
    before = listing(host.root)
    facts = gather(host, fact_path=str(host.root))["ansible_local"]
    assert facts["plain"] == {"s": {"k": "v"}}
    assert facts["run"] == {"a": 1}
    assert "rc: 3" in facts["bad"]
    assert listing(host.root) == before


def test_an_unknown_subset_is_refused() -> None:
    with pytest.raises(InvalidArguments, match="no part called nonsense"):
        find_module("setup").from_arguments({"gather_subset": ["nonsense"]})
    find_module("setup").from_arguments({"gather_subset": ["!nonsense"]})
