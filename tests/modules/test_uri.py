"""The module uri, with a server on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host, listing


class Handler(BaseHTTPRequestHandler):
    """Answers with the request as JSON; /text, /moved, /500 and /gone have other answers."""

    def answer(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(size)
        asked = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": sent.decode("latin-1"),
        }
        if self.path == "/moved":
            self.give(302, b"", Location="/there")
        elif self.path == "/text":
            self.give(200, b"a\0b\xff\n", **{"Content-Type": "text/plain; charset=latin-1"})
        elif self.path == "/500":
            self.give(500, b"it broke")
        else:
            self.give(200, json.dumps(asked).encode(), **{"Content-Type": "application/json"})

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer  # noqa: N815

    def give(self, code: int, data: bytes, **headers: str) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("X-Two", "1")
        self.send_header("X-Two", "2")
        self.send_header("Set-Cookie", "c=1; Path=/")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        """Be quiet."""


@pytest.fixture
def server() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def returned(host: Host, url: str, /, **arguments: Any) -> dict[str, Any]:
    """Return the return values of a request that succeeds."""
    report = host.run("uri", url=url, **arguments)
    assert (report.failed, report.changes) == (None, ())
    return host.values("uri", report, url=url, **arguments)


def test_an_answer_is_returned_with_status_headers_and_json(host: Host, server: str) -> None:
    values = returned(host, f"{server}/x?y=1", return_content=True)
    assert (values["status"], values["url"], values["redirected"]) == (
        200,
        f"{server}/x?y=1",
        False,
    )
    assert (values["content_type"], values["x_two"]) == ("application/json", "1, 2")
    assert (values["cookies"], values["cookies_string"]) == ({"c": "1"}, "c=1")
    assert values["json"]["path"] == "/x?y=1"
    assert json.loads(values["content"]) == values["json"]
    assert values["msg"] == f"OK ({values['content_length']} bytes)"
    assert "content" not in returned(host, f"{server}/x")


def test_the_content_is_decoded_with_its_charset(host: Host, server: str) -> None:
    assert returned(host, f"{server}/text", return_content=True)["content"] == "a\0b\xff\n"


BODIES = [
    # body_format, body, content that arrives, its type
    ("raw", 'it\'s "$(id)"\n', 'it\'s "$(id)"\n', "application/x-www-form-urlencoded"),
    ("json", {"a": [1, None]}, '{"a": [1, null]}', "application/json"),
    ("json", '{"a":1}', '{"a":1}', "application/json"),
    ("form-urlencoded", {"a": "x y&", "b": [1, 2]}, "a=x+y%26&b=1&b=2", None),
    ("form-urlencoded", [["a", "1"]], "a=1", "application/x-www-form-urlencoded"),
    ("raw", "x" * 300_000, "x" * 300_000, None),
]


@pytest.mark.parametrize(("how", "body", "sent", "kind"), BODIES, ids=range(len(BODIES)))
def test_a_body_is_sent_in_its_format(
    host: Host, server: str, how: str, body: Any, sent: str, kind: str | None
) -> None:
    asked = returned(host, server, method="post", body=body, body_format=how)["json"]
    assert (asked["method"], asked["body"]) == ("POST", sent)
    if kind:
        assert asked["headers"]["content-type"] == kind
    assert "expect" not in asked["headers"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
@pytest.mark.parametrize("body", [None, "x"])
def test_every_method_works_with_and_without_a_body(
    host: Host, server: str, method: str, body: str | None
) -> None:
    asked = returned(host, server, method=method, body=body)["json"]
    assert (asked["method"], asked["body"]) == (method, body or "")


def test_head_gets_headers_only(host: Host, server: str) -> None:
    assert returned(host, server, method="HEAD")["content_type"] == "application/json"


def test_a_form_with_a_file_is_sent(host: Host, server: str) -> None:
    (host.context.folder / "f.txt").write_bytes(b"a\0b")
    body = {"t": "text", "f": {"filename": "f.txt"}, "g": {"content": "x", "mime_type": "a/b"}}
    asked = returned(host, server, method="POST", body=body, body_format="form-multipart")["json"]
    assert 'name="t"\r\n\r\ntext\r\n' in asked["body"]
    assert 'filename="f.txt"\r\nContent-Type: text/plain\r\n\r\na\0b\r\n' in asked["body"]
    assert "Content-Type: a/b" in asked["body"]


@pytest.mark.parametrize("remote", [False, True], ids=["controller", "host"])
def test_a_file_is_sent(host: Host, server: str, remote: bool) -> None:
    path = (host.root if remote else host.context.folder) / "f"
    path.write_bytes(b"a\0b\r\n\xff")
    asked = returned(host, server, method="PUT", src=str(path), remote_src=remote)["json"]
    assert asked["body"] == "a\0b\r\n\xff"


def test_headers_user_and_password_are_sent_but_not_in_arguments(host: Host, server: str) -> None:
    host.fake("curl", 'exec /usr/bin/curl "$@"')
    arguments = {"url_username": "me", "url_password": 'p"\\w', "headers": {"X-Key": "k\"e'y"}}
    asked = returned(host, server, **arguments)["json"]
    assert asked["headers"]["authorization"] == "Basic bWU6cCJcdw=="
    assert asked["headers"]["x-key"] == "k\"e'y"
    call = " ".join(host.calls())
    assert not any(word in call for word in ("me:", 'p"', 'k"e', server))


@pytest.mark.parametrize(
    ("follow", "method", "status"),
    [
        ("safe", "GET", 200),
        ("safe", "POST", 302),
        ("all", "POST", 200),
        (True, "POST", 200),
        (False, "GET", 302),
        ("none", "GET", 302),
    ],
)
def test_redirects_are_followed_according_to_follow_redirects(
    host: Host, server: str, follow: Any, method: str, status: int
) -> None:
    values = returned(
        host, f"{server}/moved", follow_redirects=follow, method=method, status_code=status
    )
    assert values["redirected"] == (status == 200)
    assert values["url"].endswith("/there" if status == 200 else "/moved")


def test_another_status_is_a_failure_with_the_content_of_the_answer(
    host: Host, server: str
) -> None:
    arguments: dict[str, Any] = {"url": f"{server}/500", "status_code": "200, 201"}
    report = host.run("uri", **arguments)
    assert (report.failed or "").startswith("Status code was 500 and not [200, 201]")
    values = host.values("uri", report, **arguments)
    assert (values["status"], values["content"]) == (500, "it broke")
    assert not host.run("uri", url=f"{server}/500", status_code=[200, 500]).failed


def test_a_server_that_does_not_answer_has_the_status_minus_1_and_a_reason(host: Host) -> None:
    arguments = {"url": "http://127.0.0.1:1/"}
    report = host.run("uri", **arguments)
    assert (report.failed or "").startswith("Status code was -1 and not [200]: Request failed: (7)")
    assert host.values("uri", report, **arguments)["status"] == -1


def test_an_answer_is_stored_once(host: Host, server: str) -> None:
    arguments: dict[str, Any] = {"url": f"{server}/text", "dest": str(host.root), "mode": "0600"}
    report = host.run("uri", **arguments)
    path = host.root / "text"
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"a\0b\xff\n", 0o600)
    assert len(report.changes) == 1
    assert host.values("uri", report, **arguments)["path"] == str(path)
    before = listing(path.parent)[1:]
    assert not host.run("uri", **arguments).changes
    assert listing(path.parent)[1:] == before
    assert [entry.name for entry in host.root.iterdir()] == ["text"]


def test_a_bad_answer_is_not_stored(host: Host, server: str) -> None:
    assert host.run("uri", url=f"{server}/500", dest=f"{host.root}/x").failed
    assert not list(host.root.iterdir())


def test_creates_and_removes_are_obeyed_and_check_mode_sends_nothing(host: Host) -> None:
    url = "http://127.0.0.1:1/"
    assert not host.run("uri", url=url, creates=str(host.root)).failed
    assert not host.run("uri", url=url, removes=f"{host.root}/no").failed
    assert "check" in host.run("uri", "check", url=url).records


def test_wrong_arguments_are_refused() -> None:
    for arguments in (
        {"url": "example.com"},
        {"url": "http://x", "body": "a", "src": "b"},
        {"url": "http://x", "headers": {"a": "b\nc"}},
        {"url": "http://x", "body": "a", "body_format": "form-multipart"},
    ):
        with pytest.raises(InvalidArguments):
            find_module("uri").from_arguments(arguments)
