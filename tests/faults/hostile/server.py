"""The hostile SSH servers: one process, in which each lie of the table has a port.

Run as `python -m tests.faults.hostile.server FOLDER LIE...` with the numbers of lies; it writes a
host key and the ports into FOLDER. paramiko's server speaks the protocol up to the event after
which the lie begins.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import select
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import paramiko
from paramiko.common import AUTH_SUCCESSFUL, OPEN_SUCCEEDED
from paramiko.packet import Packetizer

from tests.faults.hostile.actions import plain
from tests.faults.hostile.lies import CONNECTED, FRAME, IDENTIFIED, LIES, Lie

BANNER = b"SSH-2.0-OpenSSH_7.4\r\n"
_HEAD = re.compile(rb"([0-9]+)( [0-9a-f]{32}( lines)?)?\n")
_NONCE = re.compile(rb"\nnonce=([0-9a-f]{32}) ")


class _ScriptedPacketizer(Packetizer):
    """Passes each message that arrives to the peer, which may lie in place of the server."""

    peer: HostilePeer

    def read_message(self) -> Any:
        while True:
            number, message = super().read_message()
            if self.peer.handle(number):
                return number, message


class _Server(paramiko.ServerInterface):
    """Lets everyone in, and starts a real sh for the session."""

    def __init__(self, peer: HostilePeer) -> None:
        self._peer = peer

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return int(AUTH_SUCCESSFUL)

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return int(OPEN_SUCCEEDED)

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        shell = _Shell(self._peer, channel, command)
        threading.Thread(target=shell.run, daemon=True).start()
        return True


class _Shell:
    """The session of a client: a real sh, until the lie takes its place."""

    def __init__(self, peer: HostilePeer, channel: paramiko.Channel, command: bytes) -> None:
        self._peer, self.channel = peer, channel
        self._process = subprocess.Popen(
            ["sh", "-c", command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        self._received = b""
        self._frame = b""
        self._answer = b""
        self.nonce = b""

    def run(self) -> None:
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            lies = self._peer.lie.after == FRAME
            while True:
                self.next_frame()
                if lies:
                    self._peer.shell = self
                    self._peer.act()
                    self._peer.pause(3600)
                self.run_frame()
        self._process.kill()
        self._process.wait()

    def next_frame(self) -> None:
        """Wait until a whole frame has arrived."""
        while (head := _HEAD.match(self._received)) is None:
            self._receive()
        size = head.end() + int(head[1])
        while len(self._received) < size:
            self._receive()
        self._frame, self._received = self._received[:size], self._received[size:]
        if nonce := _NONCE.search(self._frame):
            self.nonce = nonce[1]

    def _receive(self) -> None:
        data = self.channel.recv(1 << 16)
        if not data:
            raise EOFError
        self._received += data

    def run_frame(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(self._frame)
        self._answer, end = b"", self.nonce + b" frame\0"
        while end not in self._answer:
            data = self._process.stdout.read(1 << 16)
            if not data:
                raise EOFError
            self._answer += data
        self.channel.sendall(self._answer)

    def repeat_answer(self) -> None:
        self.channel.sendall(self._answer)


class HostilePeer:
    """One connection. Implements `actions.Peer`."""

    def __init__(self, lie: Lie, stream: socket.socket, key: paramiko.PKey) -> None:
        self.lie, self._stream, self._key = lie, stream, key
        self._transport: paramiko.Transport | None = None
        self._goes_on = False
        self.shell: _Shell | None = None

    def run(self) -> None:
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            if self.lie.after in (CONNECTED, IDENTIFIED):
                if self.lie.after == IDENTIFIED:
                    self.write(BANNER)
                self.act()
                self.pause(3600)
                return
            self._serve()
            return
        self._stream.close()

    def _serve(self) -> None:
        transport = paramiko.Transport(self._stream, packetizer_class=_ScriptedPacketizer)
        transport.packetizer.peer = self  # type: ignore[attr-defined]
        transport.add_server_key(self._key)
        self._transport = transport
        transport.start_server(event=threading.Event(), server=_Server(self))

    def handle(self, number: int) -> bool:
        """Lie if it is time to. Return whether the server shall process the message."""
        if number != self.lie.after:
            return True
        self._goes_on = False
        self.act()
        return self._goes_on

    def act(self) -> None:
        for action in self.lie.sends:
            action(self)

    # -- actions

    def write(self, data: bytes) -> None:
        self._stream.settimeout(None)
        self._stream.sendall(data)

    def packet(self, payload: bytes) -> None:
        if self._transport is None:
            self.write(plain(payload))
        else:
            self._transport.packetizer.send_message(paramiko.Message(payload))

    def output(self, data: bytes) -> None:
        assert self.shell is not None
        self.shell.channel.sendall(data.replace(b"NONCE", self.shell.nonce))

    def run_frame(self) -> None:
        assert self.shell is not None
        self.shell.run_frame()

    def repeat_answer(self) -> None:
        assert self.shell is not None
        self.shell.repeat_answer()

    def next_frame(self) -> None:
        assert self.shell is not None
        self.shell.next_frame()

    def pause(self, seconds: float) -> None:
        if self._transport is not None:
            self._pause_transport(seconds)
            return
        end = time.monotonic() + seconds
        while (remaining := end - time.monotonic()) > 0:
            if select.select([self._stream], [], [], remaining)[0] and not self._stream.recv(65536):
                raise EOFError

    def _pause_transport(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self._transport.is_active():  # type: ignore[union-attr]
                raise EOFError
            time.sleep(min(0.5, max(0.0, end - time.monotonic())))

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.shutdown(socket.SHUT_RDWR)
        raise EOFError

    def go_on(self) -> None:
        self._goes_on = True

    def new_keys(self) -> None:
        assert self._transport is not None
        self._transport._parse_newkeys(paramiko.Message())  # type: ignore[attr-defined]
        self._transport._send_kex_init()  # type: ignore[attr-defined]


def _listen(lie: Lie, key: paramiko.PKey) -> int:
    """Serve the lie in a thread. Return its port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=50)

    def accept() -> None:
        while True:
            stream, _ = listener.accept()
            peer = HostilePeer(lie, stream, key)
            threading.Thread(target=peer.run, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return int(listener.getsockname()[1])


def main() -> None:
    folder, numbers = Path(sys.argv[1]), [int(word) for word in sys.argv[2:]]
    logging.getLogger("paramiko").addHandler(logging.NullHandler())
    key = paramiko.Ed25519Key.from_private_key_file(str(folder / "host_ed25519"))
    ports = {number: _listen(LIES[number], key) for number in numbers}
    (folder / "ports.new").write_text(json.dumps(ports))
    (folder / "ports.new").rename(folder / "ports")
    threading.Event().wait()


if __name__ == "__main__":
    main()
