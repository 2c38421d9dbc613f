"""Where hosts wait for each other: released when all that live are there, or past it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any

from provisioner.engine.effects import Barrier, Publish, Released
from provisioner.records import dataclass

Place = tuple[int, ...]


@dataclass
class Barriers:
    """The waiting hosts of one batch. Used by the one thread that schedules.

    `stop_reason` says why hosts must not go on (a failure limit), "" while they may. Hosts move
    independently; a host that a rescue led past a barrier never comes to it, so those that wait
    are released when nobody is under way any more, the earliest place first. `ask` is asked once
    for each place that has a title (--step), `read` for each that has a prompt (pause): it gives
    what the operator types.
    """

    order: tuple[str, ...]
    stop_reason: Callable[[], str]
    ask: Callable[[str], bool] | None = None
    outs: Callable[[], frozenset[str]] = frozenset
    """The hosts of the play that are out of it."""
    out: frozenset[str] = frozenset()
    """Those that were when hosts were last released: `meta: clear_host_errors` is for them, not for
    those that fail while it is told."""
    forgiven: frozenset[str] = frozenset()
    waiting: dict[str, Barrier] = field(default_factory=dict)
    published: dict[Place, Publish] = field(default_factory=dict)
    ended: bool = False
    play_ended: bool = False
    """Further batches of the play are not to be begun."""
    answers: dict[Place, bool] = field(default_factory=dict)
    read: Callable[[str, bool], str] = lambda prompt, echo: ""
    typed: dict[Place, str] = field(default_factory=dict)

    def wait(self, host: str, barrier: Barrier) -> None:
        self.waiting[host] = barrier

    def publish(self, publish: Publish) -> None:
        self.published[publish.key] = publish
        self.ended = self.ended or bool(publish.ends)
        if publish.forgives:
            self.forgiven |= self.out
        self.play_ended = self.play_ended or publish.ends == "play"

    def release(self) -> dict[str, Released]:
        """Who goes on now, given that no host is under way."""
        if not self.waiting:
            return {}
        self.out = self.outs()
        key = min(barrier.key for barrier in self.waiting.values())
        here = {host for host, barrier in self.waiting.items() if barrier.key == key}
        group = [host for host in self.order if host in here]
        reply = self._reply(key, group)
        for host in reply:
            del self.waiting[host]
        return reply

    def _reply(self, key: Place, group: list[str]) -> dict[str, Released]:
        if self.ended:
            return dict.fromkeys(group, Released(end_play=True))
        if reason := self.stop_reason():
            return dict.fromkeys(group, Released(stop=reason))
        first = self.waiting[group[0]]
        if not self._wanted(key, first.title):
            return dict.fromkeys(group, Released(skip=True))
        if first.prompt is not None:
            if key not in self.typed:
                self.typed[key] = self.read(first.prompt, first.echo)
            return dict.fromkeys(group, Released(answer=self.typed[key]))
        if not first.once:
            return dict.fromkeys(group, Released())
        if key in self.published:
            shared: Any = self.published[key].shared
            return dict.fromkeys(group, Released(leader=False, shared=shared))
        return {group[0]: Released()}

    def _wanted(self, key: Place, title: str) -> bool:
        """Whether the operator, if asked at all, wants the task at `key`."""
        if self.ask is None or not title:
            return True
        if key not in self.answers:
            self.answers[key] = self.ask(title)
        return self.answers[key]
