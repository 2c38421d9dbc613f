"""Run the races of a target, or of `all`, and print what came of them."""

from __future__ import annotations

import argparse
import sys

from tests.modules.conftest import SHELLS
from tests.races.race import is_possible, races, run
from tests.races.targets import TARGETS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.races", description=__doc__)
    parser.add_argument("target", choices=[*TARGETS, "all"])
    parser.add_argument("--rounds", type=int, default=10_000, help="rounds of each race")
    parser.add_argument("--shell", choices=SHELLS, default="dash")
    options = parser.parse_args()
    if not is_possible():
        parser.error("run it as root: the task runs as root, the swaps as another user")
    lost = False
    for title, target, is_folder in races(options.target):
        outcome = run(target, is_folder, options.rounds, options.shell)
        lost = lost or bool(outcome.harm)
        print(
            f"{title}: {outcome.rounds} rounds in {outcome.seconds:.0f} s, "
            f"{outcome.changed} changed, {outcome.failures.total()} failed",
            flush=True,
        )
        for reason, number in outcome.failures.most_common(5):
            print(f"  {number} x {reason}")
        for harm in outcome.harm:
            print(f"  HARM: {harm}", flush=True)
    return int(lost)


if __name__ == "__main__":
    sys.exit(main())
