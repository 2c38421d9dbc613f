"""get_url: download a file to the host."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar
from urllib.parse import unquote, urlsplit

from provisioner.modules.framework.base import FileAttributes, Module, TaskContext
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import Before, parameter
from provisioner.modules.shared.content import file_values
from provisioner.modules.shared.request import Request, check_headers, shown
from provisioner.remote.shell import Program, Report, Value

ALGORITHMS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")


def _headers(value: Any) -> Any:
    """Accept a mapping or Ansible's older notation `name:value,name:value`."""
    if isinstance(value, str):
        pairs = (item.partition(":") for item in value.split(",") if item)
        return {name.strip(): text.strip() for name, _, text in pairs}
    return value


class GetUrl(Request, FileAttributes, Module):
    """Download a file to the host."""

    body: ClassVar[str] = load_body("shared/distrusted.sh", "get_url.sh")
    concurrent: ClassVar[bool] = True

    url: str
    """The URL: http, https, ftp or file."""
    dest: str
    """The file, or a directory. In a directory the file gets the name at the end of the URL; it is
    then always downloaded, and replaced if the content differs."""
    checksum: str = ""
    """`ALGORITHM:DIGEST`, or `ALGORITHM:URL` of a list of digests. A file with this checksum is not
    downloaded again. A download with another checksum is refused."""
    sha256sum: str = ""
    """A SHA-256 digest. It is for playbooks of Ansible before 2.14; `checksum` takes precedence."""
    force: bool = parameter(False, aliases=("thirsty",))
    """Download even if the file exists, and replace it if the content differs. If false, an
    existing file is kept unless its `checksum` differs."""
    backup: bool = False
    """Keep a copy of the old file, with the time in its name."""
    headers: Annotated[dict[str, str] | None, Before(_headers)] = None
    """Headers of the request."""
    url_username: str | None = parameter(None, aliases=("username",))
    """The user name for the server."""
    tmp_dest: str | None = None
    """Accepted and ignored: the temporary file must be in the directory of the file."""

    def validate(self) -> None:
        if not urlsplit(self.url).scheme:
            raise ValueError(
                f"url: {shown(self.url)!r} does not begin with http://, https:// or ftp://"
            )
        self._checksum()
        check_headers(self.headers or {})

    def _checksum(self) -> tuple[str, str, str]:
        """Return (algorithm, digest, URL of a list of digests); "" for what is not set."""
        checksum = self.checksum or (f"sha256:{self.sha256sum}" if self.sha256sum else "")
        if not checksum:
            return "", "", ""
        algorithm, _, rest = checksum.partition(":")
        algorithm, rest = algorithm.strip().lower(), rest.strip()
        if algorithm not in ALGORITHMS:
            raise ValueError(f"checksum: it must begin with {', '.join(ALGORITHMS)} and a colon")
        if urlsplit(rest).scheme:
            return algorithm, "", rest
        digest = "".join(letter for letter in rest if letter.isalnum()).lower()
        if not digest or set(digest) - set("0123456789abcdef"):
            raise ValueError("checksum: it is neither a hexadecimal digest nor a URL")
        return algorithm, digest, ""

    def program(self, context: TaskContext) -> Program:
        algorithm, digest, digest_url = self._checksum()
        path = unquote(urlsplit(self.url).path)
        variables: dict[str, Value] = {
            **self.attribute_variables(),
            "path": self.dest,
            "name": posixpath.basename(path) or "index.html",
            "listed_name": posixpath.basename(path),
            "url": self.url,
            "shown": shown(self.url),
            "config": self.configuration(self.url),
            "has_secrets": bool(self.headers or self.url_username or self.url_password),
            "timeout": self.timeout,
            "algorithm": algorithm,
            "digest": digest,
            "checksum_config": self.configuration(digest_url) if digest_url else "",
            "checksum_shown": shown(digest_url),
            "force": self.force,
            "backup": self.backup,
            "validate": "",
            "old_sha256": "",
        }
        return Program("get_url", self.body, variables)

    def configuration(self, url: str) -> str:
        """Return curl's configuration to download `url`."""
        headers = (f"{name}: {text}" for name, text in (self.headers or {}).items())
        return self.curl(url, headers, {"fail": True, "location": True})

    def returns(self, report: Report) -> dict[str, Any]:
        values: Mapping[str, Any] = file_values(report)
        keys = ("checksum_src", "checksum_dest", "backup_file")
        reported = {key: report.get(key) for key in keys if key in report.records}
        code = report.get("status_code")
        return {
            "url": self.url,
            "dest": report.get("dest"),
            "status_code": int(code) if code else None,
            **values,
            **reported,
            **({} if report.failed else {"msg": _message(report, values)}),
        }


def _message(report: Report, values: Mapping[str, Any]) -> str:
    if report.changes or "checksum_src" in report.records:
        size = values["size"] if "checksum_src" in report.records else "unknown"
        return f"OK ({size} bytes)"
    return "file already exists"
