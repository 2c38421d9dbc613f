"""The messages of a login (RFC 4252, RFC 4256): send a request, wait for the server's reply.

paramiko's own authentication requests the service before each attempt, polls, hides which
methods the server accepts, and signs with a key without asking whether the server accepts it. Only
its message formats are used here. The private names are the same in paramiko 3.5.1 to 5.1 (tested
with 3.5.1 and 5.1.0).
"""

from __future__ import annotations

import queue
import time
from typing import Any, Literal

from provisioner.records import dataclass
from provisioner.remote.ssh.paramiko.names import (
    AuthHandler,
    Message,
    PKey,
    SSHException,
)
from provisioner.remote.ssh.paramiko.transport import SshTransport, shown

SERVICE_REQUEST, USERAUTH_REQUEST, INFO_RESPONSE = b"\x05", b"\x32", b"\x3d"
LONGEST_BANNER = 200  # bytes kept of a login banner, which may be a megabyte
MOST_QUESTIONS = 32  # in one message
LONGEST_METHODS = 1000  # bytes read of the list of methods
MOST_REPLIES = 16  # that no request has asked for

ReplyKind = Literal[
    "success", "failure", "key accepted", "questions", "password expired", "disconnected"
]


@dataclass(frozen=True)
class Reply:
    """The server's reply to a request.

    A failure names the methods that may be tried next. Each question has its text and whether the
    answer may be shown.
    """

    kind: ReplyKind
    methods: tuple[str, ...] = ()
    questions: tuple[tuple[str, bool], ...] = ()


class AuthExchange(AuthHandler):
    """The requests of one login, and the replies, which arrive on the transport's thread.

    Overridden: the `_parse_*` methods and `abort`, which paramiko's thread calls.
    """

    def __init__(self, transport: SshTransport, user: str, deadline: float) -> None:
        super().__init__(transport)
        self._transport, self._user, self._deadline = transport, user, deadline
        self._replies: queue.SimpleQueue[Reply] = queue.SimpleQueue()
        self._service_requested = False
        self.last_banner = b""
        transport.auth_handler = self
        if not transport.is_active():
            raise EOFError

    def request(self, method: str, *fields: bool | str | bytes) -> Reply:
        """Try a method. Raises TimeoutError at the deadline, EOFError when the server hangs up."""
        self.auth_method = method
        return self._send(_request(self._user, method, *fields))

    def ask_for_key(self, key_type: str, public: bytes) -> Reply:
        """Ask whether the server accepts this public key; nothing is signed."""
        return self.request("publickey", False, self._algorithm(key_type), public)

    def prove_key(self, key: PKey) -> Reply:
        """Log in with a key: sign the session's identifier (RFC 4252, section 7)."""
        self.auth_method = "publickey"
        key_type, public = self._get_key_type_and_bits(key)  # type: ignore[attr-defined]
        algorithm = self._algorithm(key_type)
        message = _request(self._user, "publickey", True, algorithm, public)
        signed = self._get_session_blob(key, "ssh-connection", self._user, algorithm)  # type: ignore[attr-defined]
        message.add_string(key.sign_ssh_data(signed, algorithm))
        return self._send(message)

    def answer(self, answers: list[str]) -> Reply:
        """Answer the questions of a reply."""
        message = Message()
        message.add_byte(INFO_RESPONSE)
        message.add_int(len(answers))
        for answer in answers:
            message.add_string(answer)
        return self._send(message)

    def _send(self, message: Message) -> Reply:
        if not self._service_requested:
            self._service_requested = True
            service = Message()
            service.add_byte(SERVICE_REQUEST)
            service.add_string("ssh-userauth")
            # Nothing waits for the answer: the server reads the first attempt after it.
            self._transport._send_message(service)  # type: ignore[attr-defined]
        self._transport._send_message(message)  # type: ignore[attr-defined]
        try:
            reply = self._replies.get(timeout=max(0.001, self._deadline - time.monotonic()))
        except queue.Empty:
            raise TimeoutError from None
        if reply.kind == "disconnected":
            raise self._transport.get_exception() or EOFError()
        return reply

    def _algorithm(self, key_type: str) -> str:
        return str(self._finalize_pubkey_algorithm(key_type))  # type: ignore[attr-defined]

    def _parse_service_accept(self, m: Message) -> None:
        pass

    def _parse_userauth_banner(self, m: Message) -> None:
        self.last_banner = m.get_binary()[-LONGEST_BANNER:]

    def _parse_userauth_success(self, m: Message) -> None:
        self.authenticated = True
        self._transport._auth_trigger()
        self._put(Reply("success"))

    def _put(self, reply: Reply) -> None:
        if self._replies.qsize() >= MOST_REPLIES:
            raise SSHException("the server answers requests that were not sent")
        self._replies.put(reply)

    def _parse_userauth_failure(self, m: Message) -> None:
        names = m.get_binary()[:LONGEST_METHODS].decode("utf-8", "replace").split(",")
        self._put(Reply("failure", methods=tuple(name[:64] for name in names)))

    def _parse_userauth_info_request(self, m: Message) -> None:
        # Message 60 has two meanings (RFC 4252, section 6), depending on the request.
        if self.auth_method == "publickey":
            self._put(Reply("key accepted"))
            return
        if self.auth_method == "password":
            self._put(Reply("password expired"))
            return
        for _ in range(3):  # title, instruction, language
            m.get_binary()
        count = min(m.get_int(), MOST_QUESTIONS)
        questions = tuple((shown(m.get_binary()), m.get_boolean()) for _ in range(count))
        self._put(Reply("questions", questions=questions))

    def abort(self) -> None:
        self._replies.put(Reply("disconnected"))


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
