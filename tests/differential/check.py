"""Run a sample of the cases with Ansible again: `python -m tests.differential.check [N]`.

It runs N (20) random cases and prints where Ansible differs from the record.
"""

from __future__ import annotations

import random
import sys

from tests.differential import runner
from tests.differential.cases import cases
from tests.differential.compare import differences
from tests.differential.record import record


def main(count: int) -> int:
    chosen = random.sample(list(cases().values()), count)
    before, now = runner.recorded(), record(chosen)
    bad = 0
    for name, entry in now.items():
        found = differences(before[name]["runs"], entry["runs"])
        bad += bool(found)
        for difference in found:
            print(f"{name}: {difference}")
    print(f"{count} cases run by Ansible again: {bad} differ from the record")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
