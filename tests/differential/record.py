"""Record Ansible's results of the cases: `python -m tests.differential.record [PATTERN …]`.

Without patterns all cases run, on this machine and on a lab host (ten minutes). With patterns
only matching cases run, and with `changed` those that have changed. It writes recorded.json and
the table in docs/differences.md. It needs root and, the first time, PyPI: Ansible is installed
into /var/cache/provision-ansible (or the folder in PROVISION_ANSIBLE_VENV).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tests.differential import labside, runner, table
from tests.differential.ansible_side import ansible, venv
from tests.differential.cases import Case, cases

Recorded = dict[str, Any]


def on_this_machine(chosen: Sequence[Case]) -> Recorded:
    """Return the record of cases that need no lab host."""
    found: Recorded = {}
    with ansible() as process:
        for case in chosen:
            with tempfile.TemporaryDirectory() as folder:
                runs = runner.run_local(case, Path(folder), process.run)
            found[case.name] = {"digest": case.digest, "runs": runs}
    return found


def on_a_host(chosen: Sequence[Case]) -> Recorded:
    """Return the record of cases that need a lab host."""
    found: Recorded = {}
    if not chosen:
        return found
    with labside.lab() as lab, ansible() as process:
        tool = replace(process, options=(), interpreter=labside.INTERPRETER)
        for case in chosen:
            with tempfile.TemporaryDirectory() as folder:
                runs = labside.run_on(lab, case, Path(folder), tool.run)
            found[case.name] = {"digest": case.digest, "runs": runs}
    return found


def record(chosen: Sequence[Case]) -> Recorded:
    """Return name ▶ result of Ansible, for the cases."""
    local = [case for case in chosen if case.where == "local"]
    venv()
    with ThreadPoolExecutor(2) as pool:
        parts = [*pool.map(on_this_machine, [local[0::2], local[1::2]])]
    parts.append(on_a_host([case for case in chosen if case.where == "lab"]))
    return {name: entry for part in parts for name, entry in part.items()}


def main(patterns: Sequence[str]) -> None:
    before = runner.recorded()
    chosen = [case for case in cases().values() if _wanted(case, patterns, before)]
    found = {**before, **record(chosen)}
    kept = {name: found[name] for name in sorted(cases())}
    runner.write(kept)
    table.write(cases(), kept)
    print(f"{len(chosen)} cases recorded, {len(kept)} in all")


def _wanted(case: Case, patterns: Sequence[str], before: Recorded) -> bool:
    if "changed" in patterns:
        return bool(before.get(case.name, {}).get("digest") != case.digest)
    return not patterns or any(fnmatchcase(case.name, pattern) for pattern in patterns)


if __name__ == "__main__":
    main(sys.argv[1:])
