"""The output of a remote process, between the thread that reads the connection and its consumer."""

from __future__ import annotations

import queue

from provisioner.remote.ssh.paramiko.names import Channel, PipeTimeout


class OutputBuffer:
    """A queue of pieces of output, with the methods of paramiko's BufferedPipe that Channel uses.

    paramiko's keeps unread output in one array and moves the rest of it at each read, which slows
    down large transfers. The window of the channel limits the size (`SshTransport`).
    """

    def __init__(self) -> None:
        self._pieces: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._rest = b""
        self._fed = self._taken = 0
        """Bytes that the reading thread has added, and that the consumer has taken."""

    def feed(self, data: bytes) -> None:
        """Add output."""
        if data:
            self._fed += len(data)
            self._pieces.put(data)

    def close(self) -> None:
        """Mark the end: `read` returns the output so far, then b""."""
        self._pieces.put(b"")

    def read(self, size: int, timeout: float | None = None) -> bytes:
        """Return the available output, `size` bytes at most; wait for the first byte.

        Raises PipeTimeout after `timeout` seconds.
        """
        try:
            data = self._rest or self._pieces.get(timeout=timeout)
        except queue.Empty:
            raise PipeTimeout from None
        pieces, missing = [data], size - len(data)
        while data and missing > 0 and not self._pieces.empty():
            data = self._pieces.get()
            pieces.append(data)
            missing -= len(data)
        if not data:
            self._pieces.put(b"")  # the next read returns the end too
        whole = b"".join(pieces) if len(pieces) > 1 else pieces[0]
        self._rest = whole[size:]
        taken = whole[:size]
        self._taken += len(taken)
        return taken

    def __len__(self) -> int:
        return self._fed - self._taken


def set_output_buffer(channel: Channel) -> None:
    """Give a new channel an `OutputBuffer`, before it can receive output."""
    buffer = OutputBuffer()
    channel.in_buffer = buffer  # type: ignore[assignment]
    if channel.closed:  # closing may have reached only its former buffer
        buffer.close()
