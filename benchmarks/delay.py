"""A TCP proxy that makes loopback hosts far away: `python -m benchmarks.delay PORT RTT COUNT`.

What comes to 127.9.RTT.N goes on to 127.9.0.N, half of RTT ms later in each direction. A new
connection is accepted at once by the kernel; that its handshake would have taken a round trip is
made up for by holding back what follows.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys

CHUNK = 1 << 16


async def pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, one_way: float, opened: float
) -> None:
    """Pass on all that comes, `one_way` seconds after it came and was due on an open connection."""
    loop = asyncio.get_running_loop()
    pending: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def read() -> None:
        data = b"-"
        while data:
            try:
                data = await reader.read(CHUNK)
            except OSError:
                data = b""
            pending.put_nowait((max(loop.time(), opened) + one_way, data))

    reading = asyncio.create_task(read())
    with contextlib.suppress(OSError):
        while True:
            due, data = await pending.get()
            await asyncio.sleep(due - loop.time())
            if not data:
                writer.write_eof()
                break
            writer.write(data)
    await reading


def _set_nodelay(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


async def serve(near: str, far: str, port: int, rtt: float) -> asyncio.Server:
    """Listen on `near` for the host `far`, which is `rtt` seconds away."""
    # Of a task whose client has gone, asyncio itself keeps no more than a weak reference.
    tasks: set[asyncio.Task[None] | None] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        tasks.add(task)
        try:
            await passed_on(reader, writer)
        finally:
            tasks.discard(task)

    async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened = asyncio.get_running_loop().time() + rtt
        with contextlib.suppress(OSError):
            await asyncio.sleep(rtt / 2)
            far_reader, far_writer = await asyncio.open_connection(far, port)
            for end in (writer, far_writer):
                _set_nodelay(end)
            await asyncio.gather(
                pump(reader, far_writer, rtt / 2, opened),
                pump(far_reader, writer, rtt / 2, opened),
            )
            far_writer.close()
        writer.close()

    return await asyncio.start_server(connected, near, port, backlog=1000)


async def main(port: int, rtt: int, count: int) -> None:
    for number in range(1, count + 1):
        await serve(f"127.9.{rtt}.{number}", f"127.9.0.{number}", port, rtt / 1000)
    await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(*map(int, sys.argv[1:4])))
