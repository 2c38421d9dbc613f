"""From a byte stream to a logged-in Link: key exchange, host key, authentication, and their errors.

Nothing secret is sent before the host key has been found good.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from provisioner.errors import ConnectionFailed
from provisioner.remote.ssh.auth import log_in
from provisioner.remote.ssh.known_hosts import (
    Entry,
    Finding,
    HostKey,
    KnownHosts,
    Record,
    Verdict,
    known_name,
)
from provisioner.remote.ssh.paramiko.names import IncompatiblePeer, SSHException
from provisioner.remote.ssh.paramiko.transport import SshTransport, Stream, abort
from provisioner.remote.target import Target

# What sshd says, if anything, before it hangs up on one connection too many.
REFUSALS = ("Exceeded MaxStartups", "Not allowed at this time")


class BusyError(Exception):
    """The server hung up before its banner, as sshd does beyond MaxStartups; try again."""


def establish(wire: Stream, target: Target, deadline: float) -> SshTransport:
    """Log in to `target` over `wire`, by `deadline` (time.monotonic seconds).

    Raises BusyError when trying again may help, else ConnectionFailed; the wire is closed then.
    """
    record = KnownHosts(target.known_hosts).record(target.known_as, target.known_port)
    link = SshTransport(wire, record.key_types, _judge_with(target, record))
    try:
        _negotiate(link, target, deadline)
        _authenticate(link, target, deadline)
    except BaseException:
        abort(link)
        raise
    return link


def _negotiate(link: SshTransport, target: Target, deadline: float) -> None:
    try:
        link.negotiate(max(0.01, deadline - time.monotonic()))
    except TimeoutError:
        raise _too_slow(link, target) from None
    except (SSHException, EOFError, OSError) as error:
        raise _broken(link, target, error) from error
    except RuntimeError as error:  # no thread to read with
        raise ConnectionFailed(f"this machine: {error}", "lower --forks") from error


def _too_slow(link: SshTransport, target: Target) -> ConnectionFailed:
    where = f"{target.address}:{target.port}"
    if not link.remote_version:
        return ConnectionFailed(
            f"no SSH banner from {where} within {target.login_timeout:g} s",
            "does sshd listen on that port, or is the host overloaded?",
        )
    return ConnectionFailed(f"the key exchange with {where} took over {target.login_timeout:g} s")


def _broken(link: SshTransport, target: Target, error: Exception) -> Exception:
    where = f"{target.address}:{target.port}"
    greeting = link.wiring.greeting
    if isinstance(error, IncompatiblePeer):
        return ConnectionFailed(
            f"no algorithm in common with {where} ({link.remote_version}): {error}",
            "the server must offer ECDH or SHA-2 key exchange, AES-CTR or GCM, HMAC-SHA2",
        )
    if link.remote_version:
        return ConnectionFailed(f"the key exchange with {where} broke off: {_text(error)}")
    if not greeting or greeting.startswith(REFUSALS):
        return BusyError(f"{where} hangs up before its SSH banner{_quoted(greeting)}")
    return ConnectionFailed(
        f"{where} doesn't speak SSH{_quoted(greeting)}", "check the port (ansible_port)"
    )


def _quoted(greeting: str) -> str:
    return f": it says {greeting!r}" if greeting else ""


def _authenticate(link: SshTransport, target: Target, deadline: float) -> None:
    try:
        log_in(link, target, deadline)
    except TimeoutError:
        who = f"{target.user}@{target.address}"
        raise ConnectionFailed(
            f"authentication as {who} took over {target.login_timeout:g} s",
            "is the host's DNS, LDAP or PAM slow? (sshd's UseDNS no helps)",
        ) from None
    except (SSHException, EOFError, OSError) as error:
        raise ConnectionFailed(f"authentication broke off: {_text(error)}") from error


def _text(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or "the host closed the connection"


def _judge_with(target: Target, record: Record) -> Callable[[HostKey], None]:
    def judge(key: HostKey) -> None:
        finding = record.judge(key)
        if finding.verdict is Verdict.UNKNOWN and target.host_key_policy != "yes":
            finding = _remember(target, key)
        if finding.verdict is not Verdict.KNOWN:
            raise refusal(target, key, finding)

    return judge


def _remember(target: Target, key: HostKey) -> Finding:
    known = KnownHosts(target.known_hosts)
    if not known.files or known.files[0] == "/dev/null":
        return Finding(Verdict.KNOWN)
    try:
        hashed = target.hash_known_hosts
        return known.add(target.known_as, target.known_port, key, hashed=hashed)
    except OSError as error:
        if target.host_key_policy == "no":
            return Finding(Verdict.KNOWN)
        raise ConnectionFailed(
            f"the new host key of {target} can't be recorded in {known.files[0]}: {_text(error)}",
            "make that file writable, or name another as UserKnownHostsFile",
        ) from error


def refusal(target: Target, key: HostKey, finding: Finding) -> ConnectionFailed:
    """Why a host key isn't good, with fingerprints and the way out."""
    match finding:
        case Finding(Verdict.REVOKED, Entry(place=place)):
            return ConnectionFailed(
                f"the host key of {target} is revoked by {place}: {key}",
                "the host needs a new key; this one must not be used",
            )
        case Finding(Verdict.CHANGED, Entry() as entry):
            return _changed(target, key, entry)
    return _unknown(target, key, finding.entry)


def _changed(target: Target, key: HostKey, entry: Entry) -> ConnectionFailed:
    name = known_name(target.known_as, target.known_port)
    return ConnectionFailed(
        f"the host key of {target} has CHANGED: it shows {key}, but {entry.place} has"
        f" {entry.key}. No password was sent",
        "somebody may be in between. If the host was set up anew, check the new fingerprint on"
        f" it, then: ssh-keygen -f {entry.place.file} -R '{name}'",
    )


def _unknown(target: Target, key: HostKey, authority: Entry | None) -> ConnectionFailed:
    note = ""
    if authority is not None:
        note = f"; {authority.place} names a certificate authority, which is not supported"
    files = target.known_hosts or ("~/.ssh/known_hosts",)
    short = key.type.removeprefix("ssh-").split("-")[0]
    return ConnectionFailed(
        f"the host key of {target} is not known: {key}{note}",
        f"compare it with `ssh-keygen -lf /etc/ssh/ssh_host_{short}_key.pub` on the host, then use"
        f" --accept-new-host-keys, or: ssh-keyscan -p {target.port} -t {short} {target.address}"
        f" >> {files[0]}",
    )
