"""Make a logged-in SSH connection over a byte stream: key exchange, host key, authentication.

No secret is sent before the host key is accepted. Every failure becomes a ConnectionFailed with its
reason and a hint.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from provisioner.errors import ConnectionFailed, traceback_of
from provisioner.remote.ssh.auth import log_in
from provisioner.remote.ssh.known_hosts import (
    Finding,
    HostEntries,
    HostKey,
    KnownHostsEntry,
    KnownHostsFiles,
    Verdict,
    known_name,
)
from provisioner.remote.ssh.paramiko.names import IncompatiblePeer, SSHException
from provisioner.remote.ssh.paramiko.packetizer import Stream
from provisioner.remote.ssh.paramiko.transport import SshTransport, abort, reason_of
from provisioner.remote.target import Target

# The beginnings of the line that sshd may send before it closes one connection too many.
REFUSALS = ("Exceeded MaxStartups", "Not allowed at this time")


class BusyError(Exception):
    """The server closed the connection before its banner, as sshd does at MaxStartups."""


def establish(stream: Stream, target: Target, deadline: float) -> SshTransport:
    """Log in to `target` over `stream`, by `deadline` (time.monotonic seconds).

    Raises BusyError when another attempt may succeed, else ConnectionFailed. The stream is closed
    then.
    """
    try:
        entries = _known_entries(target)
    except ConnectionFailed:
        stream.close()
        raise
    transport = SshTransport(stream, entries.key_types, _host_key_check(target, entries))
    try:
        _negotiate(transport, target, deadline)
        _authenticate(transport, target, deadline)
    except BaseException:
        abort(transport)
        raise
    return transport


def _known_entries(target: Target) -> HostEntries:
    known = KnownHostsFiles(target.known_hosts)
    try:
        return known.entries_for(target.known_as, target.known_port)
    except OSError as error:
        raise ConnectionFailed(
            f"the known_hosts file {error.filename} can't be read: {reason_of(error)}",
            "name another file as UserKnownHostsFile",
        ) from error


def _negotiate(transport: SshTransport, target: Target, deadline: float) -> None:
    try:
        transport.negotiate(max(0.01, deadline - time.monotonic()))
    except TimeoutError:
        raise _too_slow(transport, target) from None
    except (ConnectionFailed, MemoryError):
        raise
    except Exception as error:  # paramiko's thread keeps any exception and raises it here
        raise _negotiation_failed(transport, target, error) from error


def _too_slow(transport: SshTransport, target: Target) -> ConnectionFailed:
    where = f"{target.address}:{target.port}"
    seconds = f"{target.login_timeout:g} s"
    if not transport.remote_version:
        return ConnectionFailed(
            f"{where} sent no SSH banner within {seconds}",
            "does sshd listen on that port, or is the host overloaded?",
        )
    return ConnectionFailed(f"the key exchange with {where} took more than {seconds}")


def _negotiation_failed(transport: SshTransport, target: Target, error: Exception) -> Exception:
    if type(error) is RuntimeError:  # "can't start new thread"
        return ConnectionFailed(f"this machine: {error}", "lower --forks")
    where = f"{target.address}:{target.port}"
    line = transport.first_line
    message = f"; it sent {line!r}" if line else ""
    if isinstance(error, IncompatiblePeer):
        version = transport.remote_version[:100]
        return ConnectionFailed(
            f"there is no common algorithm with {where} ({version}): {error}",
            "the server must offer ECDH or SHA-2 key exchange, AES-CTR or GCM, HMAC-SHA2",
        )
    if transport.remote_version:
        return ConnectionFailed(
            f"the key exchange with {where} failed: {reason_of(error)}", *_details(error)
        )
    if not line or line.startswith(REFUSALS):
        return BusyError(f"{where} closes the connection before its SSH banner{message}")
    return ConnectionFailed(
        f"the server at {where} is not an SSH server{message}", "check the port (ansible_port)"
    )


def _authenticate(transport: SshTransport, target: Target, deadline: float) -> None:
    try:
        log_in(transport, target, deadline)
    except TimeoutError:
        account = f"{target.user}@{target.address}"
        raise ConnectionFailed(
            f"authentication as {account} took more than {target.login_timeout:g} s",
            "is the host's DNS, LDAP or PAM slow? (sshd's UseDNS no helps)",
        ) from None
    except (ConnectionFailed, MemoryError):
        raise
    except Exception as error:
        raise ConnectionFailed(
            f"the connection broke during authentication: {reason_of(error)}", *_details(error)
        ) from error


def _details(error: Exception) -> tuple[str, str]:
    """Return the hint and the traceback for an exception that was not expected."""
    if isinstance(error, SSHException | EOFError | OSError):
        return "", ""
    hint = "its server does not keep to the protocol, or provision has a bug: -vvv shows more"
    return hint, traceback_of(error)


def _host_key_check(target: Target, entries: HostEntries) -> Callable[[HostKey], None]:
    """Return a function that raises ConnectionFailed for a host key that is not accepted."""

    def check(key: HostKey) -> None:
        finding = entries.check(key)
        if finding.verdict is Verdict.UNKNOWN and target.host_key_policy != "yes":
            finding = _add_to_known_hosts(target, key)
        if finding.verdict is not Verdict.KNOWN:
            raise refusal(target, key, finding)

    return check


def _add_to_known_hosts(target: Target, key: HostKey) -> Finding:
    known = KnownHostsFiles(target.known_hosts)
    if not known.files or known.files[0] == "/dev/null":
        return Finding(Verdict.KNOWN)
    try:
        hashed = target.hash_known_hosts
        return known.add(target.known_as, target.known_port, key, hashed=hashed)
    except OSError as error:
        if target.host_key_policy == "no":
            return Finding(Verdict.KNOWN)
        raise ConnectionFailed(
            f"the new host key of {target} can't be added to {known.files[0]}: {reason_of(error)}",
            "make that file writable, or name another one as UserKnownHostsFile",
        ) from error


def refusal(target: Target, key: HostKey, finding: Finding) -> ConnectionFailed:
    """Return the error for a host key that is not accepted: its fingerprint and what to do."""
    match finding:
        case Finding(Verdict.REVOKED, KnownHostsEntry(place=place)):
            return ConnectionFailed(
                f"the host key of {target} is revoked in {place}: {key}",
                "create a new host key on the host; this one must not be used",
            )
        case Finding(Verdict.CHANGED, KnownHostsEntry() as entry):
            return _changed(target, key, entry)
    return _unknown(target, key, finding.entry)


def _changed(target: Target, key: HostKey, entry: KnownHostsEntry) -> ConnectionFailed:
    name = known_name(target.known_as, target.known_port)
    return ConnectionFailed(
        f"the host key of {target} has CHANGED: it is {key}, but {entry.place} has"
        f" {entry.key}. No password was sent",
        "another machine may answer in its place. If the host has been installed again, compare"
        " the fingerprint with the one on the host, then remove the old key: ssh-keygen"
        f" -f {entry.place.file} -R '{name}'",
    )


def _unknown(target: Target, key: HostKey, authority: KnownHostsEntry | None) -> ConnectionFailed:
    note = ""
    if authority is not None:
        note = f"; {authority.place} names a certificate authority, which is not supported"
    file = (target.known_hosts or ("~/.ssh/known_hosts",))[0]
    key_type = key.type.removeprefix("ssh-").split("-")[0]
    return ConnectionFailed(
        f"the host key of {target} is not in known_hosts: {key}{note}",
        f"compare it with `ssh-keygen -lf /etc/ssh/ssh_host_{key_type}_key.pub` on the host, then"
        f" use --accept-new-host-keys, or add it: ssh-keyscan -p {target.port} -t {key_type}"
        f" {target.address} >> {file}",
    )
