"""Base class of get_url and uri: requests that the host sends with curl."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from provisioner.modules.framework.base import Words
from provisioner.modules.framework.fields import Parameters, parameter

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


class Request(Parameters):
    """The parameters of a request that the host sends with curl."""

    timeout: int = 10
    """Seconds to wait for the connection, and for further data."""
    url_username: str | None = None
    """The user name for the server."""
    url_password: str | None = parameter(None, aliases=("password",))
    """The password for the server."""
    force_basic_auth: bool = False
    """Accepted and ignored: curl always sends user and password with the first request."""
    use_proxy: bool = True
    """Use the proxy of the host's environment."""
    validate_certs: bool = True
    """Verify the certificate of the server."""
    client_cert: str | None = None
    """The client certificate, a PEM file of the host."""
    client_key: str | None = None
    """The key of the client certificate, if it is in another file."""
    ciphers: Words | None = None
    """The TLS ciphers, by their names in the host's curl."""
    http_agent: str = "ansible-httpget"
    """The User-Agent of the request."""
    use_netrc: bool = True
    """Use user and password of ~/.netrc if none are set."""
    use_gssapi: bool = False
    """Authenticate with Kerberos."""
    unredirected_headers: Words = ()
    """Headers that are not sent to another server. If any are set, redirects are refused."""
    decompress: bool = True
    """Accepted and ignored: curl does not ask for compression."""

    def curl(self, url: str, headers: Iterable[str], more: Mapping[str, Any]) -> str:
        """Return a configuration file for curl; other users of the host can't see its content.

        `more` are further options. True makes a switch; None and False leave the option out.
        """
        options = {
            "silent": True,
            "show-error": True,
            "globoff": True,
            "url": url,
            "user-agent": self.http_agent,
            "connect-timeout": self.timeout,
            "speed-time": self.timeout,
            "speed-limit": 1,
            "max-redirs": 0 if self.unredirected_headers else 20,
            "noproxy": None if self.use_proxy else "*",
            "insecure": not self.validate_certs,
            "cert": self.client_cert,
            "key": self.client_key,
            "ciphers": ":".join(self.ciphers) if self.ciphers else None,
            "user": self._user(),
            "negotiate": self.use_gssapi,
            "netrc-optional": self.use_netrc and self.url_username is None,
            **more,
        }
        used = {name: v for name, v in options.items() if v is not None and v is not False}
        lines = [name if v is True else f"{name} = {_quoted(v)}" for name, v in used.items()]
        lines += [f"header = {_quoted(header)}" for header in headers]
        return "\n".join(lines) + "\n"

    def _user(self) -> str | None:
        if self.use_gssapi and self.url_username is None:
            return ":"
        if self.url_username is None and self.url_password is None:
            return None
        return f"{self.url_username or ''}:{self.url_password or ''}"


def _quoted(value: object) -> str:
    """Return `value` as a quoted word of a curl configuration."""
    return f'"{str(value).translate(_ESCAPES)}"'


def check_headers(headers: Mapping[str, str]) -> None:
    """Raise ValueError for a header with a newline: it would become several headers."""
    for name, text in headers.items():
        if "\n" in name + text or "\r" in name + text:
            raise ValueError(f"headers: {name} must not contain a newline")


def shown(url: str) -> str:
    """Return the URL without user, password and query, which may hold secrets."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))
