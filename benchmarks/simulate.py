"""Estimate a run on a hundred thousand hosts from measured costs.

Loading the inventory and planning are real, for all hosts. A sample of the hosts also runs the play
for real; the answers are recorded from one run on this machine. The cost of a connection comes from
`python -m benchmarks scale`. benchmarks/simulation.py simulates the rest.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

from benchmarks import hosts, scale
from benchmarks.simulation import Away, Connected, Host, Machine, Work, simulate
from provisioner.engine.batch import Batch
from provisioner.engine.effects import Answer, Exchange
from provisioner.engine.host_state import HostState
from provisioner.engine.roster import Roster
from provisioner.engine.run import world_of
from provisioner.engine.world import PlayWorld
from provisioner.fleet.host_sessions import HostSessions
from provisioner.fleet.login import Login
from provisioner.loading.inventory import load_inventory
from provisioner.loading.playbook import load_playbook
from provisioner.plan import Options, Plan, plan
from provisioner.remote.local import LocalConnection

FILE = Path(__file__).parent / "simulation.json"
MACHINES = (
    ("`-f 50`", Machine(50)),
    ("`-f 500`", Machine(500)),
    ("`-f 2000`", Machine(2000)),
    ("`-f 2000 --workers 4`", Machine(2000, 4)),
    ("`-f 10000 --workers 16`", Machine(10_000, 16)),
)
ROUND_TRIP, ON_HOST = 0.020, 0.5
"""Seconds: a round trip to a host, and the time that the play takes on the host itself."""
HANDSHAKES = 6
"""Round trips until the login is complete."""


@dataclass(frozen=True)
class Costs:
    """Measured costs in seconds and MB: planning for all hosts; the others for one host."""

    planning: float
    planned_memory: float
    host_run: float
    frames: int
    state_memory: float
    waiting_memory: float
    connection: float


def run(count: int, sample: int, note: str, file: Path) -> None:
    """Measure, simulate, and write `file`."""
    with tempfile.TemporaryDirectory(prefix="provision-bench-") as folder:
        costs = _measure_costs(Path(folder), count, sample)
    print(costs, flush=True)
    rows = []
    for label, machine in MACHINES:
        started = time.perf_counter()
        outcome = simulate(lambda _: _host(costs), count, machine)
        rows.append({"label": label, "cores": machine.cores, **asdict(outcome)})
        print(label, outcome, f"({time.perf_counter() - started:.1f} s)", flush=True)
    about = {
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "hosts": count,
        "sample": sample,
        "note": note,
    }
    data = {"about": about, "costs": asdict(costs), "rows": rows}
    file.write_text(json.dumps(data, indent=1) + "\n")


def _host(costs: Costs) -> Host:
    """Yield the costs of one host in their order."""
    yield Work(costs.connection)
    yield Away(HANDSHAKES * ROUND_TRIP)
    yield Connected()
    for _ in range(costs.frames):
        yield Work(costs.host_run / costs.frames)
        yield Away(ROUND_TRIP + ON_HOST / costs.frames)


# -- measuring


def _measure_costs(folder: Path, count: int, sample: int) -> Costs:
    root = folder / "h"
    os.environ["PATH"] = f"{hosts.PLAY / 'fakes'}:{os.environ['PATH']}"
    before, started = _pss(), time.process_time()
    planned = _planned(folder, count, root)
    planning, memory = time.process_time() - started, _pss() - before
    hosts.reset([hosts.Host("h", "", 0, root)])
    answers: list[Answer] = []
    for _ in range(2):  # the second run has nothing to change
        answers = _recorded(planned)
    host_run = _run_seconds(planned, answers, sample)
    state, suspended = _memory(planned, answers, sample)
    connection = max(0.0, _cpu_of_a_host() - host_run)
    return Costs(
        round(planning, 1), round(memory), host_run, len(answers), state, suspended, connection
    )


def _planned(folder: Path, count: int, root: Path) -> Plan:
    host_vars = {
        f"n{n:06}": {"ansible_host": str(IPv4Address(0x0A000000 + n))} for n in range(count)
    }
    inventory = folder / "hosts.yml"
    inventory.write_text(json.dumps({"all": {"vars": {"root": str(root)}, "hosts": host_vars}}))
    del host_vars
    return plan(load_inventory(str(inventory)), [load_playbook(_play(folder))], Options())


def _play(folder: Path) -> Path:
    play = folder / "provision.yml"
    play.write_text((hosts.PLAY / "provision.yml").read_text())
    (folder / "files").symlink_to(hosts.PLAY / "files")
    return play


def _batch(planned: Plan, names: tuple[str, ...]) -> Batch:
    states = {name: HostState(name) for name in names}
    world = world_of(
        planned,
        states,
        Roster(planned.inventory, planned.inventory_vars, planned.basedirs, states),
    )
    every = planned.plays[0].hosts
    play_world = PlayWorld(world, planned.plays[0].play, every, names)
    return Batch(play_world)


def _recorded(planned: Plan) -> list[Answer]:
    """Run one host against this machine and return its answers."""
    sessions, answers = HostSessions(lambda host, variables: Login(LocalConnection(), "root")), []
    name = planned.plays[0].hosts[0]
    host_run, reply = _batch(planned, (name,)).run_host(name), None
    try:
        while True:
            step = host_run.send(reply)
            reply = sessions.exchange(step) if isinstance(step, Exchange) else None
            answers += [reply] if reply else []
    except StopIteration:
        sessions.close()
        return answers


def _run_seconds(planned: Plan, answers: list[Answer], sample: int) -> float:
    batch = _batch(planned, planned.plays[0].hosts[:sample])
    for name in batch.hosts[:20]:  # not measured: compiles the templates
        _replay(batch, name, answers)
    batch = _batch(planned, planned.plays[0].hosts[:sample])
    started = time.process_time()
    for name in batch.hosts:
        _replay(batch, name, answers)
    return (time.process_time() - started) / sample


def _replay(batch: Batch, name: str, answers: list[Answer]) -> None:
    host_run, remaining, reply = batch.run_host(name), iter(answers), None
    try:
        while True:
            reply = next(remaining) if isinstance(host_run.send(reply), Exchange) else None
    except StopIteration:
        pass


def _memory(planned: Plan, answers: list[Answer], sample: int) -> tuple[float, float]:
    """Return the memory (MB) of a host that is done, and of one that waits for an answer."""
    names = planned.plays[0].hosts[:sample]
    tracemalloc.start()
    try:
        empty = _allocated()
        batch = _batch(planned, names)
        host_runs = [batch.run_host(name) for name in names]
        for host_run in host_runs:
            while not isinstance(host_run.send(None), Exchange):
                pass
        suspended = _allocated() - empty
        del host_run, host_runs
        for name in names:
            _replay(batch, name, answers)
        return (_allocated() - empty) / sample, suspended / sample
    finally:
        tracemalloc.stop()


def _allocated() -> float:
    gc.collect()
    return tracemalloc.get_traced_memory()[0] / (1 << 20)


def _cpu_of_a_host() -> float:
    """Return the CPU seconds of one additional host, from the results of `benchmarks scale`."""
    points = [scale.Point(**row) for row in json.loads(scale.FILE.read_text())["points"]]
    plain = [point for point in points if not (point.dead or point.workers)]
    first, last = plain[0], plain[-1]
    return (last.cpu - first.cpu) / (last.hosts - first.hosts)


def _pss() -> float:
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


# -- reporting


def section() -> str:
    """Return the section of docs/performance.md, in Markdown."""
    if not FILE.exists():
        return "Not simulated yet.\n"
    data = json.loads(FILE.read_text())
    return "\n".join(_lines(data["about"], Costs(**data["costs"]), data["rows"])) + "\n"


def _lines(about: dict[str, object], costs: Costs, rows: list[dict[str, float]]) -> Iterator[str]:
    count = int(str(about["hosts"]))
    distance = f"{ROUND_TRIP * 1000:.0f} ms away; the play takes {ON_HOST:g} s on a host"
    planning = f"{costs.planning:.0f} s and {costs.planned_memory:,.0f} MB"
    cpu = f"{costs.host_run * 1000:.1f} ms of CPU (mean of {about['sample']} hosts)"
    connection = f"{costs.connection * 1000:.1f} ms of CPU"
    done = f"{costs.state_memory * 1024:.1f} KB"
    waiting = f"{costs.waiting_memory * 1024:.0f} KB"
    yield f"{count:,} hosts, {distance}. Measured on {about['date']} with Python {about['python']}:"
    yield ""
    yield f"- Loading and planning, for all hosts: {planning}."
    yield f"- The play on one host: {cpu}, {costs.frames} frame(s); its connection: {connection}."
    yield f"- Memory of a host that waits for an answer: {waiting}; of a host that is done: {done}."
    yield ""
    yield f"{about['note']}"
    yield ""
    yield "| | wall | cores in use | connections at once | memory, MB |"
    yield "|---|---|---|---|---|"
    for row in rows:
        processes = 1 if row["cores"] == 1 else row["cores"] + 1
        memory = processes * (PROCESS_MEMORY + costs.planned_memory) + count * costs.state_memory
        memory += row["connections"] * (costs.waiting_memory + CONNECTION_MEMORY)
        wall = f"{row['wall'] / 60:,.1f} min"
        yield (
            f"| {row['label']} | {wall} | {100 * row['busy']:.0f} % | {row['connections']:,.0f}"
            f" | {memory:,.0f} |"
        )


PROCESS_MEMORY = 45
"""MB of an idle process: Python and the imported modules."""

CONNECTION_MEMORY = 0.1
"""MB of a connection: its buffers, keys and thread (from `benchmarks scale`)."""
