"""A session: a long-lived sh on a host, as one user, that runs frames of programs.

A frame is a `{ … }` group with its length before it: an incomplete frame is not run. The session
runs one frame at a time, so that content which a body requests is the next input of the shell.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from os import urandom

from provisioner.errors import BecomeFailed, ConnectionFailed, ConnectionLost, ProvisionError
from provisioner.remote import shell, streams
from provisioner.remote.become import Become, command, wrong_password
from provisioner.remote.channel import Channel, Connection
from provisioner.remote.prefetch import questions
from provisioner.remote.refusals import refusal
from provisioner.remote.shell import Program, Report, Step, script

KILL_SECONDS = 15.0
"""Seconds that it may take to end a task that took too long."""

KILL = script("kill.sh")
"""The body that ends everything that the session with the shell $root runs."""

START_SECONDS = 60.0
"""Seconds until the login shell must answer: its profile can be slow."""


class Session:
    """The controller's end of a session.

    The remote end starts with the first frame, without an extra round trip.
    """

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
        self._progress: streams.Progress = _ignore_progress

    @property
    def alive(self) -> bool:
        """Whether the session can be used. Sends nothing, so the answer may be outdated."""
        return self._channel is None or self._channel.alive

    def exchange(
        self, steps: Sequence[Step], progress: streams.Progress | None = None
    ) -> Iterator[Report]:
        """Send `steps` as one frame and yield the report of each when it ends.

        `progress` is called during the transfer of a large file. The steps after the one that
        stopped the frame have no report. When the connection breaks during a step, the status of
        its report is None, and ConnectionLost is raised after it.
        """
        self._progress = progress or _ignore_progress
        yield from self._answers(self._sent(steps), steps)

    def _sent(self, steps: Sequence[Step]) -> Channel:
        """Send the frame and return the channel. The frame, up to 70 KB for each host, is freed."""
        # Made before a channel is opened, because it may raise ValueError.
        text = self._frame(steps)
        channel = self._open()
        channel.send(shell.framed(text, self._nonce if self._started else None))
        self._started = True
        return channel

    def kill(self) -> None:
        """End everything that the session runs, by a second session of the same user.

        The session itself continues, and the killed step fails. Raises the exceptions of
        `exchange`, for example where sshd allows one session only.
        """
        if self._pid:
            other = Session(self._connection, self._become)
            step = Step(Program("kill", KILL, {"root": self._pid}), "apply", timeout=KILL_SECONDS)
            for _ in other.exchange([step]):
                pass
            other.close()

    def close(self) -> None:
        """End the session; may be called twice."""
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
            except ConnectionLost as error:  # nothing was sent: no task has run
                raise ConnectionFailed(error.reason, error.hint) from error
            if self._become is not None and self._become.announces:
                self._authenticate(self._channel, self._become)
        return self._channel

    def _authenticate(self, channel: Channel, become: Become) -> None:
        """Wait until sudo or su has started the shell; send the password when it asks for it.

        A second prompt means that the password was wrong.
        """
        prompt, ready = self._nonce.encode(), f"{self._nonce}ready\n".encode()
        if become.method == "su":
            prompt = b"assword: "  # the prompt of su is fixed, in the language of the login
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
        clear = "_stopped='' _unsent='' _path_number='' _rpm_answers=''"
        return f'{{\nset +f\n{clear}\n{body}\nmark "$nonce frame\\0000"\n}}\n'

    def _definitions(self, program: Program) -> Iterator[str]:
        """Yield the function definitions of the program that the host's shell does not have yet.

        The programs of a module may have different variables.
        """
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
            if not self._wait_for_step(channel, number):
                return
            yield from self._answer(channel, number, step)
        self._until(channel, self._mark("frame"))

    def _wait_for_step(self, channel: Channel, number: int) -> bool:
        """Wait for the step to begin; return False when the frame has ended before it."""
        mark = f"{self._nonce} begin {number} ".encode()
        if not self._until(channel, mark, self._mark("frame")):
            return False
        while (nul := self._buffer.find(b"\0")) < 0:
            self._buffer += self._next_data(channel, None)
        self._pid = int(self._buffer[:nul])
        del self._buffer[: nul + 1]
        return True

    def _answer(self, channel: Channel, number: int, step: Step) -> Iterator[Report]:
        mark = f"{self._nonce} end {number} ".encode()
        receiver = step.program.receiver
        records = streams.Records(mark, receiver, self._progress)
        try:
            timed_out = self._read_to_end(channel, records, step)
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
        if timed_out:
            failed = (f"it took longer than {step.timeout:g} s and was ended",)
            report = replace(report, records={**report.records, "failed": failed})
        if receiver is not None and report.failed is not None:
            receiver.abandon()
        yield report

    def _read_to_end(self, channel: Channel, records: streams.Records, step: Step) -> bool:
        """Read until the step's end is in the buffer; send the content that it requests.

        Returns True when the step took too long and was ended.
        """
        deadline = None if step.timeout is None else time.monotonic() + step.timeout
        timed_out = False
        while True:
            for request in records.take(self._buffer):
                streams.send(channel, step.program, request, self._progress)
            if records.end >= 0 and self._buffer.find(b"\0", records.end) >= 0:
                return timed_out
            try:
                records.add(self._buffer, self._next_data(channel, deadline))
            except TimeoutError:
                if timed_out:
                    raise ConnectionLost("a task that took too long could not be ended") from None
                timed_out, deadline = True, time.monotonic() + KILL_SECONDS
                self._kill_quietly()

    def _kill_quietly(self) -> None:
        """End everything that runs. Raises ConnectionLost where a second session can't do it."""
        try:
            self.kill()
        except (ProvisionError, TimeoutError):
            raise ConnectionLost(
                "a task took too long, and a second session could not end it"
            ) from None

    def _mark(self, *words: str) -> bytes:
        return " ".join((self._nonce, *words)).encode() + b"\0"

    def _until(self, channel: Channel, mark: bytes, other: bytes | None = None) -> bool:
        """Drop the output up to and including `mark`; return False when `other` came instead."""
        deadline = None if self._answered else time.monotonic() + START_SECONDS
        while (position := self._buffer.find(mark)) < 0:
            if other is not None and (position := self._buffer.find(other)) >= 0:
                del self._buffer[: position + len(other)]
                return False
            self._buffer += self._next_data(channel, deadline)
        self._answered = True
        del self._buffer[: position + len(mark)]
        return True

    def _next_data(self, channel: Channel, deadline: float | None) -> bytes:
        data = self._receive(channel, deadline)
        if data:
            return data
        if not self._answered:
            raise self._refused()
        raise ConnectionLost(
            "the host closed the session", "see sshd's log on the host, and `last` for reboots"
        )

    def _receive(self, channel: Channel, deadline: float | None) -> bytes:
        try:
            return channel.receive(None if deadline is None else deadline - time.monotonic())
        except TimeoutError:
            if self._answered:
                raise
            self.close()
            raise ConnectionFailed(
                f"the login shell did not answer within {START_SECONDS:.0f} s",
                "check its profile: ssh to the host and run `sh -c true`",
            ) from None

    def _refused(self) -> Exception:
        """Return the exception for a remote end that wrote something else and ended."""
        output = self._buffer[-4096:].decode("utf-8", "replace")
        self.close()
        return refusal(output, self._become, self._connection)


def _ignore_progress(_done: int, _size: int) -> None:
    pass
