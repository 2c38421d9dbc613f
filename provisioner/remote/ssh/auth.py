"""Logging in (RFC 4252, RFC 4256): keys first, then the password, which is tried exactly once.

paramiko's own auth calls ask for the service anew before each attempt, poll, hide which methods the
server takes, and never ask whether a key is welcome before signing; so the exchange is written out
here, on top of its messages.
"""

from __future__ import annotations

import queue
import time
from typing import Any

from provisioner.errors import ConnectionFailed
from provisioner.records import dataclass
from provisioner.remote.ssh.keys import Identity, IdentityError, candidates
from provisioner.remote.ssh.paramiko.names import AuthHandler, Message, PKey
from provisioner.remote.ssh.paramiko.transport import SshTransport
from provisioner.remote.target import Target

SERVICE_REQUEST, USERAUTH_REQUEST, INFO_RESPONSE = b"\x05", b"\x32", b"\x3d"
PROMPTS = 8  # rounds of keyboard-interactive questions before we give up


@dataclass(frozen=True)
class Reply:
    """The server's answer: what is left to try, or its questions."""

    kind: str  # success, failure, welcome (a key), questions, gone
    methods: tuple[str, ...] = ()
    partial: bool = False
    questions: tuple[tuple[str, bool], ...] = ()


class Exchange(AuthHandler):
    """The requests of one login, and the replies as they come in on the transport's thread."""

    def __init__(self, link: SshTransport, user: str, deadline: float) -> None:
        super().__init__(link)
        self._link, self._user, self._deadline = link, user, deadline
        self._replies: queue.SimpleQueue[Reply] = queue.SimpleQueue()
        self.notice = b""
        link.auth_handler = self
        if not link.is_active():
            raise EOFError
        # Not waited for: the server reads the first attempt right behind it (saves a round trip).
        self._service: Message | None = Message()
        self._service.add_byte(SERVICE_REQUEST)
        self._service.add_string("ssh-userauth")

    def ask(self, method: str, *fields: bool | str | bytes) -> Reply:
        """One attempt. Raises TimeoutError at the deadline, EOFError when the server hangs up."""
        self.auth_method = method
        return self.send(_request(self._user, method, *fields))

    def send(self, message: Message) -> Reply:
        service, self._service = self._service, None
        with self._link.wiring.outbox.together():
            if service is not None:
                self._link._send_message(service)  # type: ignore[attr-defined]
            self._link._send_message(message)  # type: ignore[attr-defined]
        try:
            reply = self._replies.get(timeout=max(0.001, self._deadline - time.monotonic()))
        except queue.Empty:
            raise TimeoutError from None
        if reply.kind == "gone":
            raise self._link.get_exception() or EOFError()
        return reply

    def ask_key(self, key_type: str, public: Any) -> Reply:
        """Is this public key welcome? Nothing is signed."""
        return self.ask("publickey", False, self._algorithm(key_type), public)

    def prove_key(self, key: PKey) -> Reply:
        """Log in with a key, by a signature over the session's identifier."""
        self.auth_method = "publickey"
        key_type, public = self._get_key_type_and_bits(key)  # type: ignore[attr-defined]
        algorithm = self._algorithm(key_type)
        message = _request(self._user, "publickey", True, algorithm, public)
        signed = self._get_session_blob(key, "ssh-connection", self._user, algorithm)  # type: ignore[attr-defined]
        message.add_string(key.sign_ssh_data(signed, algorithm))
        return self.send(message)

    def _algorithm(self, key_type: str) -> str:
        return str(self._finalize_pubkey_algorithm(key_type))  # type: ignore[attr-defined]

    # What paramiko's thread calls, by these names.

    def _parse_service_accept(self, m: Message) -> None:
        pass

    def _parse_userauth_banner(self, m: Message) -> None:
        self.notice = m.get_binary()[-200:]  # of what may be a megabyte of legal advice

    def _parse_userauth_success(self, m: Message) -> None:
        self.authenticated = True
        self._link._auth_trigger()  # type: ignore[attr-defined]
        self._replies.put(Reply("success"))

    def _parse_userauth_failure(self, m: Message) -> None:
        methods = tuple(m.get_list())
        self._replies.put(Reply("failure", methods, partial=m.get_boolean()))

    def _parse_userauth_info_request(self, m: Message) -> None:
        # Message 60 means two things (RFC 4252 section 6): it depends on what was asked.
        if self.auth_method == "publickey":
            self._replies.put(Reply("welcome"))
            return
        for _ in range(3):  # title, instruction, language
            m.get_binary()
        count = min(m.get_int(), 32)
        questions = tuple((m.get_text(), m.get_boolean()) for _ in range(count))
        self._replies.put(Reply("questions", questions=questions))

    def abort(self) -> None:
        self._replies.put(Reply("gone"))


def _request(user: str, method: str, *fields: Any) -> Message:
    message = Message()
    message.add_byte(USERAUTH_REQUEST)
    for text in (user, "ssh-connection", method):
        message.add_string(text)
    for value in fields:
        if isinstance(value, bool):
            message.add_boolean(value)
        else:
            message.add_string(value)
    return message


def log_in(link: SshTransport, target: Target, deadline: float) -> None:
    """Authenticate `link` as the target's user, before `deadline` (time.monotonic seconds).

    Raises ConnectionFailed naming what was tried and what the server would take; EOFError,
    TimeoutError or paramiko's exceptions when the connection breaks first.
    """
    _LogIn(Exchange(link, target.user, deadline), target).run()


class _LogIn:
    """The order of attempts, and what came of them."""

    def __init__(self, exchange: Exchange, target: Target) -> None:
        self.exchange, self.target = exchange, target
        self.methods: tuple[str, ...] | None = None  # what the server takes, once it has said so
        self.tried: list[str] = []
        self.problems: list[str] = []
        self.hung_up = False

    def run(self) -> None:
        try:
            if self.try_keys() or self.try_password():
                return
            if self.methods is None and self.done(self.exchange.ask("none")):
                return
        except EOFError:
            self.hung_up = True
            said = self.exchange.notice.decode("utf-8", "replace").strip().splitlines()
            self.problems += [f"it said {line!r}" for line in said[-1:]]
            raise self.failure("the server hung up during authentication") from None
        raise self.failure("authentication failed")

    def takes(self, method: str) -> bool:
        return self.methods is None or method in self.methods

    def done(self, reply: Reply) -> bool:
        if reply.kind == "failure":
            self.methods = reply.methods
        return reply.kind == "success"

    def try_keys(self) -> bool:
        choice = candidates(self.target)
        self.problems.extend(choice.problems)
        several = len(choice.identities) > 1
        for identity in choice.identities:
            if not self.takes("publickey"):
                return False
            try:
                if self.try_key(identity, several):
                    return True
            except IdentityError as problem:
                self.problems.append(str(problem))
        return False

    def try_key(self, identity: Identity, several: bool) -> bool:
        # One key is proved at once (a round trip less); of several, or before a person is
        # asked for a passphrase, the server says first which one it wants.
        if identity.blob is not None and (several or identity.guarded):
            reply = self.exchange.ask_key(Message(identity.blob).get_text(), identity.blob)
            if reply.kind != "welcome":
                self.tried.append(identity.label)
                return self.done(reply)
        key = identity.key(self.target.passphrase)
        self.tried.append(identity.label)
        try:
            return self.done(self.exchange.prove_key(key))
        except (EOFError, TimeoutError):
            raise
        except Exception as error:  # an agent that refuses, an algorithm nobody shares
            raise IdentityError(f"{identity.label} can't sign: {error}") from error

    def try_password(self) -> bool:
        """Once, by whichever method the server takes: a second try could lock the account."""
        password = self.target.password
        if password is None:
            return False
        if self.takes("password"):
            reply = self.exchange.ask("password", False, password)
            if self.done(reply):
                return True
            if "password" in reply.methods or not self.takes("keyboard-interactive"):
                self.tried.append("the password")
                return False
        return self.takes("keyboard-interactive") and self.answer_questions(password)

    def answer_questions(self, password: str) -> bool:
        self.tried.append("the password (keyboard-interactive)")
        reply = self.exchange.ask("keyboard-interactive", "", "")
        given = False
        for _ in range(PROMPTS):
            if reply.kind != "questions":
                break
            if given and reply.questions:  # asked again: it was wrong, or a code is wanted
                self.problems.append(f"the server also asks {reply.questions[0][0].strip()!r}")
                return False
            answers = [password if not echo else "" for _, echo in reply.questions]
            given = given or bool(answers)
            reply = self.exchange.send(_answers(answers))
        return self.done(reply)

    def failure(self, what: str) -> ConnectionFailed:
        target = self.target
        tried = ", ".join(self.tried) or "nothing (no key, no password)"
        takes = ", ".join(self.methods or ()) or "unknown"
        notes = "".join(f"; {problem}" for problem in self.problems)
        reason = (
            f"{what} for {target.user}@{target.address}: tried {tried}; it takes {takes}{notes}"
        )
        return ConnectionFailed(reason, self.hint())

    def hint(self) -> str:
        target = self.target
        problems = " ".join(self.problems)
        if "too open" in problems:
            return "chmod 600 that key file"
        if "can't be read" in problems and not self.tried:
            return "name a key that is there: --private-key or ansible_ssh_private_key_file"
        if "encrypted" in problems or "passphrase" in problems:
            return "give the passphrase, or load the key with ssh-add"
        if "agent" in problems:
            return "start the ssh-agent or unset SSH_AUTH_SOCK"
        if len(self.tried) >= 5:
            return "the server may count keys: name one, with IdentitiesOnly yes"
        if self.hung_up:
            return (
                f"is the account {target.user} expired (`chage -l`), does /run/nologin keep it out?"
                " sshd's log on the host says why"
            )
        return f"{self.lacking()}check with: ssh -p {target.port} {target.user}@{target.address}"

    def lacking(self) -> str:
        """What nobody has given that the server might take."""
        takes = {"password", "keyboard-interactive"} & {*(self.methods or ())}
        if self.target.password is not None or not takes:
            return ""
        return "give the password with -k or ansible_password, or "


def _answers(answers: list[str]) -> Message:
    message = Message()
    message.add_byte(INFO_RESPONSE)
    message.add_int(len(answers))
    for answer in answers:
        message.add_string(answer)
    return message
