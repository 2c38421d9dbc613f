"""A TCP proxy that adds latency to loopback hosts: `python -m benchmarks.delay PORT RTT COUNT`.

Data sent to 127.9.RTT.N is passed on to 127.9.0.N, half of RTT ms later in each direction. The
kernel accepts a new connection at once, so the proxy delays the first data by one more round trip,
which the handshake would have taken.
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
    """Pass on all data with a delay of `one_way` seconds, counted from `opened` at the earliest."""
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
    """Listen on `near` and pass connections on to `far` with a round trip of `rtt` seconds."""
    # asyncio keeps only weak references to tasks: without this set a task could be collected.
    tasks: set[asyncio.Task[None] | None] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        tasks.add(task)
        try:
            await forward(reader, writer)
        finally:
            tasks.discard(task)

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
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
