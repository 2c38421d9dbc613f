"""The command `python -m benchmarks`: measure, write result files, generate documents from them."""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import dockerrun, report, results, runs, scale, simulate, transfer
from benchmarks.measure import TIMEOUT
from benchmarks.peers import DEFAULT_FOLDER
from benchmarks.tools import NAMES

CELLS = "1,10,50,100,1@20,10@20,1@100,10@100"


def main() -> int:
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # clean-up stops the hosts
    status: int | None = options.action(options)
    return status or 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="measure the play (as root, with openssh-server)")
    run.set_defaults(action=_run)
    run.add_argument("--tools", default=",".join(NAMES), help="NAME,… (%(default)s)")
    run.add_argument("--cells", default=CELLS, help="HOSTS[@ROUND_TRIP_MS],… (%(default)s)")
    run.add_argument("--runs", default="first,second", help="first, second or both")
    run.add_argument("--no-memory", action="store_true", help="skip the extra run for memory")
    run.add_argument(
        "--only",
        action="append",
        default=[],
        type=runs.parse_restriction,
        metavar="TOOL=CELL,…",
        help="measure that tool in these cells only",
    )
    run.add_argument("--longest", type=float, default=TIMEOUT, help="skip longer runs (s)")
    run.add_argument("--peers", type=Path, default=DEFAULT_FOLDER, help="where peers are installed")
    _add_output(run, results.FILE, rounds=5)
    files = commands.add_parser("transfer", help="measure sending and fetching a large file")
    files.set_defaults(action=_transfer)
    files.add_argument("--megabytes", type=int, default=100)
    _add_output(files, transfer.FILE, rounds=7)
    docker = commands.add_parser("docker", help="measure docker.yml on hosts of the lab")
    docker.set_defaults(action=_docker)
    _add_output(docker, dockerrun.FILE, rounds=5)
    _add_scale(commands.add_parser("scale", help="measure a thousand hosts: time, CPU, memory"))
    _add_simulate(commands.add_parser("simulate", help="simulate a hundred thousand hosts"))
    write = commands.add_parser("report", help="update the documents from the result files")
    write.set_defaults(action=_report)
    write.add_argument("--check", action="store_true", help="only list outdated documents")
    write.add_argument("--results", type=Path, default=results.FILE)
    show = commands.add_parser("profile", help="show where provision spends CPU time")
    show.set_defaults(action=_profile)
    show.add_argument("--hosts", type=int, default=50)
    show.add_argument("--lines", type=int, default=25)
    return parser


def _add_scale(command: argparse.ArgumentParser) -> None:
    command.set_defaults(action=_scale)
    command.add_argument("--hosts", default="50,250,500,1000", help="%(default)s")
    command.add_argument("--sshds", type=int, default=100)
    command.add_argument("--dead", type=int, default=10, help="dead hosts, in percent")
    command.add_argument("--workers", type=int, default=0, help="also measure with --workers N")
    command.add_argument("--forks", type=int, default=50)
    command.add_argument("--note", default="", help="a sentence about the machine's state")
    command.add_argument("--output", type=Path, default=scale.FILE)


def _add_simulate(command: argparse.ArgumentParser) -> None:
    command.set_defaults(action=_simulate)
    command.add_argument("--hosts", type=int, default=100_000)
    command.add_argument("--sample", type=int, default=1000, help="number of hosts that really run")
    command.add_argument("--note", default="", help="a sentence about the machine's state")
    command.add_argument("--output", type=Path, default=simulate.FILE)


def _add_output(command: argparse.ArgumentParser, file: Path, rounds: int) -> None:
    command.add_argument("--rounds", type=int, default=rounds)
    command.add_argument("--note", default="", help="a sentence about the machine's state")
    command.add_argument("--output", type=Path, default=file)


def _about(options: argparse.Namespace) -> dict[str, str]:
    """Return the conditions of a measurement, which its result file begins with."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "note": options.note,
    }


def _run(options: argparse.Namespace) -> None:
    runs.run(options, _about(options))
    print(f"written: {options.output}")


def _transfer(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="provision-bench-") as folder:
        transfers = transfer.run(Path(folder), options.rounds, options.megabytes, _about(options))
    transfers.save(options.output)
    print(transfer.tables(transfers))


def _docker(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="provision-bench-") as folder:
        docker_runs = dockerrun.run(Path(folder), options.rounds, _about(options))
    docker_runs.save(options.output)
    print(dockerrun.table(docker_runs))


def _scale(options: argparse.Namespace) -> None:
    counts = [int(word) for word in options.hosts.split(",")]
    scale.measure_all(counts, options.sshds, options.dead, options.workers, options.forks,
                      options.note, options.output)  # fmt: skip
    print(f"written: {options.output}")


def _simulate(options: argparse.Namespace) -> None:
    simulate.run(options.hosts, options.sample, options.note, options.output)
    print(f"written: {options.output}")


def _profile(options: argparse.Namespace) -> None:
    from benchmarks.profiling import profile

    profile(options.hosts, options.lines)


def _report(options: argparse.Namespace) -> int:
    measured = results.load(options.results)
    outdated = report.stale(measured)
    for path in outdated:
        print(f"{path}: {'out of date' if options.check else 'written'}")
    if options.check:
        return 1 if outdated else 0
    for path, text in report.documents(measured).items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
