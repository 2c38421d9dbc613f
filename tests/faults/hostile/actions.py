"""What a hostile server does instead of the next step of the protocol: the words of lies.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Peer(Protocol):
    """The server's end of one connection."""

    def write(self, data: bytes) -> None:
        """Write bytes to the socket."""

    def packet(self, payload: bytes) -> None:
        """Send an SSH packet; it is encrypted as soon as there are keys."""

    def output(self, data: bytes) -> None:
        """Send output of the session. NONCE in it is replaced by the session's nonce."""

    def run_frame(self) -> None:
        """Let a real sh run the frame that has arrived, and send its answer."""

    def repeat_answer(self) -> None:
        """Send the last answer of sh again."""

    def next_frame(self) -> None:
        """Wait for the next frame."""

    def pause(self, seconds: float) -> None:
        """Wait. Raises OSError when the client has gone."""

    def close(self) -> None:
        """Close the connection. Raises OSError."""

    def go_on(self) -> None:
        """Have the server go on as the protocol says, after the actions."""

    def new_keys(self) -> None:
        """Begin a key exchange."""


Action = Callable[[Peer], None]


def raw(data: bytes) -> Action:
    return lambda peer: peer.write(data)


def packet(*parts: bytes) -> Action:
    return lambda peer: peer.packet(b"".join(parts))


def report(data: bytes) -> Action:
    return lambda peer: peer.output(data)


def times(number: int, *actions: Action) -> Action:
    def repeated(peer: Peer) -> None:
        for _ in range(number):
            for action in actions:
                action(peer)

    return repeated


def for_ever(*actions: Action) -> Action:
    return times(1 << 60, *actions)


def pause(seconds: float) -> Action:
    return lambda peer: peer.pause(seconds)


def drip(data: bytes, seconds: float = 1.0) -> Action:
    """Send `data` again and again, at that distance."""
    return for_ever(lambda peer: peer.write(data), pause(seconds))


def close(peer: Peer) -> None:
    peer.close()


def silence(peer: Peer) -> None:
    peer.pause(3600)


def go_on(peer: Peer) -> None:
    peer.go_on()


def new_keys(peer: Peer) -> None:
    peer.new_keys()


def run_frame(peer: Peer) -> None:
    peer.run_frame()


def repeat_answer(peer: Peer) -> None:
    peer.repeat_answer()


def next_frame(peer: Peer) -> None:
    peer.next_frame()


# -- the encoding of SSH (RFC 4251, section 5)


def number(value: int) -> bytes:
    return (value & 0xFFFFFFFF).to_bytes(4, "big")


def text(data: bytes) -> bytes:
    return number(len(data)) + data


def mpint(value: int) -> bytes:
    return text(value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True) if value else b"")


def plain(payload: bytes, *, length: int | None = None, padding: int | None = None) -> bytes:
    """Return an unencrypted packet (RFC 4253, section 6), with a false length or padding."""
    missing = 8 - (len(payload) + 5) % 8
    count = missing if missing >= 4 else missing + 8
    size = 1 + len(payload) + count if length is None else length
    return number(size) + bytes([count if padding is None else padding]) + payload + b"\0" * count


LISTS = (
    b"curve25519-sha256@libssh.org",
    b"ssh-ed25519",
    b"aes128-gcm@openssh.com",
    b"aes128-gcm@openssh.com",
    b"hmac-sha2-256",
    b"hmac-sha2-256",
    b"none",
    b"none",
    b"",
    b"",
)
"""The name lists of a key exchange that is right (RFC 4253, section 7.1)."""


def proposal(changes: dict[int, bytes] | None = None, follows: bytes = b"\0") -> bytes:
    """Return a KEXINIT whose lists with these numbers are replaced."""
    lists = [(changes or {}).get(index, names) for index, names in enumerate(LISTS)]
    return b"\x14" + b"c" * 16 + b"".join(map(text, lists)) + follows + number(0)
