"""A terminal of sshd's for those that insist on one: sudo under requiretty."""

from __future__ import annotations

from provisioner.remote.ssh.paramiko.names import Message

_COOKED = (33, 34, 35, 36, 37, 38, 39, 40, 50, 51, 52, 53, 56, 59, 70, 71, 72, 73)
"""The modes that change bytes, echo them or make signals of them (RFC 4254, section 8)."""


def request(channel: int) -> Message:
    """The request for one that passes all bytes on as they are, from its start; no answer is asked
    for (RFC 4254, section 6.2)."""
    message = Message()
    message.add_byte(b"\x62")  # SSH_MSG_CHANNEL_REQUEST
    message.add_int(channel)
    message.add_string("pty-req")
    message.add_boolean(False)
    message.add_string("dumb")
    for _ in ("columns", "rows", "width", "height"):
        message.add_int(0)
    message.add_string(b"".join(bytes((mode, 0, 0, 0, 0)) for mode in _COOKED) + b"\0")
    return message
