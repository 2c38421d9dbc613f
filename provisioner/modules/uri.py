"""uri: send a request from the host to a web service."""

from __future__ import annotations

import contextlib
import json
import posixpath
import re
from collections.abc import Mapping
from email.message import Message
from http.cookies import CookieError, SimpleCookie
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import unquote, urlencode, urlsplit

from provisioner.modules.framework.base import FileAttributes, Module, ModuleError, TaskContext
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import Before, parameter
from provisioner.modules.shared.content import file_values
from provisioner.modules.shared.multipart import content_of, multipart
from provisioner.modules.shared.request import Request, check_headers, shown
from provisioner.remote.shell import LARGE_REPORT_LIMIT, Program, Report, Value

TYPES = {
    "json": "application/json",
    "form-urlencoded": "application/x-www-form-urlencoded",
}


def _codes(value: Any) -> Any:
    """Accept a list of numbers, one number, or a text with commas between them."""
    if isinstance(value, str):
        return tuple(word.strip() for word in value.split(",") if word.strip())
    return value if isinstance(value, list | tuple) else (value,)


def _word(value: Any) -> Any:
    """Return yes and no as text: YAML reads them as true and false."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


class Uri(Request, FileAttributes, Module):
    """Send a request to a web service and return its answer."""

    report_limit: ClassVar[int] = LARGE_REPORT_LIMIT
    body: ClassVar[str] = load_body(
        "shared/exists.sh", "shared/creates.sh", "shared/distrusted.sh", "uri.sh"
    )

    url: str
    """The URL: http or https."""
    method: str = "GET"
    """The method: GET, POST, PUT, DELETE or another one of the service."""
    payload: Any = parameter(None, name="body")
    """The content to send (Ansible's parameter `body`): a text, or data for `body_format`."""
    body_format: Literal["raw", "json", "form-urlencoded", "form-multipart"] = "raw"
    """The format of `body`. It also sets the Content-Type."""
    src: str | None = None
    """A file to send instead of `body`."""
    remote_src: bool = False
    """`src` is a file of the host."""
    headers: dict[str, str] = parameter({})
    """Headers of the request."""
    status_code: Annotated[tuple[int, ...], Before(_codes)] = (200,)
    """The status codes that mean success."""
    return_content: bool = False
    """Return the content of the answer as `content`."""
    dest: str | None = None
    """A file or directory for the content of the answer."""
    creates: str | None = None
    """A path or glob. If it exists, no request is sent."""
    removes: str | None = None
    """A path or glob. If it does not exist, no request is sent."""
    follow_redirects: Annotated[
        Literal["all", "no", "none", "safe", "urllib2", "yes"], Before(_word)
    ] = "safe"
    """`all` (also `yes`) follows all redirects, `safe` (also `urllib2`) only those of GET and HEAD,
    `none` (also `no`) follows none."""
    timeout: int = 30
    """Seconds to wait for the connection, and for further data."""
    url_username: str | None = parameter(None, aliases=("user",))
    """The user name for the service."""
    force: bool = parameter(False, aliases=("thirsty",))
    """Ask caches for a new answer."""
    ca_path: str | None = None
    """A PEM file of the host with trusted certificate authorities."""
    unix_socket: str | None = None
    """A Unix socket of the host to connect to. The curl of CentOS 7 does not support it."""

    def validate(self) -> None:
        if not urlsplit(self.url).scheme:
            raise ValueError(f"url: {shown(self.url)!r} does not begin with http:// or https://")
        if self.payload is not None and self.src is not None:
            raise ValueError("body and src can't both be set")
        if not re.fullmatch(r"[A-Za-z]+", self.method):
            raise ValueError(f"method: {self.method!r} is not a word")
        check_headers(self.headers)
        if self.body_format == "form-multipart" and not isinstance(self.payload, Mapping):
            raise ValueError("body_format: form-multipart needs a mapping as body")

    @property
    def acts(self) -> bool:
        return True

    def program(self, context: TaskContext) -> Program:
        data, kind = self._data(context)
        variables: dict[str, Value] = {
            **self.attribute_variables(),
            "config": self._config(kind, data is not None),
            "shown": shown(self.url),
            "sends": data is not None,
            "content_size": str(len(data or b"")),
            "codes": " ".join(map(str, self.status_code)),
            "shown_codes": ", ".join(map(str, self.status_code)),
            "path": self.dest or "",
            "name": posixpath.basename(unquote(urlsplit(self.url).path)) or "index.html",
            "return_content": self.return_content,
            "creates": self.creates or "",
            "removes": self.removes or "",
            "backup": False,
            "validate": "",
            "old_sha256": "",
        }
        return Program("uri", self.body, variables, data, report_limit=self.report_limit)

    def _data(self, context: TaskContext) -> tuple[bytes | None, str | None]:
        """Return (content that the controller sends, its Content-Type); None for none."""
        kind, payload = TYPES.get(self.body_format), self.payload
        if self.src is not None:
            local = None if self.remote_src else content_of(context.find("files", self.src))
            return local, kind
        if payload is None:
            return None, None
        if self.body_format == "form-multipart":
            return multipart(payload, context)
        if not isinstance(payload, str):
            payload = self._serialized(payload)
        return payload.encode("utf-8", "surrogateescape"), kind

    def _serialized(self, payload: Any) -> str:
        if self.body_format != "form-urlencoded":
            return json.dumps(payload, default=str)
        pairs = payload.items() if isinstance(payload, Mapping) else payload
        try:
            return urlencode([(name, value) for name, value in pairs], doseq=True)
        except (TypeError, ValueError):
            raise ModuleError("body is neither a mapping nor a list of pairs") from None

    def _config(self, kind: str | None, sends: bool) -> str:
        """Return curl's configuration for the request."""
        method = self.method.upper()
        sends = sends or (self.src is not None)
        data = f"@{self.src}" if self.src is not None and self.remote_src else "@-"
        defaults = {("GET", False), ("HEAD", False), ("POST", True)}  # curl's own choice
        redirects = self.follow_redirects in ("all", "yes") or (
            self.follow_redirects in ("safe", "urllib2") and method in ("GET", "HEAD")
        )
        more = {
            "request": None if (method, sends) in defaults else method,
            "data-binary": data if sends else ("" if method == "POST" else None),
            "cacert": self.ca_path,
            "unix-socket": self.unix_socket,
            "location": redirects,
            "head": method == "HEAD",
        }
        return self.curl(self.url, self._headers(kind), more)

    def _headers(self, kind: str | None) -> list[str]:
        names = {name.lower() for name in self.headers}
        lines = [
            f"{name}: {value}" if value else f"{name};" for name, value in self.headers.items()
        ]
        if kind is not None and "content-type" not in names:
            lines.append(f"Content-Type: {kind}")
        if self.force:
            lines.append("Cache-Control: no-cache")
        return [
            *lines,
            "Expect:",
        ]  # else curl waits for a `100 Continue`

    def returns(self, report: Report) -> dict[str, Any]:
        if "skip" in report.records:
            return {"msg": f"skipped, since {report.get('skip')}"}
        if "status" not in report.records:
            return {}
        values: dict[str, Any] = {"url": self.url, "status": int(report.get("status"))}
        values |= {"redirected": False, "elapsed": 0}
        reason, headers = last_headers(report.get("headers"))
        values |= header_values(headers)
        if "transfer" in report.records:
            _, redirects, seconds, values["url"] = report.get("transfer").split(" ", 3)
            values["redirected"] = int(redirects) > 0
            values["elapsed"] = int(float(seconds.replace(",", ".")))
            values["msg"] = f"{reason} ({headers.get('Content-Length', 'unknown')} bytes)"
        return values | self._content(report, headers) | self._file(report)

    def _content(self, report: Report, headers: Message) -> dict[str, Any]:
        if "content" not in report.records:
            return {}
        raw = report.get("content").encode("utf-8", "surrogateescape")
        try:
            text = raw.decode(headers.get_content_charset() or "utf-8", "surrogateescape")
        except LookupError:
            text = report.get("content")
        values: dict[str, Any] = {}
        if self.return_content or report.failed:
            values["content"] = text
        if re.search(r"json|javascript", headers.get_content_type()):
            with contextlib.suppress(ValueError):
                values["json"] = json.loads(text)
        return values

    def _file(self, report: Report) -> dict[str, Any]:
        if "path" not in report.records:
            return {}
        return {"path": report.get("path"), **file_values(report)}


def last_headers(text: str) -> tuple[str, Message]:
    """Return (reason phrase, headers) of the last answer, after those of redirects."""
    block = re.split(r"\r?\n\r?\n", text.strip())[-1]
    lines = block.replace("\r", "").split("\n")
    words = lines[0].split(" ", 2)
    message = Message()
    for line in lines[1:]:
        name, _, value = line.partition(":")
        if name.strip():
            message[name.strip()] = value.strip()
    return (words[2] if len(words) > 2 else ""), message


def header_values(headers: Message) -> dict[str, Any]:
    """Return Ansible's return values for headers: lower case names with _, and the cookies."""
    values: dict[str, Any] = {}
    for name in headers:
        key = name.lower().replace("-", "_")
        values[key] = ", ".join(map(str, headers.get_all(name, [])))
    cookies: dict[str, str] = {}
    for line in headers.get_all("Set-Cookie", []):
        try:
            cookies |= {key: morsel.value for key, morsel in SimpleCookie(str(line)).items()}
        except CookieError:
            continue
    pairs = (f"{key}={value}" for key, value in cookies.items())
    return {**values, "cookies": cookies, "cookies_string": "; ".join(pairs)}
