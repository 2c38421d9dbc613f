"""A session: one long-lived sh on a host, as one user, that answers frames of programs.

A frame is one closed `{ … }` group with its length in front: cut at any byte, it runs nothing. One
frame is under way at a time, so that a body which asks for its content finds it next on stdin.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from os import urandom
from typing import Literal

from provisioner.errors import BecomeFailed, ConnectionFailed, ConnectionLost, ProvisionError
from provisioner.records import dataclass
from provisioner.remote import shell, streams
from provisioner.remote.become import Become, command, wrong_password
from provisioner.remote.channel import Channel, Connection
from provisioner.remote.prefetch import questions
from provisioner.remote.refusals import refusal
from provisioner.remote.shell import Program, Report

Mode = Literal["look", "check", "read", "apply"]

KILL_SECONDS = 15.0
"""How long ending a task that took too long may take."""

KILL = r"""
# tree: everything below the session's shell, by what ps says of parents; these come first, so that
# a script does not go on behind a command that was ended.
tree() {
    ps -e -o pid= -o ppid= | awk -v root="$root" '
        { parent[$1] = $2 }
        END { for (p in parent) { for (q = p; q in parent && q != root;) q = parent[q]
                                  if (q == root && p != root) print p } }' | sort -n
}
for signal in TERM KILL; do
    pids=$(tree)
    [ -n "$pids" ] || break
    # shellcheck disable=SC2086
    kill -s "$signal" $pids 2>/dev/null
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        [ -n "$(tree)" ] || break
        sleep 0.2
    done
done
"""

START_SECONDS = 60.0
"""How long a login shell may take until it answers: profiles can be slow."""


@dataclass(frozen=True)
class Step:
    """One program of a frame.

    `tolerant` lets the frame go on when it fails, `diff` asks for old content, `timeout` is in s.
    """

    program: Program
    mode: Mode
    environment: Mapping[str, str] = field(default_factory=dict)
    tolerant: bool = False
    diff: bool = False
    timeout: float | None = None


class Session:
    """The controller's end. Starts with its first frame, with no round trip of its own."""

    def __init__(self, connection: Connection, become: Become | None = None) -> None:
        self._connection = connection
        self._become = become
        self._nonce = urandom(16).hex()
        self._channel: Channel | None = None
        self._defined: dict[str, set[str]] = {}
        self._buffer = bytearray()
        self._answered = False
        self._pid = 0
        self._started = False
        self._tell: streams.Tell = _say_nothing

    @property
    def alive(self) -> bool:
        """Whether it may be used, as far as is known without asking."""
        return self._channel is None or self._channel.alive

    def exchange(self, steps: Sequence[Step], tell: streams.Tell | None = None) -> Iterator[Report]:
        """Send `steps` as one frame and yield each one's report as it ends; `tell` is called now
        and then while a large file passes.

        Steps behind the one that stopped the frame yield nothing. When the connection breaks under
        a step, its report has status None and `ConnectionLost` follows.
        """
        self._tell = tell or _say_nothing
        yield from self._answers(self._sent(steps), steps)

    def _sent(self, steps: Sequence[Step]) -> Channel:
        """Send the frame. It is not kept: while its answers come, 70 KB a host would add up."""
        text = self._frame(steps)  # before the channel: a value that can't be quoted costs nothing
        channel = self._open()
        channel.send(shell.framed(text, self._nonce if self._started else None))
        self._started = True
        return channel

    def kill(self) -> None:
        """End whatever the session runs, by a second session of the same user beside it.

        The session itself stays: what was killed ends as a failed step. Raises what connecting
        raises (sshd may allow one session only).
        """
        if self._pid:
            other = Session(self._connection, self._become)
            step = Step(Program("kill", KILL, {"root": self._pid}), "apply", timeout=KILL_SECONDS)
            for _ in other.exchange([step]):
                pass
            other.close()

    def close(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    # -- sending

    def _open(self) -> Channel:
        if self._channel is None:
            try:
                self._channel = self._connection.open(
                    command(self._become, self._nonce),
                    terminal=self._become is not None and self._become.terminal,
                )
            except ConnectionLost as error:  # nothing was sent, so no task's fate is unknown
                raise ConnectionFailed(error.reason, error.hint) from error
            if self._become is not None and self._become.announces:
                self._authenticate(self._channel, self._become)
        return self._channel

    def _authenticate(self, channel: Channel, become: Become) -> None:
        """Wait for the program, and send the password when it is asked for, once: a second prompt
        means it was wrong."""
        prompt, ready = self._nonce.encode(), f"{self._nonce}ready\n".encode()
        if become.method == "su":
            prompt = b"assword: "  # su has no prompt of our choosing; LC_ALL is the login's
        sent = False
        while ready not in self._buffer:
            data = self._receive(channel, time.monotonic() + START_SECONDS)
            if not data:
                raise self._refused()
            self._buffer += data
            if become.password is not None and prompt in self._buffer.replace(ready, b""):
                if sent:
                    self.close()
                    raise BecomeFailed(*wrong_password(become))
                sent = True
                self._buffer.clear()
                channel.send(become.password.encode() + b"\n")
        self._buffer.clear()

    def _frame(self, steps: Sequence[Step]) -> str:
        parts = [self._prelude()] if not self._defined else []
        for step in steps:
            parts += self._definitions(step.program)
        for number, (step, question) in enumerate(zip(steps, questions(steps), strict=True)):
            text = shell.call(step.program, step.environment, step.diff, step.mode == "apply")
            flags = (step.tolerant, step.timeout is not None, step.program.stays)
            words = " ".join("yes" if flag else "no" for flag in flags)
            parts.append(f"{question}_p() {{ {text}; }}\ntask {number} {step.mode} {words}")
        body = "\n".join(parts)
        clear = "_stopped='' _due='' _turn='' _rpms=''"
        return f'{{\nset +f\n{clear}\n{body}\nmark "$nonce frame\\0000"\n}}\n'

    def _definitions(self, program: Program) -> Iterator[str]:
        """What the program needs that the host's shell does not have yet. The variables of a module
        may be others from one program to the next."""
        names = self._defined.get(program.module)
        if names is None:
            yield shell.bare(shell.define(program))
        if names is None or not program.variables.keys() <= names:
            names = self._defined.setdefault(program.module, set())
            names.update(program.variables)
            yield shell.define_clear(program.module, sorted(names))

    def _prelude(self) -> str:
        token = urandom(8).hex()
        return (
            f"{shell.bare(shell.SOURCE)}\nnonce={self._nonce} token=$$-{token} keep={shell.KEEP}\n"
        )

    # -- receiving

    def _answers(self, channel: Channel, steps: Sequence[Step]) -> Iterator[Report]:
        for number, step in enumerate(steps):
            if not self._begun(channel, number):
                return
            yield from self._answer(channel, number, step)
        self._until(channel, self._mark("frame"))

    def _begun(self, channel: Channel, number: int) -> bool:
        """Wait for the step to begin; false when the frame has ended before it."""
        mark = f"{self._nonce} begin {number} ".encode()
        if not self._until(channel, mark, self._mark("frame")):
            return False
        while (nul := self._buffer.find(b"\0")) < 0:
            self._buffer += self._more(channel, None)
        self._pid = int(self._buffer[:nul])
        del self._buffer[: nul + 1]
        return True

    def _answer(self, channel: Channel, number: int, step: Step) -> Iterator[Report]:
        mark = f"{self._nonce} end {number} ".encode()
        receiver = step.program.receiver
        records = streams.Records(mark, receiver, self._tell)
        try:
            late = self._read_to_end(channel, records, step)
        except BaseException as error:
            if receiver is not None:
                receiver.abandon()
            if isinstance(error, ConnectionLost):
                yield Report()
            raise
        end, nul = records.end, self._buffer.find(b"\0", records.end + len(mark))
        data = bytes(self._buffer[:end])
        status = int(self._buffer[end + len(mark) : nul])
        del self._buffer[: nul + 1]
        report = shell.parse(data, status)
        if late:
            said = {"failed": (f"it took longer than {step.timeout:g} s and was ended",)}
            report = replace(report, records={**report.records, **said})
        if receiver is not None and report.failed is not None:
            receiver.abandon()
        yield report

    def _read_to_end(self, channel: Channel, records: streams.Records, step: Step) -> bool:
        """Read until the step's end is in the buffer, sending its content when it asks for it;
        true when it had to be ended for taking too long."""
        deadline = None if step.timeout is None else time.monotonic() + step.timeout
        late = False
        while True:
            for want in records.take(self._buffer):
                streams.send(channel, step.program, want, self._tell)
            if records.end >= 0 and self._buffer.find(b"\0", records.end) >= 0:
                return late
            try:
                records.add(self._buffer, self._more(channel, deadline))
            except TimeoutError:
                if late:
                    raise ConnectionLost("a task that took too long could not be ended") from None
                late, deadline = True, time.monotonic() + KILL_SECONDS
                self._kill_quietly()

    def _kill_quietly(self) -> None:
        """Kill what runs; where no second session is to be had, give the connection up."""
        try:
            self.kill()
        except (ProvisionError, TimeoutError):
            raise ConnectionLost(
                "a task took too long, and could not be ended by a second session"
            ) from None

    def _mark(self, *words: str) -> bytes:
        return " ".join((self._nonce, *words)).encode() + b"\0"

    def _until(self, channel: Channel, mark: bytes, other: bytes | None = None) -> bool:
        """Drop all up to and including `mark`; false when `other` came instead."""
        deadline = None if self._answered else time.monotonic() + START_SECONDS
        while (position := self._buffer.find(mark)) < 0:
            if other is not None and (position := self._buffer.find(other)) >= 0:
                del self._buffer[: position + len(other)]
                return False
            self._buffer += self._more(channel, deadline)
        self._answered = True
        del self._buffer[: position + len(mark)]
        return True

    def _more(self, channel: Channel, deadline: float | None) -> bytes:
        data = self._receive(channel, deadline)
        if data:
            return data
        if not self._answered:
            raise self._refused()
        raise ConnectionLost("the host closed the session", "see its sshd log and `last`")

    def _receive(self, channel: Channel, deadline: float | None) -> bytes:
        try:
            return channel.receive(None if deadline is None else deadline - time.monotonic())
        except TimeoutError:
            if self._answered:
                raise
            self.close()
            raise ConnectionFailed(
                f"the login shell gave no answer within {START_SECONDS:.0f} s",
                "see what its profile does: ssh to the host and run `sh -c true`",
            ) from None

    def _refused(self) -> Exception:
        """Why the remote end never answered, from what came instead."""
        said = self._buffer[-4096:].decode("utf-8", "replace")
        self.close()
        return refusal(said, self._become, self._connection)


def _say_nothing(_done: int, _size: int) -> None:
    pass
