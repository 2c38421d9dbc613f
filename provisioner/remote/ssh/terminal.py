"""A terminal (pty) on the host for programs that insist on one: sudo with requiretty."""

from __future__ import annotations

from provisioner.remote.ssh.paramiko.names import Message

CHANNEL_REQUEST = b"\x62"  # SSH_MSG_CHANNEL_REQUEST, RFC 4254 section 6.2
MODES_OFF = (33, 34, 35, 36, 37, 38, 39, 40, 50, 51, 52, 53, 56, 59, 70, 71, 72, 73)
"""The modes that change bytes, echo them or turn them into signals (RFC 4254, section 8)."""


def terminal_request(channel: int) -> Message:
    """Return the request for a terminal that passes all bytes on unchanged, without an answer."""
    message = Message()
    message.add_byte(CHANNEL_REQUEST)
    message.add_int(channel)
    message.add_string("pty-req")
    message.add_boolean(False)
    message.add_string("dumb")
    for _ in ("columns", "rows", "width", "height"):
        message.add_int(0)
    modes = b"".join(bytes((mode, 0, 0, 0, 0)) for mode in MODES_OFF)
    message.add_string(modes + b"\0")  # 0 ends the list
    return message
