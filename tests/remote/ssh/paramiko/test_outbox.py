"""How packets are sent: what waits for what."""

from __future__ import annotations

import threading

import pytest

from provisioner.remote.ssh.paramiko.outbox import Outbox, Outgoing


class Stream:
    """Takes up to `most` bytes at a time, or fails."""

    def __init__(self, most: int = 1 << 20, error: Exception | None = None) -> None:
        self.taken: list[bytes] = []
        self._most, self._error = most, error

    def send(self, data: memoryview) -> int:
        if self._error is not None:
            raise self._error
        self.taken.append(bytes(data[: self._most]))
        return min(len(data), self._most)


def in_a_thread(outbox: Outbox, data: bytes) -> None:
    thread = threading.Thread(target=outbox.write, args=(data,))
    thread.start()
    thread.join()


def test_what_is_sent_together_goes_out_as_one() -> None:
    wire = Stream()
    outbox = Outbox(wire)
    with outbox.together():
        outbox.write(b"one ")
        outbox.write(b"two")
        assert not wire.taken
    outbox.write(b"three")
    assert wire.taken == [b"one two", b"three"]


def test_what_a_patient_thread_sends_waits_until_it_has_nothing_left_to_do() -> None:
    wire = Stream()
    outbox = Outbox(wire)
    outbox.be_patient()
    outbox.write(b"one")
    outbox.flush()
    outbox.flush()
    assert wire.taken == [b"one"]


def test_another_thread_takes_along_what_waits_and_keeps_the_order() -> None:
    wire = Stream()
    outbox = Outbox(wire)
    with outbox.together():
        outbox.write(b"one ")
        in_a_thread(outbox, b"two")
        assert wire.taken == [b"one two"]
    assert wire.taken == [b"one two"]


def test_all_is_written_however_little_is_taken_at_a_time() -> None:
    wire = Stream(most=2)
    Outbox(wire).write(b"12345")
    assert wire.taken == [b"12", b"34", b"5"]


@pytest.mark.parametrize("size", [*range(1, 34), 32_704])
def test_each_packet_of_several_is_padded_as_ssh_asks_for(size: int) -> None:
    data = bytes(range(256)) * 128
    outgoing = Outgoing(7, [memoryview(data)[:size], memoryview(data)[1 : size + 1]])
    messages = [message.asbytes() for message in outgoing.messages()]
    head = b"\x5e" + (7).to_bytes(4, "big") + size.to_bytes(4, "big")
    assert messages == [head + data[:size], head + data[1 : size + 1]]
    for plain, message in zip(outgoing.plain(), messages, strict=True):
        padding = plain[0]
        assert plain[1:-padding] == message
        assert len(plain) % 16 == 0
        assert 4 <= padding < 20


@pytest.mark.parametrize("wire", [Stream(most=0), Stream(error=TimeoutError("timed out"))])
def test_a_peer_that_takes_nothing_ends_the_connection(wire: Stream) -> None:
    with pytest.raises(EOFError):
        Outbox(wire).write(b"data")
