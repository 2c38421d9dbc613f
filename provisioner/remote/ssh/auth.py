"""Log in: with the keys first, then with the password, which is tried exactly once."""

from __future__ import annotations

from provisioner.errors import ConnectionFailed
from provisioner.remote.ssh.keys import Identity, IdentityError, candidates
from provisioner.remote.ssh.paramiko.auth_exchange import AuthExchange, Reply
from provisioner.remote.ssh.paramiko.names import Message
from provisioner.remote.ssh.paramiko.transport import SshTransport
from provisioner.remote.target import Target

ROUNDS = 8
"""Rounds of keyboard-interactive questions that are answered."""
MAX_AUTH_TRIES = 5
"""Attempts after which sshd may have ended the login (its MaxAuthTries is 6)."""


def log_in(transport: SshTransport, target: Target, deadline: float) -> None:
    """Authenticate as the target's user, before `deadline` (time.monotonic seconds).

    Raises ConnectionFailed, which names the attempts and the methods that the server accepts;
    TimeoutError at the deadline; EOFError or paramiko's exceptions when the connection breaks.
    """
    _Login(AuthExchange(transport, target.user, deadline), target).run()


class _Login:
    """The attempts of one login and their results."""

    def __init__(self, exchange: AuthExchange, target: Target) -> None:
        self._exchange, self._target = exchange, target
        # None means that the server has not named them yet.
        self._methods: tuple[str, ...] | None = None
        self._attempts: list[str] = []
        self._problems: list[str] = []
        self._disconnected = False

    def run(self) -> None:
        try:
            if self._try_keys() or self._try_password():
                return
            if self._methods is None and self._succeeded(self._exchange.request("none")):
                return
        except EOFError as error:
            self._disconnected = True
            self._problems += [str(error)] if str(error) else []
            banner = self._exchange.last_banner.decode("utf-8", "replace").strip().splitlines()
            self._problems += [f"its last message is {line!r}" for line in banner[-1:]]
            raise self._failure("the server closed the connection during authentication") from None
        raise self._failure("authentication failed")

    def _accepts(self, method: str) -> bool:
        """Whether the server may accept the method."""
        return self._methods is None or method in self._methods

    def _succeeded(self, reply: Reply) -> bool:
        if reply.kind == "failure":
            self._methods = reply.methods
        return reply.kind == "success"

    def _try_keys(self) -> bool:
        usable = candidates(self._target)
        self._problems.extend(usable.problems)
        several = len(usable.identities) > 1
        for identity in usable.identities:
            if not self._accepts("publickey"):
                return False
            try:
                if self._try_key(identity, several):
                    return True
            except IdentityError as problem:
                self._problems.append(str(problem))
        return False

    def _try_key(self, identity: Identity, several: bool) -> bool:
        # A single key is proved at once, which saves a round trip. Of several keys, and before a
        # person is asked for a passphrase, the server is asked first which key it accepts.
        if identity.blob is not None and (several or identity.needs_passphrase):
            key_type = Message(identity.blob).get_text()
            reply = self._exchange.ask_for_key(key_type, identity.blob)
            if reply.kind != "key accepted":
                self._attempts.append(identity.label)
                return self._succeeded(reply)
        key = identity.key(self._target.passphrase)
        self._attempts.append(identity.label)
        try:
            return self._succeeded(self._exchange.prove_key(key))
        except (EOFError, TimeoutError):
            raise
        except Exception as error:  # the agent refuses, or there is no common algorithm
            raise IdentityError(f"{identity.label} can't sign: {error}") from error

    def _try_password(self) -> bool:
        """Try the password once, with a method that the server accepts.

        A second attempt could lock the account.
        """
        password = self._target.password
        if password is None:
            return False
        if self._accepts("password"):
            reply = self._exchange.request("password", False, password)
            if self._succeeded(reply):
                return True
            if reply.kind == "password expired":
                self._attempts.append("the password")
                self._problems.append("the password has expired: the server asks for a new one")
                return False
            if "password" in reply.methods or not self._accepts("keyboard-interactive"):
                self._attempts.append("the password")
                return False
        return self._accepts("keyboard-interactive") and self._answer_questions(password)

    def _answer_questions(self, password: str) -> bool:
        """Log in by keyboard-interactive: the password answers the first hidden questions."""
        self._attempts.append("the password (keyboard-interactive)")
        reply = self._exchange.request("keyboard-interactive", "", "")
        answered = False
        for _ in range(ROUNDS):
            if reply.kind != "questions":
                break
            # The password was wrong, or the server also asks for a code.
            if answered and reply.questions:
                self._problems.append(f"the server also asks {reply.questions[0][0]!r}")
                return False
            answers = [password if not shown else "" for _, shown in reply.questions]
            answered = answered or bool(answers)
            reply = self._exchange.answer(answers)
        return self._succeeded(reply)

    def _failure(self, what: str) -> ConnectionFailed:
        target = self._target
        attempts = ", ".join(self._attempts) or "nothing (there is no key and no password)"
        methods = ", ".join(self._methods or ()) or "unknown"
        problems = "".join(f"; {problem}" for problem in self._problems)
        return ConnectionFailed(
            f"{what} for {target.user}@{target.address}: tried {attempts};"
            f" the server accepts: {methods}{problems}",
            self._hint(),
        )

    def _hint(self) -> str:
        target = self._target
        problems = " ".join(self._problems)
        if "too open" in problems:
            return "run chmod 600 on the key file"
        if "can't be read" in problems and not self._attempts:
            return "name an existing key: --private-key or ansible_ssh_private_key_file"
        if "encrypted" in problems or "passphrase" in problems:
            return "give the passphrase, or load the key with ssh-add"
        if "agent" in problems:
            return "start the ssh-agent or unset SSH_AUTH_SOCK"
        if len(self._attempts) >= MAX_AUTH_TRIES:
            return (
                "the server may limit the number of keys: name one key, and set IdentitiesOnly yes"
            )
        if self._disconnected:
            return (
                f"see sshd's log on the host; is the account {target.user} expired (`chage -l`),"
                " or does /run/nologin exist?"
            )
        return (
            f"{self._missing_password()}check with:"
            f" ssh -p {target.port} {target.user}@{target.address}"
        )

    def _missing_password(self) -> str:
        """Return the advice to set a password, or "".

        It is given if none is set and the server would accept one.
        """
        methods = {"password", "keyboard-interactive"} & {*(self._methods or ())}
        if self._target.password is not None or not methods:
            return ""
        return "give the password with -k or ansible_password, or "
