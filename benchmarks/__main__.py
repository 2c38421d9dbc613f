"""`python -m benchmarks`: measure, write the results to a file, generate the documents from it."""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import hosts, measure, report, results
from benchmarks.peers import DEFAULT_FOLDER, NotInstalled
from benchmarks.scale import FILE as FLEET
from benchmarks.scale import measure_all
from benchmarks.tools import BASELINE, NAMES, Cell, Tool, tool

CELLS = "1,10,50,100,10@20,10@100"


def main() -> int:
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # not without ending the hosts
    command: str = options.command
    if command == "report":
        return _report(options)
    if command == "profile":
        from benchmarks.profiling import profile

        profile(options.hosts, options.lines)
        return 0
    if command == "scale":
        return _scale(options)
    return _run(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="measure (as root, with openssh-server)")
    run.add_argument("--tools", default=",".join(NAMES), help="of: %(default)s")
    run.add_argument("--cells", default=CELLS, help="HOSTS[@ROUND_TRIP_MS],… (%(default)s)")
    run.add_argument("--runs", default="first,second", help="first, second or both")
    run.add_argument("--rounds", type=int, default=5)
    run.add_argument("--no-memory", action="store_true", help="skip the extra run for memory")
    run.add_argument("--note", default="", help="what to say about the machine's state")
    run.add_argument("--output", type=Path, default=results.FILE)
    run.add_argument("--peers", type=Path, default=DEFAULT_FOLDER, help="where peers are installed")
    write = commands.add_parser("report", help="write the documents' parts from the result file")
    write.add_argument("--check", action="store_true", help="only say whether they are up to date")
    write.add_argument("--results", type=Path, default=results.FILE)
    show = commands.add_parser("profile", help="where provision's own CPU time goes")
    show.add_argument("--hosts", type=int, default=50)
    show.add_argument("--lines", type=int, default=25)
    _add_scale(commands.add_parser("scale", help="a thousand hosts: time, CPU, memory"))
    return parser


def _add_scale(scale: argparse.ArgumentParser) -> None:
    scale.add_argument("--hosts", default="50,250,500,1000", help="%(default)s")
    scale.add_argument("--sshds", type=int, default=100)
    scale.add_argument("--dead", type=int, default=10, help="percent of the largest fleet, 0: none")
    scale.add_argument("--workers", type=int, default=0, help="measure with --workers, too")
    scale.add_argument("--forks", type=int, default=50)
    scale.add_argument("--note", default="", help="what to say about the machine's state")
    scale.add_argument("--output", type=Path, default=FLEET)


def _scale(options: argparse.Namespace) -> int:
    counts = [int(word) for word in options.hosts.split(",")]
    measure_all(counts, options.sshds, options.dead, options.workers, options.forks,
                options.note, options.output)  # fmt: skip
    print(f"written: {options.output}")
    return 0


def _report(options: argparse.Namespace) -> int:
    found = results.load(options.results)
    outdated = report.stale(found)
    for path in outdated:
        print(f"{path}: {'is not what the results say' if options.check else 'written'}")
    if options.check:
        return 1 if outdated else 0
    for path, text in report.documents(found).items():
        path.write_text(text)
    return 0


def _run(options: argparse.Namespace) -> int:
    cells = [_cell(word) for word in options.cells.split(",")]
    found = results.Results(_about(options))
    tools = _tools(options, found)
    rtts = sorted({rtt for _, rtt in cells})
    with (
        tempfile.TemporaryDirectory(prefix="provision-bench-") as folder,
        hosts.fleet(Path(folder), max(count for count, _ in cells), rtts) as fleet,
    ):
        for number in range(options.rounds):
            for count, rtt in cells:
                # Another one begins in each round, so that none always follows the same.
                turn = number % len(tools)
                for each in tools[turn:] + tools[:turn]:
                    _measure(each, Cell(fleet, count, rtt), number, options, found)
            found.save(options.output)
    print(f"written: {options.output}")
    return 0


def _cell(word: str) -> tuple[int, int]:
    count, _, rtt = word.partition("@")
    return int(count), int(rtt or 0)


def _about(options: argparse.Namespace) -> dict[str, str]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "note": options.note,
    }


def _tools(options: argparse.Namespace, found: results.Results) -> list[Tool]:
    """Those that were asked for and are to be had, the baseline first."""
    names = options.tools.split(",")
    ready = []
    for name in [BASELINE, *(name for name in names if name != BASELINE)]:
        try:
            ready.append(tool(name, options.peers))
            found.tools[name] = ready[-1].label
        except NotInstalled as why:
            print(f"skipped: {name}: {why}", file=sys.stderr)
            found.missing[name] = str(why)
    return ready


def _measure(
    each: Tool, cell: Cell, number: int, options: argparse.Namespace, found: results.Results
) -> None:
    """One tool's runs of one round in one cell."""
    where = f"{each.name}, {report.cell_name((cell.hosts, cell.rtt))}"
    if where in found.missing:
        return
    try:
        if number == 0:
            _warm_up(each, cell, options, found)
        for run in options.runs.split(","):
            _measure_run(each, cell, run, found)
    except measure.FailedRun as problem:
        print(f"failed: {where}: {problem}", file=sys.stderr)
        found.missing[where] = str(problem).splitlines()[0]


def _measure_run(each: Tool, cell: Cell, run: str, found: results.Results) -> None:
    members = cell.members()
    if run == "first":
        hosts.reset(members)
    measured = measure.run(each.command(cell), each.environ(cell), cell.folder / "log")
    each.clean_up(cell)
    if problem := hosts.problem(members):
        raise measure.FailedRun(f"it did not do its work: {problem}")
    if run == "second" and each.has_changed(measured.output):
        raise measure.FailedRun(f"it changed something in a second run:\n{measured.output}")
    row = found.row(each.name, (cell.hosts, cell.rtt), run)
    row.wall.append(round(measured.wall, 4))
    row.cpu.append(round(measured.cpu, 4))
    print(f"{run:6} {cell.hosts:3} hosts {cell.rtt:3} ms {each.name:13}"
          f" {measured.wall:7.2f} s, CPU {measured.cpu:6.2f} s", flush=True)  # fmt: skip


def _warm_up(each: Tool, cell: Cell, options: argparse.Namespace, found: results.Results) -> None:
    """Bring the hosts to the tool's own end state, then once more to look at its memory."""
    hosts.reset(cell.members())
    log = cell.folder / "log"
    command = each.command(cell)
    measure.run(command, each.environ(cell), log)
    each.clean_up(cell)
    if not options.no_memory and "second" in _runs(options):
        peak = measure.memory(command, each.environ(cell), log)
        each.clean_up(cell)
        found.row(each.name, (cell.hosts, cell.rtt), "second").memory = round(peak, 1)


def _runs(options: argparse.Namespace) -> Sequence[str]:
    runs: list[str] = options.runs.split(",")
    return runs


if __name__ == "__main__":
    sys.exit(main())
