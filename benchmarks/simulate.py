"""What a run on a hundred thousand hosts would take, from costs that are measured here.

Loading the inventory and planning are done for real, for all hosts. The walks are real ones, too,
for a sample of the hosts: they get the answers that this machine gave to one of them. What a
connection costs is measured by `python -m benchmarks scale`. The rest is benchmarks/simulation.py.
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
from provisioner.engine.scopes import PlayWorld
from provisioner.fleet.session_pool import Login, Sessions
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
"""Seconds: to a host and back, and what the play takes on the host itself."""
HANDSHAKES = 6
"""Round trips until a connection is logged in to."""


@dataclass(frozen=True)
class Costs:
    """Seconds and MB: of planning all hosts, of one host's walk and connection."""

    planning: float
    planned_memory: float
    walk: float
    frames: int
    state_memory: float
    walk_memory: float
    connection: float


def run(count: int, sample: int, note: str, file: Path) -> None:
    """Measure, simulate, and write `file`."""
    with tempfile.TemporaryDirectory(prefix="provision-bench-") as folder:
        costs = _measured(Path(folder), count, sample)
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
    found = {"about": about, "costs": asdict(costs), "rows": rows}
    file.write_text(json.dumps(found, indent=1) + "\n")


def _host(costs: Costs) -> Host:
    """One host's costs, in the order in which they arise."""
    yield Work(costs.connection)
    yield Away(HANDSHAKES * ROUND_TRIP)
    yield Connected()
    for _ in range(costs.frames):
        yield Work(costs.walk / costs.frames)
        yield Away(ROUND_TRIP + ON_HOST / costs.frames)


# -- measuring


def _measured(folder: Path, count: int, sample: int) -> Costs:
    root = folder / "h"
    os.environ["PATH"] = f"{hosts.PLAY / 'fakes'}:{os.environ['PATH']}"
    before, started = _pss(), time.process_time()
    planned = _planned(folder, count, root)
    planning, memory = time.process_time() - started, _pss() - before
    hosts.reset([hosts.Host("h", "", 0, root)])
    answers: list[Answer] = []
    for _ in range(2):  # the second time nothing is left to change
        answers = _recorded(planned)
    walk = _walk_seconds(planned, answers, sample)
    state, suspended = _memory(planned, answers, sample)
    connection = max(0.0, _cpu_of_a_host() - walk)
    return Costs(
        round(planning, 1), round(memory), walk, len(answers), state, suspended, connection
    )


def _planned(folder: Path, count: int, root: Path) -> Plan:
    listed = {f"n{n:06}": {"ansible_host": str(IPv4Address(0x0A000000 + n))} for n in range(count)}
    inventory = folder / "hosts.yml"
    inventory.write_text(json.dumps({"all": {"vars": {"root": str(root)}, "hosts": listed}}))
    del listed
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
    shared = PlayWorld(world, planned.plays[0].play, every, names)
    return Batch(shared)


def _recorded(planned: Plan) -> list[Answer]:
    """The answers of this machine to one host's walk."""
    sessions, answers = Sessions(lambda host, variables: Login(LocalConnection(), "root")), []
    name = planned.plays[0].hosts[0]
    walk, reply = _batch(planned, (name,)).walk(name), None
    try:
        while True:
            step = walk.send(reply)
            reply = sessions.exchange(step) if isinstance(step, Exchange) else None
            answers += [reply] if reply else []
    except StopIteration:
        sessions.close()
        return answers


def _walk_seconds(planned: Plan, answers: list[Answer], sample: int) -> float:
    batch = _batch(planned, planned.plays[0].hosts[:sample])
    for name in batch.hosts[:20]:  # templates are compiled once
        _replay(batch, name, answers)
    batch = _batch(planned, planned.plays[0].hosts[:sample])
    started = time.process_time()
    for name in batch.hosts:
        _replay(batch, name, answers)
    return (time.process_time() - started) / sample


def _replay(batch: Batch, name: str, answers: list[Answer]) -> None:
    walk, left, reply = batch.walk(name), iter(answers), None
    try:
        while True:
            reply = next(left) if isinstance(walk.send(reply), Exchange) else None
    except StopIteration:
        pass


def _memory(planned: Plan, answers: list[Answer], sample: int) -> tuple[float, float]:
    """MB that Python holds of a host whose walk is over, and of one that waits for an answer."""
    names = planned.plays[0].hosts[:sample]
    tracemalloc.start()
    try:
        empty = _held()
        batch = _batch(planned, names)
        walks = [(name, batch.walk(name)) for name in names]
        for _, walk in walks:
            while not isinstance(walk.send(None), Exchange):
                pass
        suspended = _held() - empty
        del walk, walks
        for name in names:
            _replay(batch, name, answers)
        return (_held() - empty) / sample, suspended / sample
    finally:
        tracemalloc.stop()


def _held() -> float:
    gc.collect()
    return tracemalloc.get_traced_memory()[0] / (1 << 20)


def _cpu_of_a_host() -> float:
    """Seconds of CPU for one host more, of those that `benchmarks scale` has measured."""
    points = [scale.Point(**row) for row in json.loads(scale.FILE.read_text())["points"]]
    plain = [point for point in points if not (point.dead or point.workers)]
    first, last = plain[0], plain[-1]
    return (last.cpu - first.cpu) / (last.hosts - first.hosts)


def _pss() -> float:
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


# -- telling


def section() -> str:
    """The text and table of docs/performance.md."""
    if not FILE.exists():
        return "Not simulated yet.\n"
    found = json.loads(FILE.read_text())
    return "\n".join(_lines(found["about"], Costs(**found["costs"]), found["rows"])) + "\n"


def _lines(about: dict[str, object], costs: Costs, rows: list[dict[str, float]]) -> Iterator[str]:
    count = int(str(about["hosts"]))
    away = f"{ROUND_TRIP * 1000:.0f} ms away, on which the play takes {ON_HOST:g} s"
    planning = f"{costs.planning:.0f} s and {costs.planned_memory:,.0f} MB"
    walk = f"{costs.walk * 1000:.1f} ms of CPU (frames: {costs.frames})"
    held = f"{costs.state_memory * 1024:.1f} KB stay of a host that is through"
    waits = f"{costs.walk_memory * 1024:.0f} KB are held by one that waits for an answer"
    yield f"{count:,} hosts, {away}. Measured on {about['date']} (Python {about['python']}):"
    yield f"loading and planning {planning} for all; a walk {walk} (mean of {about['sample']}), the"
    yield f"rest of a connection {costs.connection * 1000:.1f} ms; {held}, {waits}. {about['note']}"
    yield ""
    yield "| | wall | cores in use | connections at once | memory, MB |"
    yield "|---|---|---|---|---|"
    for row in rows:
        processes = 1 if row["cores"] == 1 else row["cores"] + 1
        memory = processes * (PROCESS_MEMORY + costs.planned_memory) + count * costs.state_memory
        memory += row["connections"] * (costs.walk_memory + CONNECTION_MEMORY)
        wall = f"{row['wall'] / 60:,.1f} min"
        yield (
            f"| {row['label']} | {wall} | {100 * row['busy']:.0f} % | {row['connections']:,.0f}"
            f" | {memory:,.0f} |"
        )


PROCESS_MEMORY = 45
"""MB of a process that has nothing to do yet: Python and what is imported."""

CONNECTION_MEMORY = 0.1
"""MB of a connection: its buffers, keys and thread (`benchmarks scale`)."""
