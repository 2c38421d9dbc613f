"""The benchmark runs, and the documents agree with its result files."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import delay, plot, report, results, transfer
from benchmarks import simulate as simulation
from benchmarks.simulation import Away, Connected, Host, Machine, Work, simulate
from benchmarks.tables import number
from tests.remote.sshd import needs_root, needs_sshd

ROOT = Path(__file__).parents[1]


def test_the_documents_agree_with_the_result_files() -> None:
    assert report.stale(results.load()) == [], "run: python -m benchmarks report"


@needs_sshd
@needs_root
def test_a_small_run_measures_every_installed_tool(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    options = ["--tools", "ssh,ssh-mux,provision,nothing", "--cells", "2@20", "--rounds", "1"]
    command = [sys.executable, "-m", "benchmarks", "run", *options, "--output", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    measured = results.load(file)
    assert list(measured.missing) == ["nothing"], measured.missing
    for name in ("ssh", "ssh-mux", "provision"):
        for run in ("first", "second"):
            assert measured.seconds(name, (2, 20), run), (name, run)
    assert measured.ratio("ssh", (2, 20), "second") == 1
    assert "| provision |" in report.PARTS["benchmark-second"](measured)
    assert "<svg" in plot.plot(measured)


@needs_sshd
@needs_root
def test_a_small_transfer_measures_every_method(tmp_path: Path) -> None:
    file = tmp_path / "transfer.json"
    options = ["--rounds", "1", "--megabytes", "5", "--output", str(file)]
    command = [sys.executable, "-m", "benchmarks", "transfer", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    transfers = transfer.load(file)
    for direction, labels in transfer.LABELS.items():
        linked = {name for name in transfers.seconds[direction] if name.startswith("link-")}
        assert set(transfers.seconds[direction]) == set(labels) | linked
        assert linked in (set(), {name for name in transfer.LINKED if not name.endswith("-more")})
        assert transfers.ratio(direction, "ssh") == transfers.ratio(direction, "ssh-open") == 1
    assert "| provision, the `copy` task of that run |" in transfer.tables(transfers)


def test_each_generated_part_has_its_markers_once_in_the_documents() -> None:
    text = "".join(path.read_text() for path in report.DOCUMENTS)
    for name in report.PARTS:
        assert text.count(f"<!-- begin {name} -->") == text.count(f"<!-- end {name} -->") == 1


@pytest.mark.parametrize(
    ("figure", "shown"), [(None, "–"), (0.98, "0.98"), (4.52, "4.5"), (57.1, "57")]
)
def test_figures_are_shown_with_two_significant_digits(figure: float | None, shown: str) -> None:
    assert number(figure) == shown


@pytest.mark.parametrize(
    ("costs", "machine", "wall", "connections"),
    [
        ([Connected(), Away(1)], Machine(slots=2), 5, 2),
        ([Connected(), Away(1)], Machine(slots=10), 1, 10),
        ([Connected(), Work(1)], Machine(slots=10), 10, 10),
        ([Connected(), Work(1)], Machine(slots=10, cores=5), 2, 10),
        ([Work(1), Connected(), Away(9)], Machine(slots=10), 19, 9),
        ([], Machine(slots=3), 0, 0),
    ],
    ids=[
        "few slots",
        "a slot for each",
        "one core",
        "five cores",
        "work and waiting",
        "nothing to do",
    ],
)
def test_the_simulation_counts_slots_cores_and_connections(
    costs: list[Away | Work | Connected], machine: Machine, wall: float, connections: int
) -> None:
    def host(_number: int) -> Host:
        yield from costs

    outcome = simulate(host, 10, machine)
    assert (outcome.wall, outcome.connections) == (wall, connections)


def test_a_simulation_of_50_hosts_is_measured_and_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "simulation.json"
    simulation.run(50, 10, "", file)
    monkeypatch.setattr(simulation, "FILE", file)
    section = simulation.section()
    assert section.startswith("50 hosts, 20 ms away")
    assert section.count("| 50 |") == len(simulation.MACHINES)


def test_the_proxy_delays_both_directions() -> None:
    assert asyncio.run(round_trip(0.1)) >= 0.1


async def round_trip(rtt: float) -> float:
    """Return the seconds that an echo takes through the proxy on an open connection."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    proxy = await delay.serve("127.0.0.2", "127.0.0.1", port, rtt)
    reader, writer = await asyncio.open_connection("127.0.0.2", port)
    async with server, proxy:
        for _ in range(2):  # the first one includes the time to connect
            started = time.perf_counter()
            writer.write(b"x")
            await reader.read(1)
        writer.close()
    return time.perf_counter() - started
