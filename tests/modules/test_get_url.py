"""The module get_url, with a server on this machine."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host, listing

DATA = bytes(range(256)) * 1000
SHA256 = hashlib.sha256(DATA).hexdigest()
SHA1 = hashlib.sha1(DATA).hexdigest()

LISTS = {
    "plain": f"0000  other\n{SHA256}  f.bin\n",
    "binary": f"0000 *other\n{SHA256} *f.bin\n",
    "below": f"{SHA256}  ./f.bin\r\n",
    "bsd": f"SHA256 (other) = 00\nSHA256 (f.bin) = {SHA256}\n",
    "alone": f"{SHA256}\n",
}


class Handler(BaseHTTPRequestHandler):
    requests: list[tuple[str, dict[str, str]]]

    def do_GET(self) -> None:
        self.requests.append((self.path, dict(self.headers)))
        name = self.path.rpartition("/")[2].partition("?")[0]
        if name == "secret" and "Authorization" not in self.headers:
            self.answer(401, b"")
        elif name == "moved":
            self.send_response(302)
            self.send_header("Location", "/f.bin")
            self.end_headers()
        elif name in LISTS:
            self.answer(200, LISTS[name].encode())
        elif name == "gone":
            self.answer(404, b"an error page")
        else:
            self.answer(200, DATA)

    def do_HEAD(self) -> None:
        known = {"/gone": 404, "/secret": 401, "/unasked": 405}
        self.send_response(known.get(self.path, 200))
        self.end_headers()

    def answer(self, code: int, data: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        """Be quiet."""


@pytest.fixture
def server() -> Iterator[str]:
    Handler.requests = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_file_is_downloaded_once(host: Host, server: str) -> None:
    path = host.root / "a b"
    arguments = {"url": f"{server}/d/f.bin?x=1", "dest": str(path), "mode": "0600"}
    before = listing(host.root)
    assert host.look("get_url", **arguments).changes == (f"download {server}/d/f.bin to {path}",)
    assert (listing(host.root), Handler.requests) == (before, [])
    report = host.run("get_url", **arguments)
    assert report.failed is None
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (DATA, 0o600)
    values = host.values("get_url", report, **arguments)
    assert values["status_code"] == 200
    assert (values["checksum_src"], values["checksum_dest"]) == (SHA1, SHA1)
    assert (values["dest"], values["size"], values["state"]) == (str(path), len(DATA), "file")
    Handler.requests.clear()
    assert not host.run("get_url", **arguments).changes
    assert not host.look("get_url", **arguments).changes
    assert Handler.requests == []
    assert [entry.name for entry in host.root.iterdir()] == ["a b"]


def test_force_and_a_directory_download_each_time_and_replace_only_other_content(
    host: Host, server: str
) -> None:
    for arguments in (
        {"url": f"{server}/f.bin", "dest": f"{host.root}/x", "force": True},
        {"url": f"{server}/f.bin", "dest": str(host.root)},
    ):
        assert host.run("get_url", **arguments).changes
        assert host.look("get_url", **arguments).changes
        Handler.requests.clear()
        assert not host.run("get_url", **arguments).changes
        assert len(Handler.requests) == 1
    assert {entry.name for entry in host.root.iterdir()} == {"x", "f.bin"}
    (host.root / "x").write_text("other")
    arguments = {"url": f"{server}/f.bin", "dest": f"{host.root}/x", "force": True}
    report = host.run("get_url", backup=True, **arguments)
    assert report.changes
    assert (host.root / "x").read_bytes() == DATA
    assert report.get("backup_file").startswith(f"{host.root}/x.")


def test_a_file_is_downloaded_only_if_its_checksum_differs(host: Host, server: str) -> None:
    path = host.root / "x"
    arguments = {"url": f"{server}/f.bin", "dest": str(path), "checksum": f"sha256:{SHA256}"}
    path.write_text("other")
    assert host.look("get_url", **arguments).changes
    assert host.run("get_url", **arguments).changes
    assert path.read_bytes() == DATA
    assert not host.run("get_url", **arguments).changes


ASKED = [
    ("f.bin", ""),
    ("unasked", ""),
    ("gone", "can't download {url}: HTTP 404"),
    ("secret", "can't download {url}: HTTP 401"),
]


@pytest.mark.parametrize(("name", "why"), ASKED)
def test_check_mode_asks_whether_the_server_has_the_file(
    host: Host, server: str, name: str, why: str
) -> None:
    url = f"{server}/{name}"
    report = host.run("get_url", "check", url=url, dest=f"{host.root}/x")
    assert report.failed == (why.format(url=url) or None)
    assert (Handler.requests, listing(host.root)) == ([], [])
    assert host.look("get_url", url=url, dest=f"{host.root}/x").failed is None


def test_check_mode_accepts_a_server_that_does_not_answer(host: Host) -> None:
    report = host.run("get_url", "check", url="http://127.0.0.1:1/x", dest=f"{host.root}/x")
    assert report.failed is None
    assert report.changes


def test_the_parameter_sha256sum_is_accepted(host: Host, server: str) -> None:
    arguments = {"url": f"{server}/f.bin", "dest": f"{host.root}/x"}
    assert host.run("get_url", sha256sum=SHA256.upper(), **arguments).changes
    assert not host.run("get_url", sha256sum=SHA256, **arguments).changes
    assert host.run("get_url", sha256sum="0" * 64, **arguments).failed


def test_a_wrong_checksum_replaces_nothing(host: Host, server: str) -> None:
    path = host.root / "x"
    path.write_text("old")
    report = host.run("get_url", url=f"{server}/f.bin", dest=str(path), checksum="sha1:" + "0" * 40)
    assert report.failed == (
        f"{server}/f.bin has the sha1 checksum {SHA1}, not {'0' * 40}. {path} was not changed."
    )
    assert path.read_text() == "old"
    assert [entry.name for entry in host.root.iterdir()] == ["x"]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_checksums_at_a_url(host: Host, server: str, name: str) -> None:
    arguments = {
        "url": f"{server}/f.bin",
        "dest": f"{host.root}/x",
        "checksum": f"sha256:{server}/{name}",
    }
    assert host.run("get_url", **arguments).failed is None
    assert not host.run("get_url", **arguments).changes


def test_a_list_of_checksums_without_the_file_is_a_failure(host: Host, server: str) -> None:
    report = host.run(
        "get_url", url=f"{server}/g", dest=f"{host.root}/x", checksum=f"sha256:{server}/plain"
    )
    assert report.failed == f"{server}/plain has no checksum of g"


def test_an_http_error_is_the_reason_and_no_file_is_left(host: Host, server: str) -> None:
    report = host.run("get_url", url=f"{server}/gone?token=secret", dest=f"{host.root}/x")
    assert (report.failed or "").startswith(f"can't download {server}/gone: HTTP 404 (")
    assert report.get("status_code") == "404"
    assert not list(host.root.iterdir())


def test_a_server_that_does_not_answer_is_a_failure(host: Host) -> None:
    report = host.run("get_url", url="http://127.0.0.1:1/x", dest=f"{host.root}/x", timeout=2)
    assert (report.failed or "").startswith("can't download http://127.0.0.1:1/x: (7) ")


def test_password_and_headers_are_sent_but_not_in_arguments(host: Host, server: str) -> None:
    host.fake("curl", 'exec /usr/bin/curl "$@"')
    report = host.run(
        "get_url",
        url=f"{server}/secret",
        dest=f"{host.root}/x",
        url_username="us er",
        url_password='pa"ss\\w',
        headers={"X-Token": 'to "ken'},
    )
    assert report.failed is None
    _, headers = Handler.requests[-1]
    word = base64.b64encode(b'us er:pa"ss\\w').decode()
    assert headers["Authorization"] == f"Basic {word}"
    assert headers["X-Token"] == 'to "ken'
    assert headers["User-Agent"] == "ansible-httpget"
    call = "\n".join(host.calls())
    assert call.startswith("curl ")
    assert not any(word in call for word in ("us er", "pa", "ken", server))


def test_redirects_are_followed_unless_a_header_must_not_be(host: Host, server: str) -> None:
    arguments = {"url": f"{server}/moved", "dest": f"{host.root}/x"}
    assert host.run("get_url", unredirected_headers=["X-Token"], **arguments).failed
    assert host.run("get_url", **arguments).failed is None
    assert (host.root / "x").read_bytes() == DATA


def test_without_curl_wget_downloads_unless_secrets_would_be_visible(
    host: Host, server: str, tmp_path: Path
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in Path("/usr/bin").iterdir():
        if tool.name != "curl":
            (tools / tool.name).symlink_to(tool)
    host.environment["PATH"] = str(tools)
    arguments = {"url": f"{server}/f.bin", "dest": f"{host.root}/x"}
    report = host.run("get_url", headers={"a": "b"}, **arguments)
    assert "with wget all users could see" in (report.failed or "")
    assert host.run("get_url", **arguments).failed is None
    assert (host.root / "x").read_bytes() == DATA
    report = host.run("get_url", url=f"{server}/gone", dest=f"{host.root}/y")
    assert "404" in (report.failed or "")
    (tools / "wget").unlink()
    report = host.run("get_url", url=f"{server}/f.bin", dest=f"{host.root}/y")
    assert "install curl" in (report.failed or "")


def test_a_file_url_is_copied(host: Host) -> None:
    (host.root / "f").write_bytes(DATA)
    assert host.run("get_url", url=f"file://{host.root}/f", dest=f"{host.root}/x").changes
    assert (host.root / "x").read_bytes() == DATA
    report = host.run("get_url", url=f"file://{host.root}/none", dest=f"{host.root}/y")
    assert "none" in (report.failed or "")


def test_a_missing_directory_is_the_reason_of_the_failure(host: Host, server: str) -> None:
    arguments = {"url": f"{server}/f.bin", "dest": f"{host.root}/none/x"}
    assert host.look("get_url", **arguments).changes
    assert "there is no directory" in (host.run("get_url", **arguments).failed or "")


@pytest.mark.parametrize(
    "arguments",
    [
        {"url": "/no/url"},
        {"checksum": "crc:12"},
        {"checksum": "sha256:xyz"},
        {"headers": {"a": "b\nc"}},
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(InvalidArguments):
        find_module("get_url").from_arguments({"url": "http://x/y", "dest": "/x", **arguments})
