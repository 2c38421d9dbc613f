"""How packets are written."""

from __future__ import annotations

import pytest

from provisioner.remote.ssh.dial import BANNER
from provisioner.remote.ssh.paramiko.packetizer import BufferedPacketizer, next_nonce


class SlowStream:
    """Takes up to `size` bytes at a time, or raises `error`."""

    def __init__(self, size: int = 1 << 20, error: Exception | None = None) -> None:
        self.taken: list[bytes] = []
        self._size, self._error = size, error

    def send(self, data: memoryview) -> int:
        if self._error is not None:
            raise self._error
        self.taken.append(bytes(data[: self._size]))
        return min(len(data), self._size)


def test_all_bytes_are_written_however_few_are_taken_at_a_time() -> None:
    stream = SlowStream(size=2)
    BufferedPacketizer(stream).write_all(b"12345")
    assert stream.taken == [b"12", b"34", b"5"]


def test_the_banner_is_not_written_a_second_time() -> None:
    stream = SlowStream()
    BufferedPacketizer(stream).write_all(BANNER)
    assert stream.taken == []


@pytest.mark.parametrize("stream", [SlowStream(size=0), SlowStream(error=TimeoutError("late"))])
def test_a_peer_that_takes_no_byte_ends_the_connection(stream: SlowStream) -> None:
    with pytest.raises(EOFError):
        BufferedPacketizer(stream).write_all(b"data")


@pytest.mark.parametrize(
    ("nonce", "following"),
    [
        (b"abcd" + bytes(8), b"abcd" + bytes(7) + b"\1"),
        (b"abcd" + bytes(6) + b"\0\xff", b"abcd" + bytes(6) + b"\1\0"),
        (b"abcd" + b"\xff" * 8, b"abcd" + bytes(8)),
    ],
)
def test_the_nonce_counts_packets_in_its_last_eight_bytes(nonce: bytes, following: bytes) -> None:
    assert next_nonce(nonce) == following
