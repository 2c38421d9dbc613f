"""Limits of what a server may send besides the output of commands.

An SSH server may send messages that mean nothing (SSH_MSG_IGNORE, RFC 4253 section 11.2), or begin
a key exchange, at any time. Each costs this process time, so a server that sends them without end
would slow down the work on all other hosts.
"""

from __future__ import annotations

import time

from provisioner.remote.ssh.paramiko.names import SSHException

CAPACITY = 200_000
"""Units that can be spent at once. Saved time fills the budget again."""
PER_SECOND = 4_000
"""Units that are added in a second."""
MESSAGE = 20
"""Units of a message that carries no output: 10,000 of them at once, and 200 in a second."""
KEY_EXCHANGE = 1_000
"""Units of a key exchange: 200 of them at once, and four in a second."""
CLOSED_CHANNEL = 400
"""Units of a message to a closed channel, of up to 512 KB: 500 of them at once. The server may have
sent them before it knew that the channel is closed."""
BYTES_PER_UNIT = 100
"""Bytes of such messages that cost one unit more: 20 MB at once, and 400 KB in a second."""
SENT_PER_UNIT = 200
"""Bytes to send that add one unit: the server must report how much it has received."""
FREE_OUTPUT = 256
"""Bytes of output in a packet that costs nothing. A smaller packet costs one unit."""

CHANNEL_DATA = 94  # SSH_MSG_CHANNEL_DATA, RFC 4254 section 5.2
KEXINIT = 20  # SSH_MSG_KEXINIT, RFC 4253 section 7.1


class MessageBudget:
    """The budget of one connection. Used by the thread that reads the connection."""

    def __init__(self) -> None:
        self._units = CAPACITY
        self._filled_at = time.monotonic()
        self._sent = self._counted = 0

    def note_sent(self, size: int) -> None:
        """Note that so many bytes were sent to the server. Any thread may call it."""
        self._sent += size

    def spend(self, message: int, size: int) -> None:
        """Pay for a message with that number and size. Raises SSHException for a flood."""
        if message == CHANNEL_DATA:
            if size >= FREE_OUTPUT:
                return
            cost = 1
        elif message == KEXINIT:
            cost = KEY_EXCHANGE
        else:
            cost = MESSAGE + size // BYTES_PER_UNIT
        self._pay(cost)

    def spend_for_nothing(self) -> None:
        """Pay for a message to a channel that is closed. Raises SSHException for a flood."""
        self._pay(CLOSED_CHANNEL)

    def _pay(self, units: int) -> None:
        self._units -= units
        if self._units < 0:
            self._fill()

    def _fill(self) -> None:
        now, sent = time.monotonic(), self._sent
        earned = int((now - self._filled_at) * PER_SECOND) + (sent - self._counted) // SENT_PER_UNIT
        self._units = min(CAPACITY, self._units + earned)
        self._filled_at, self._counted = now, sent
        if self._units < 0:
            raise SSHException("the server floods this machine with messages without content")
