"""Run plays on hosts that are shells of this machine."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provisioner.engine.interrupt import Interrupt
from provisioner.engine.run import Read, Run
from provisioner.engine.scheduler import Executor
from provisioner.errors import ConnectionFailed, ConnectionLost
from provisioner.events import Event, HostSummary, RunFinished, TaskFinished
from provisioner.fleet.login import Connect, Login
from provisioner.fleet.thread_executor import ThreadExecutor
from provisioner.loading.inventory import load_inventory
from provisioner.loading.playbook import load_playbook
from provisioner.loading.vault import NO_VAULT, Vault
from provisioner.plan import Options, Plan, plan
from provisioner.remote.local import LocalChannel, LocalConnection

ExecutorFactory = Callable[[Plan, Connect, Interrupt], Executor]


def threads(plan: Plan, connect: Connect, interrupt: Interrupt) -> Executor:
    """Return the executor that the command line uses without --workers."""
    return ThreadExecutor(connect, plan.options.forks, interrupt)


@dataclass
class Frames(LocalConnection):
    """A connection that records the frames that are sent, and is lost at frame `cut_at`."""

    log: list[bytes] = field(default_factory=list)
    cut_at: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def open(self, command: str, *, terminal: bool = False) -> LocalChannel:
        channel = super().open(command)
        send = channel.send

        def recorded(data: bytes) -> None:
            self.log.append(data)
            if self.cut_at and len(self.log) >= self.cut_at:
                raise ConnectionLost("the network is gone")
            send(data)

        channel.send = recorded  # type: ignore[method-assign]
        return channel


@dataclass
class RunOutcome:
    """The events and frames of one run."""

    events: list[Event]
    frames: Mapping[str, int]
    sent: Mapping[str, list[bytes]]

    @property
    def exit(self) -> int:
        return self._end.exit

    @property
    def hosts(self) -> Mapping[str, HostSummary]:
        return self._end.hosts

    @property
    def _end(self) -> RunFinished:
        end = self.events[-1]
        assert isinstance(end, RunFinished)
        return end

    def tasks(self, host: str = "h1") -> list[tuple[str, str]]:
        """(task, outcome) of each task of a host, without the items of loops."""
        return [
            (event.task, str(event.outcome)) for event in self.finished(host) if not event.is_item
        ]

    def finished(self, host: str = "h1") -> list[TaskFinished]:
        return [e for e in self.events if isinstance(e, TaskFinished) and e.host == host]

    def event(self, task: str, host: str = "h1") -> TaskFinished:
        """The last event of the task of that name."""
        return [event for event in self.finished(host) if event.task == task][-1]

    def debug_output(self, host: str = "h1") -> list[Any]:
        """The messages that debug tasks showed, in order."""
        return [event.shown for event in self.finished(host) if event.shown is not None]


@dataclass
class PlayRunner:
    """Runs playbooks. Hosts are h1, h2, …; those of `dead` can't be reached."""

    folder: Path
    dead: frozenset[str] = frozenset()
    cut: Mapping[str, int] = field(default_factory=dict)
    connections: dict[str, Frames] = field(default_factory=dict, repr=False)
    variables: dict[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    """The variables that each host was connected with. Not in the repr: showing them may ask a
    controller."""
    read: Read = lambda prompt, echo: ""
    """What the operator types when a pause asks."""
    vault: Vault = NO_VAULT
    make_executor: ExecutorFactory = threads

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    def run(
        self,
        playbook: str,
        hosts: int | Sequence[str] = 1,
        inventory: str = "",
        on_event: Callable[[Event], None] = lambda event: None,
        **options: Any,
    ) -> RunOutcome:
        """Run the text of a playbook; `options` are plan.Options' fields."""
        path = self.write("play.yml", playbook)
        names = [f"h{n + 1}" for n in range(hosts)] if isinstance(hosts, int) else hosts
        source = str(self.write("hosts.yml", inventory)) if inventory else ",".join(names) + ","
        hosts_file = load_inventory(source, self.vault)
        planned = plan(hosts_file, [load_playbook(path, self.vault)], Options(**options))
        interrupt = Interrupt()
        executor = self.make_executor(planned, self.connect, interrupt)
        run = Run(planned, executor, interrupt, read=self.read)
        events = []
        for event in run.events():
            on_event(event)
            events.append(event)
        sent = {host: connection.log for host, connection in self.connections.items()}
        return RunOutcome(events, dict(executor.frames()), sent)

    def connect(self, host: str, variables: Mapping[str, Any]) -> Login:
        if host in self.dead:
            raise ConnectionFailed(f"{host}: no route", "switch it on")
        self.variables[host] = variables
        self.connections[host] = Frames(cut_at=self.cut.get(host, 0))
        return Login(self.connections[host], "nobody-known")
