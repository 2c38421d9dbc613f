"""Fuzz a target, or `all`. Inputs that fail are kept in the corpus; the next run begins with it."""

from __future__ import annotations

import argparse
import hashlib
import sys

from tests.fuzz.fuzzer import CORPUS, fuzz, megabytes
from tests.fuzz.targets import TARGETS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=[*TARGETS, "all"])
    parser.add_argument("--seconds", type=float, default=60, help="time for each target")
    parser.add_argument("--count", type=int, default=1 << 60, help="most inputs for each target")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    failed = False
    for target in TARGETS if options.target == "all" else [options.target]:
        count, failure = fuzz(target, options.seconds, options.count, options.seed)
        print(f"{target}: {count} inputs, {megabytes()} MiB", flush=True)
        if failure is not None:
            failed = True
            name = hashlib.sha256(failure.data).hexdigest()[:12]
            (CORPUS / target / name).write_bytes(failure.data)
            print(f"{failure.data!r}\n{failure.reason}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
