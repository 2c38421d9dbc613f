"""Real sshd instances on loopback addresses, each with its own configuration, keys and port."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from provisioner.remote.target import Defaults, Target, target_for

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/bin:/usr/local/sbin") or ""
ME = pwd.getpwuid(os.getuid()).pw_name
needs_sshd = pytest.mark.skipif(not SSHD, reason="openssh-server is not installed")
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="makes a user, so needs root")

# What sshd 7.4 of CentOS 7 offers (sshd -T there), so far as a newer sshd still knows it.
OPENSSH_7_4 = """
KexAlgorithms curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,\
ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,\
diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,diffie-hellman-group14-sha256,\
diffie-hellman-group14-sha1
Ciphers chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,\
aes256-gcm@openssh.com,aes128-cbc,aes192-cbc,aes256-cbc
MACs umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com,\
hmac-sha2-512-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-64@openssh.com,\
umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1
HostKeyAlgorithms ssh-rsa,rsa-sha2-512,rsa-sha2-256,ecdsa-sha2-nistp256,ssh-ed25519
""".replace("\\\n", "")


def keygen(path: Path, kind: str = "ed25519", *options: str, passphrase: str = "") -> Path:
    """Create a key pair at `path` and `path`.pub."""
    command = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", str(path), *options]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


@contextlib.contextmanager
def closed_port(address: str = "127.0.0.1") -> Iterator[int]:
    """A port on which no program listens, or can listen within the block."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as holder:
        holder.bind((address, 0))
        yield int(holder.getsockname()[1])


def _listens(process: subprocess.Popen[bytes], address: str, port: int) -> bool:
    """Wait until sshd accepts connections; False if it has ended because its port is in use."""
    deadline = time.monotonic() + 120
    while process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((address, port), 5):
            return process.poll() is None
        assert time.monotonic() < deadline, f"nothing listens on {address}:{port}"
        time.sleep(0.02)
    return False


@dataclass(frozen=True)
class Sshd:
    """A running sshd and how to log in to it."""

    folder: Path
    address: str
    port: int
    key: Path
    process: subprocess.Popen[bytes]

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    def public_key(self, kind: str = "ed25519") -> str:
        """The host key of `kind`, as `type base64`."""
        return " ".join((self.folder / f"host_{kind}.pub").read_text().split()[:2])

    def trust(self, kind: str = "ed25519") -> None:
        """Write the host key into known_hosts."""
        name = self.address if self.port == 22 else f"[{self.address}]:{self.port}"
        with self.known_hosts.open("a") as stream:
            stream.write(f"{name} {self.public_key(kind)}\n")

    def defaults(self) -> Defaults:
        """Options that ignore the ssh files of the user who runs the tests."""
        return Defaults(
            user=ME,
            port=self.port,
            key_files=(str(self.key),),
            config_files=(),
            known_hosts=(str(self.known_hosts), "/nonexistent", "/nonexistent"),
        )

    def target(self, **changes: object) -> Target:
        """A target for this server; keywords replace its fields."""
        options = dataclasses.replace(self.defaults(), ssh_args="-o IdentityAgent=none")
        target = target_for(self.address, {}, options)
        target = dataclasses.replace(target, default_keys=(), login_timeout=60.0, timeout=20.0)
        return dataclasses.replace(target, **changes)  # type: ignore[arg-type]

    def children(self) -> list[int]:
        """The processes of its connections."""
        command = ["ps", "-o", "pid=", "--ppid", str(self.process.pid)]
        listed = subprocess.run(command, capture_output=True, text=True, check=False)
        return [int(word) for word in listed.stdout.split()]

    def signal_connections(self, number: signal.Signals) -> None:
        """Send a signal to the processes of its connections and to their children."""
        for child in self.children():
            command = ["ps", "-o", "pid=", "--ppid", str(child)]
            listed = subprocess.run(command, capture_output=True, text=True, check=False)
            for pid in (child, *map(int, listed.stdout.split())):
                name = Path(f"/proc/{pid}/comm")
                with contextlib.suppress(OSError):
                    if name.read_text().startswith("sshd"):
                        os.kill(pid, number)


@contextlib.contextmanager
def sshd(
    folder: Path,
    config: str = "",
    *,
    address: str = "127.0.0.1",
    kinds: tuple[str, ...] = ("ed25519",),
) -> Iterator[Sshd]:
    """Run an sshd with `config` before the common settings (the first value counts)."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    for kind in kinds:
        if not (folder / f"host_{kind}").exists():
            keygen(folder / f"host_{kind}", kind)
    if not (folder / "id").exists():
        keygen(folder / "id")
    lines = [
        config,
        f"ListenAddress {address}",
        *(f"HostKey {folder}/host_{kind}" for kind in kinds),
        f"AuthorizedKeysFile {folder}/id.pub {folder}/authorized",
        "PidFile none",
        "StrictModes no",
        "PermitRootLogin yes",
        "UseDNS no",
        "MaxStartups 100",
        f"SetEnv HOME={folder}",  # there is a .bashrc in yours, which bash reads, and may speak
    ]
    (folder / "sshd_config").write_text("\n".join(lines) + "\n")
    server = _start(folder, address)
    try:
        yield server
    finally:
        server.signal_connections(signal.SIGCONT)
        server.signal_connections(signal.SIGKILL)
        server.process.kill()
        server.process.wait()


def _start(folder: Path, address: str, tries: int = 5) -> Sshd:
    """Start it on a free port, and on another one if that is taken meanwhile."""
    for _ in range(tries):
        with closed_port(address) as port:
            pass
        command = [SSHD, "-D", "-f", str(folder / "sshd_config"), "-E", str(folder / "log")]
        process = subprocess.Popen([*command, "-p", str(port)])
        if _listens(process, address, port):
            return Sshd(folder, address, port, folder / "id", process)
    raise AssertionError((folder / "log").read_text())
