"""A session: a long-lived sh on a host, as one user, that runs frames of programs.

A frame is a `{ … }` group with its length before it: an incomplete frame is not run. The session
runs one frame at a time, so that content which a body requests is the next input of the shell.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from os import urandom

from provisioner.errors import (
    BecomeFailed,
    ConnectionFailed,
    ConnectionLost,
    MalformedReport,
    ProvisionError,
    SessionRefused,
)
from provisioner.remote import shell, streams
from provisioner.remote.become import Become, command, wrong_password
from provisioner.remote.channel import Channel, Connection
from provisioner.remote.lock import LOCK
from provisioner.remote.prefetch import questions
from provisioner.remote.refusals import refusal
from provisioner.remote.report_parser import LONGEST_NUMBER, read_number
from provisioner.remote.shell import Program, Report, Step, script

END_SECONDS = 5.0
"""Seconds to wait for the end of a shell that was told to exit."""

KILL_SECONDS = 15.0
"""Seconds that it may take to end a task that took too long."""

KILL = script("kill.sh")
"""The body that ends everything that the session with the shell $root runs."""

NOT_ENDED_HINT = "end what still runs of it on the host: look with `ps -ef`"

MOST_NAMED = 5
"""Number of processes that a message names."""

START_SECONDS = 30.0
"""Seconds until the login shell must answer: its profile can be slow."""

NOISE_LIMIT = 16 * 1024 * 1024
"""Bytes that may come before the begin of a step: what the profile writes."""

KEPT_NOISE = 4096
"""The last bytes of it that are kept, for the message about a shell that does not start."""

PACE_SECONDS, PACE = 30.0, 1024
"""A record that has begun must grow by so many bytes in so many seconds, or end: the shell writes
it from memory or from a temporary file."""


class Session:
    """The controller's end of a session.

    The remote end starts with the first frame, without an extra round trip.
    """

    def __init__(
        self,
        connection: Connection,
        become: Become | None = None,
        reconnect: Callable[[], Connection] | None = None,
        ends_late_steps: bool = True,
    ) -> None:
        """Create the session; nothing is sent.

        `reconnect` makes another connection, for `kill` where sshd allows one session only. Without
        `ends_late_steps`, a step that takes too long counts as lost, and no one ends it.
        """
        self._connection = connection
        self._become = become
        self._reconnect = reconnect
        self._ends_late_steps = ends_late_steps
        self._nonce = urandom(16).hex()
        self._channel: Channel | None = None
        self._defined: dict[str, set[str]] = {}
        self._buffer = bytearray()
        self._answered = False
        self._pid = 0
        self._started = False
        self._lock_is_defined = False
        self.holds_lock = False
        """Whether the lock of the host is held, or the host has said that it cannot lock."""
        self._progress: streams.Progress = _ignore_progress

    @property
    def alive(self) -> bool:
        """Whether the session can be used. Sends nothing, so the answer may be outdated."""
        return self._channel is None or self._channel.alive

    def exchange(
        self, steps: Sequence[Step], progress: streams.Progress | None = None, lock: str = ""
    ) -> Iterator[Report]:
        """Send `steps` as one frame and yield the report of each when it ends.

        `progress` is called during the transfer of a large file. The steps after the one that
        stopped the frame have no report. When the connection breaks during a step, the status of
        its report is None, and ConnectionLost is raised after it.

        `lock`: the words of the run (`LockOwner.words`) with which the session takes the lock of
        the host before its first change. A report that is `refused` ends the frame.
        """
        self._progress = progress or _ignore_progress
        takes_lock = bool(lock) and not self.holds_lock
        for number, report in enumerate(self._answers(self._sent(steps, lock), steps)):
            takes_it_now = takes_lock and _changes(steps[number])
            if report.refused and not takes_it_now:
                raise MalformedReport(
                    "the refusal of a lock that it was not asked for",
                    "the answer may be forged: check what the login shell of the host is",
                )
            if takes_it_now and report.status is not None and not report.refused:
                self.holds_lock = True
            yield report

    def _sent(self, steps: Sequence[Step], lock: str) -> Channel:
        """Send the frame and return the channel. The frame, up to 70 KB for each host, is freed."""
        # Made before a channel is opened, because it may raise ValueError.
        text = self._frame(steps, lock)
        channel = self._open()
        channel.send(shell.framed(text, self._nonce if self._started else None))
        self._started = True
        return channel

    def kill(self) -> tuple[str, ...]:
        """End everything that the session runs, by another session of the same user.

        Returns what could not be ended: the process ID, user and command of each. The session
        itself continues, and the killed step fails. Raises the exceptions of `exchange`, and
        TimeoutError.
        """
        if not self._pid:
            return ()
        try:
            return self._kill_over(self._connection)
        except SessionRefused:
            if self._reconnect is None:
                raise
        connection = self._reconnect()
        try:
            return self._kill_over(connection)
        finally:
            connection.close()

    def _kill_over(self, connection: Connection) -> tuple[str, ...]:
        other = Session(connection, self._become, ends_late_steps=False)
        step = Step(Program("kill", KILL, {"root": self._pid}), "apply", timeout=KILL_SECONDS)
        try:
            (report,) = other.exchange([step])
        finally:
            other.close()
        if report.status != 0:
            raise ConnectionFailed(f"kill failed with status {report.status}")
        return report.records.get("left", ())

    def end(self) -> None:
        """Let the shell exit, wait until it and sudo have ended, and close the session.

        It must be idle. Raises nothing: after `END_SECONDS` it does not wait any longer.
        """
        channel, deadline = self._channel, time.monotonic() + END_SECONDS
        with contextlib.suppress(Exception):
            if channel is not None:
                channel.send(b"0\n")  # no frame has this length
                while channel.receive(deadline - time.monotonic()):
                    pass
        self.close()

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
        sent, received = False, 0
        deadline = time.monotonic() + START_SECONDS
        while ready not in self._buffer:
            if time.monotonic() > deadline:
                raise self._no_answer()
            data = self._receive(channel, deadline)
            if not data:
                raise self._refused()
            received += len(data)
            if received > NOISE_LIMIT:
                raise self._too_noisy()
            self._buffer += data
            del self._buffer[:-KEPT_NOISE]
            if become.password is not None and prompt in self._buffer.replace(ready, b""):
                if sent:
                    self.close()
                    raise BecomeFailed(*wrong_password(become))
                sent, deadline = True, time.monotonic() + START_SECONDS
                self._buffer.clear()
                channel.send(become.password.encode() + b"\n")
        self._buffer.clear()

    def _frame(self, steps: Sequence[Step], lock: str) -> str:
        parts = [self._prelude()] if not self._defined else []
        takes_lock = bool(lock) and not self.holds_lock and any(map(_changes, steps))
        if takes_lock and not self._lock_is_defined:
            parts.append(shell.bare(LOCK))
            self._lock_is_defined = True
        for step in steps:
            parts += self._definitions(step.program)
        for number, (step, question) in enumerate(zip(steps, questions(steps), strict=True)):
            text = shell.call(step.program, step.environment, step.diff, step.mode == "apply")
            flags = (step.tolerant, step.timeout is not None, step.program.stays)
            words = " ".join("yes" if flag else "no" for flag in flags)
            if takes_lock and _changes(step):
                words = f"{words} {lock}"
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
        while not self._has_number(0):
            self._buffer += self._next_data(channel, None)
        self._pid, end = read_number(self._buffer, 0, "process id", 1 << 32)
        del self._buffer[:end]
        return True

    def _answer(self, channel: Channel, number: int, step: Step) -> Iterator[Report]:
        mark = f"{self._nonce} end {number} ".encode()
        receiver = step.program.receiver
        records = streams.Records(mark, step.program, self._progress)
        try:
            timed_out = self._read_to_end(channel, records, step)
            report = self._end(records)
        except BaseException as error:
            if receiver is not None:
                receiver.abandon()
            if isinstance(error, ConnectionLost):
                yield Report()
            raise
        if timed_out:
            failed = (f"it took longer than {step.timeout:g} s and was ended",)
            report = replace(report, records={**report.records, "failed": failed})
        if receiver is not None and report.failed is not None and not report.refused:
            receiver.abandon()
        yield report

    def _end(self, records: streams.Records) -> Report:
        """Return the report, and remove it and its end from the buffer."""
        status, end = read_number(self._buffer, records.status_at, "exit status", 255)
        report = records.report(self._buffer, status)
        del self._buffer[:end]
        return report

    def _read_to_end(self, channel: Channel, records: streams.Records, step: Step) -> bool:
        """Read until the step's end is in the buffer; send the content that it requests.

        Returns True when the step took too long and was ended.
        """
        deadline = None if step.timeout is None else time.monotonic() + step.timeout
        timed_out, pace = False, _Pace()
        while True:
            for request in records.take(self._buffer):
                streams.send(channel, step.program, request, self._progress)
            if records.end >= 0 and self._has_number(records.status_at):
                return timed_out
            until = pace.deadline(records.is_within_record, len(self._buffer))
            try:
                records.add(self._buffer, self._next_data(channel, _earlier(deadline, until)))
            except TimeoutError:
                if deadline is None or time.monotonic() < deadline:
                    continue  # the pace is too slow, which `deadline` raises
                if timed_out:
                    raise _not_ended(step, "its shell does not answer") from None
                self._end_late(step)
                timed_out, deadline = True, time.monotonic() + KILL_SECONDS

    def _has_number(self, position: int) -> bool:
        """Whether the number at that position of the buffer can be read."""
        is_long = len(self._buffer) >= position + LONGEST_NUMBER
        return is_long or self._buffer.find(b"\0", position) >= 0

    def _end_late(self, step: Step) -> None:
        """End the step. Raises ConnectionLost where that was not possible."""
        if not self._ends_late_steps:
            raise ConnectionLost(f"no answer within {step.timeout:g} s")
        try:
            left = self.kill()
        except (ProvisionError, TimeoutError) as error:
            raise _not_ended(step, no_way_to_end(error)) from None
        if left:
            raise _not_ended(step, still_running(left))

    def _mark(self, *words: str) -> bytes:
        return " ".join((self._nonce, *words)).encode() + b"\0"

    def _until(self, channel: Channel, mark: bytes, other: bytes | None = None) -> bool:
        """Drop the output up to and including `mark`; return False when `other` came instead."""
        deadline = None if self._answered else time.monotonic() + START_SECONDS
        marks = (mark, other) if other is not None else (mark,)
        longest, searched, dropped = max(map(len, marks)), 0, 0
        while (found := self._first_of(marks, searched)) is None:
            searched = max(0, len(self._buffer) - longest + 1)
            if (excess := searched - KEPT_NOISE) > 0:
                del self._buffer[:excess]
                searched -= excess
                dropped += excess
            if dropped > NOISE_LIMIT:
                raise self._too_noisy()
            if deadline is not None and time.monotonic() > deadline:
                raise self._no_answer()
            self._buffer += self._next_data(channel, deadline)
        self._answered = True
        position, found_mark = found
        del self._buffer[: position + len(found_mark)]
        return found_mark is mark

    def _first_of(self, marks: Sequence[bytes], start: int) -> tuple[int, bytes] | None:
        """Return the position of the first of the marks that is in the buffer, and the mark."""
        for mark in marks:
            if (position := self._buffer.find(mark, start)) >= 0:
                return position, mark
        return None

    def _too_noisy(self) -> ConnectionFailed:
        self.close()
        text = f"more than {NOISE_LIMIT >> 20} MiB of other output"
        if self._answered:
            return MalformedReport(f"{text} before the answer of the next task")
        return ConnectionFailed(
            f"the login shell wrote {text} before it ran a command",
            "find out what its profile writes: ssh to the host and run `sh -c true`",
        )

    def _no_answer(self) -> ConnectionFailed:
        self.close()
        return ConnectionFailed(
            f"the login shell did not answer within {START_SECONDS:.0f} s",
            "check its profile: ssh to the host and run `sh -c true`",
        )

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
            raise self._no_answer() from None

    def _refused(self) -> Exception:
        """Return the exception for a remote end that wrote something else and ended."""
        output = self._buffer[-KEPT_NOISE:].decode("utf-8", "replace")
        self.close()
        return refusal(output, self._become, self._connection)


class _Pace:
    """Measures how fast a record arrives."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._size = 0

    def deadline(self, is_within_record: bool, size: int) -> float | None:
        """Return when the record must have grown; None where none has begun.

        `size`: the bytes that have arrived. Raises MalformedReport if the host is too slow.
        """
        now = time.monotonic()
        if not is_within_record:
            self._since = None
        elif self._since is None or not self._size <= size < self._size + PACE:
            self._since, self._size = now, size
        elif now >= self._since + PACE_SECONDS:
            raise MalformedReport(
                f"less than {PACE} bytes of an unfinished record in {PACE_SECONDS:.0f} s",
                "is the host overloaded, or its shell stopped? Look at the processes there",
            )
        return None if self._since is None else self._since + PACE_SECONDS


def _earlier(*times: float | None) -> float | None:
    """Return the earliest of the times; None where all are None."""
    return min((each for each in times if each is not None), default=None)


def no_way_to_end(error: Exception) -> str:
    """Return a message about the exception of `Session.kill`; that of a time limit has no text."""
    return f"no other session could end it: {str(error) or 'no answer'}"


def still_running(left: Sequence[str]) -> str:
    """Return a message that names processes: "PID USER COMMAND" each."""
    more = f" and {len(left) - MOST_NAMED} more" if len(left) > MOST_NAMED else ""
    return f"on the host still run: {', '.join(left[:MOST_NAMED])}{more}"


def _not_ended(step: Step, reason: str) -> ConnectionLost:
    return ConnectionLost(
        f"it took longer than {step.timeout:g} s and could not be ended: {reason}", NOT_ENDED_HINT
    )


def _changes(step: Step) -> bool:
    return step.mode == "apply"


def _ignore_progress(_done: int, _size: int) -> None:
    pass
