"""A ProxyCommand as the byte stream of an SSH connection."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import subprocess
import tempfile
from typing import IO

from provisioner.errors import ConnectionFailed
from provisioner.remote.ssh.dial import explain
from provisioner.remote.target import Target


class Proxy:
    """A running ProxyCommand: `socket` is connected to its standard input and output.

    As in ssh, the user's shell ($SHELL, else /bin/sh) runs `exec COMMAND`. The command has a
    session of its own, so that Ctrl-C does not reach it.
    """

    def __init__(self, command: str) -> None:
        own_end, command_end = socket.socketpair()
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        shell = os.environ.get("SHELL") or "/bin/sh"
        try:
            self._process = subprocess.Popen(
                [shell, "-c", f"exec {command}"],
                stdin=command_end.fileno(),
                stdout=command_end.fileno(),
                stderr=self._errors,
                start_new_session=True,
            )
        except BaseException:
            own_end.close()
            raise
        finally:
            command_end.close()
        self.socket = own_end

    def last_error_line(self) -> str:
        """Return the last line of the first 4 KB that it has written to standard error, or ""."""
        with contextlib.suppress(OSError, ValueError):
            lines = os.pread(self._errors.fileno(), 4096, 0).decode("utf-8", "replace").splitlines()
            return lines[-1] if lines else ""
        return ""

    def close(self) -> None:
        """Stop it; never raises, waits at most half a second."""
        with contextlib.suppress(OSError):
            self.socket.close()
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is not None:
                break
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.25)
        self._errors.close()


def start_proxy(target: Target) -> Proxy:
    """Start the target's ProxyCommand. Raises ConnectionFailed where the shell can't be run."""
    assert target.proxy_command is not None
    try:
        return Proxy(target.proxy_command)
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            raise explain(target, error) from error
        raise ConnectionFailed(f"the ProxyCommand can't be started: {error.strerror}") from error
