"""The benchmark: it runs, and the documents say what its results say."""

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


def test_the_documents_say_what_the_results_say() -> None:
    assert report.stale(results.load()) == [], "run: python -m benchmarks report"


@needs_sshd
@needs_root
def test_a_small_run(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    options = ["--tools", "ssh,ssh-mux,provision,nothing", "--cells", "2@20", "--rounds", "1"]
    command = [sys.executable, "-m", "benchmarks", "run", *options, "--output", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = results.load(file)
    assert list(found.missing) == ["nothing"], found.missing
    for name in ("ssh", "ssh-mux", "provision"):
        for run in ("first", "second"):
            assert found.seconds(name, (2, 20), run), (name, run)
    assert found.ratio("ssh", (2, 20), "second") == 1
    assert "| provision |" in report.PARTS["benchmark-second"](found)
    assert "<svg" in plot.plot(found)


@needs_sshd
@needs_root
def test_a_small_transfer(tmp_path: Path) -> None:
    file = tmp_path / "transfer.json"
    options = ["--rounds", "1", "--megabytes", "5", "--output", str(file)]
    command = [sys.executable, "-m", "benchmarks", "transfer", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = transfer.load(file)
    for direction, labels in transfer.LABELS.items():
        linked = {way for way in found.seconds[direction] if way.startswith("link-")}
        assert set(found.seconds[direction]) == set(labels) | linked
        assert linked in (set(), {way for way in transfer.LINKED if not way.endswith("-more")})
        assert found.ratio(direction, "ssh") == found.ratio(direction, "ssh-open") == 1
    assert "| provision, the `copy` task of that run |" in transfer.tables(found)


def test_each_marker_of_a_part_stands_once_in_some_document() -> None:
    text = "".join(path.read_text() for path in report.DOCUMENTS)
    for name in report.PARTS:
        assert text.count(f"<!-- begin {name} -->") == text.count(f"<!-- end {name} -->") == 1


@pytest.mark.parametrize(
    ("figure", "shown"), [(None, "–"), (0.98, "0.98"), (4.52, "4.5"), (57.1, "57")]
)
def test_figures_have_the_digits_that_count(figure: float | None, shown: str) -> None:
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
    ids=["slots bind", "slots for all", "a core binds", "five cores", "both", "nothing to do"],
)
def test_the_simulation_counts_slots_cores_and_connections(
    costs: list[Away | Work | Connected], machine: Machine, wall: float, connections: int
) -> None:
    def host(_number: int) -> Host:
        yield from costs

    outcome = simulate(host, 10, machine)
    assert (outcome.wall, outcome.connections) == (wall, connections)


def test_a_simulated_fleet_is_measured_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "simulation.json"
    simulation.run(50, 10, "", file)
    monkeypatch.setattr(simulation, "FILE", file)
    said = simulation.section()
    assert said.startswith("50 hosts, 20 ms away")
    assert said.count("| 50 |") == len(simulation.MACHINES)


def test_the_proxy_delays_both_directions() -> None:
    assert asyncio.run(round_trip(0.1)) >= 0.1


async def round_trip(rtt: float) -> float:
    """Seconds that an echo takes through the proxy, once connected."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    proxy = await delay.serve("127.0.0.2", "127.0.0.1", port, rtt)
    reader, writer = await asyncio.open_connection("127.0.0.2", port)
    async with server, proxy:
        for _ in range(2):  # the first one waits for the connection as well
            started = time.perf_counter()
            writer.write(b"x")
            await reader.read(1)
        writer.close()
    return time.perf_counter() - started
