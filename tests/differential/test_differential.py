"""Run the cases with provision and compare with the recorded results of Ansible."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.differential import labside, provision_side, runner
from tests.differential.ansible_side import CORE, Ansible, ansible
from tests.differential.cases import Case, cases
from tests.differential.compare import Verdict, classify, differences, reasons
from tests.differential.observed import Observed
from tests.differential.table import MARK, tables
from tests.lab import Lab

CASES = cases()
RECORDED = runner.recorded()
LOCAL = [name for name, case in CASES.items() if case.where == "local"]
BUILTIN = ("blocks", "conditions", "handlers", "includes", "loops", "roles", "tags", "variables")
SAMPLE = sorted(name for name in LOCAL if name.partition(":")[0] in BUILTIN)[::25]
"""Number of cases that Ansible runs again, among those that need only its own modules."""
ON_A_HOST = [name for name, case in CASES.items() if case.where == "lab"]


def verdict(case: Case, runs: list[Observed]) -> Verdict:
    return classify(case, RECORDED[case.name]["runs"], runs)


def problems(found: Verdict) -> str:
    stale = [f"no difference any more at: {pattern}" for pattern in found.stale]
    return "\n".join([*map(str, found.unknown), *stale])


def test_there_are_300_cases_with_recorded_results() -> None:
    assert len(CASES) >= 300
    assert list(RECORDED) == sorted(CASES)


def test_no_case_has_changed_since_ansible_ran_it() -> None:
    changed = [name for name, case in CASES.items() if RECORDED[name]["digest"] != case.digest]
    assert not changed, "python -m tests.differential.record"


def test_ansible_runs_every_case_except_those_it_must_refuse() -> None:
    refused = [name for name, one in RECORDED.items() if one["runs"][0]["exit"] == "invalid"]
    assert refused == sorted(name for name, case in CASES.items() if case.refused)


def test_every_reason_is_in_the_list() -> None:
    used = {reason for case in CASES.values() for reason in case.differs.values()}
    assert used <= set(reasons())


@pytest.mark.parametrize("name", LOCAL)
def test_a_case_has_the_results_of_ansible(name: str, tmp_path: Path) -> None:
    runs = runner.run_local(CASES[name], tmp_path, provision_side.on_this_machine)
    assert not problems(verdict(CASES[name], runs))


@pytest.fixture(scope="module")
def core() -> Iterator[Ansible]:
    if not CORE.exists():
        pytest.skip("make setup installs ansible-core for this")
    with ansible(CORE) as process:
        yield process


@pytest.mark.parametrize("name", SAMPLE)
def test_ansible_still_has_the_recorded_results(name: str, tmp_path: Path, core: Ansible) -> None:
    runs = runner.run_local(CASES[name], tmp_path, core.run)
    assert differences(RECORDED[name]["runs"], runs) == []


def test_the_table_agrees_with_the_record() -> None:
    text = tables(CASES, RECORDED)
    page = (Path(__file__).parents[2] / "docs/differences.md").read_text("utf-8")
    assert page.split(MARK)[1].strip() == text.strip(), "python -m tests.differential.record"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    if sys.platform != "linux" or not shutil.which("apt-get"):
        pytest.skip("the lab needs root on Debian")
    with labside.lab() as made:
        yield made


@pytest.mark.lab
@pytest.mark.parametrize("name", ON_A_HOST)
def test_a_case_on_a_host_has_the_results_of_ansible(name: str, tmp_path: Path, lab: Lab) -> None:
    runs = labside.run_on(lab, CASES[name], tmp_path, provision_side.over_ssh)
    assert not problems(verdict(CASES[name], runs))
