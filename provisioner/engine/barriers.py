"""Where the hosts of a batch wait for each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from provisioner.engine.effects import Barrier, Publish, Released
from provisioner.engine.position import Place
from provisioner.records import dataclass


@dataclass
class Barriers:
    """The waiting hosts of one batch. Only the scheduler's thread uses it.

    A host waits until no other host can reach its place or an earlier place. This is known only
    when all hosts wait or have finished, because a rescue may lead a host past a barrier. The hosts
    at the earliest place then continue.
    """

    order: tuple[str, ...]
    """The hosts of the batch, in the order of the inventory: the first one is the leader."""
    stop_reason: Callable[[], str]
    """Returns why no host may continue (a failure limit), or ""."""
    ask: Callable[[str], bool] | None = None
    """Asks the operator whether to run the task with this title (--step)."""
    out_now: Callable[[], frozenset[str]] = frozenset
    """Returns the hosts of the play that are out."""
    out: frozenset[str] = frozenset()
    """The hosts that were out when hosts were last released. `meta: clear_host_errors` applies to
    these hosts, and not to hosts that fail while it is carried out.
    """
    cleared: frozenset[str] = frozenset()
    """Hosts whose errors have been cleared."""
    waiting: dict[str, Barrier] = field(default_factory=dict)
    published: dict[Place, Publish] = field(default_factory=dict)
    ended: bool = False
    play_ended: bool = False
    """Whether the play ends without starting another batch."""
    answers: dict[Place, bool] = field(default_factory=dict)
    """The operator's answers to `ask`, by place."""
    read: Callable[[str, bool], str] = lambda prompt, echo: ""
    """Shows a prompt, and returns what the operator types (pause)."""
    typed: dict[Place, str] = field(default_factory=dict)
    leaders: dict[Place, str] = field(default_factory=dict)
    """The hosts that run a task for all others, until they publish its result."""

    def wait(self, host: str, barrier: Barrier) -> None:
        """Note that the host waits at the barrier."""
        self.waiting[host] = barrier

    def publish(self, publish: Publish) -> None:
        """Keep a leader's result for the other hosts at its place."""
        self.published[publish.key] = publish
        self.leaders.pop(publish.key, None)
        self.ended = self.ended or bool(publish.ends)
        if publish.clears_errors:
            self.cleared |= self.out
        self.play_ended = self.play_ended or publish.ends == "play"

    def is_leader(self, host: str) -> bool:
        """Whether the host runs a task for all others."""
        return host in self.leaders.values()

    def release(self) -> dict[str, Released]:
        """Return the hosts that continue, with the replies to their barriers.

        Call it when no host is running.
        """
        if not self.waiting:
            return {}
        self.out = self.out_now()
        key = min(barrier.key for barrier in self.waiting.values())
        here = {host for host, barrier in self.waiting.items() if barrier.key == key}
        replies = self._replies(key, [host for host in self.order if host in here])
        for host in replies:
            del self.waiting[host]
        return replies

    def _replies(self, key: Place, hosts: list[str]) -> dict[str, Released]:
        if self.ended:
            return dict.fromkeys(hosts, Released(end_play=True))
        if reason := self.stop_reason():
            return dict.fromkeys(hosts, Released(stop=reason))
        first = self.waiting[hosts[0]]
        if not self._is_confirmed(key, first.title):
            return dict.fromkeys(hosts, Released(skip=True))
        if first.prompt is not None:
            if key not in self.typed:
                self.typed[key] = self.read(first.prompt, first.echo)
            return dict.fromkeys(hosts, Released(answer=self.typed[key]))
        if not first.once:
            return dict.fromkeys(hosts, Released())
        if key in self.published:
            result = self.published[key].result
            return dict.fromkeys(hosts, Released(leader=False, result=result))
        self.leaders[key] = hosts[0]
        return {hosts[0]: Released()}

    def _is_confirmed(self, key: Place, title: str) -> bool:
        """Whether the operator wants to run the task at `key`; true if nothing is asked."""
        if self.ask is None or not title:
            return True
        if key not in self.answers:
            self.answers[key] = self.ask(title)
        return self.answers[key]
