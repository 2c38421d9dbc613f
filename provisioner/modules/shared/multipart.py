"""Encode a form as multipart/form-data (RFC 7578)."""

from __future__ import annotations

import base64
import mimetypes
import secrets
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from provisioner.local_files import read_regular
from provisioner.modules.framework.base import ModuleError, TaskContext


def multipart(fields: Mapping[str, Any], context: TaskContext) -> tuple[bytes, str]:
    """Return (body, Content-Type).

    A field is a text, or a mapping with `content` or `filename` (a file of the controller), and
    optionally `mime_type` and `multipart_encoding`. ModuleError if it has none of the two.
    """
    boundary = secrets.token_hex(16)
    parts = [_part(str(name), value, context) for name, value in fields.items()]
    mark = b"--" + boundary.encode()
    body = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"
    return body, f'multipart/form-data; boundary="{boundary}"'


def _part(name: str, value: Any, context: TaskContext) -> bytes:
    heads = [f'Content-Disposition: form-data; name="{_escaped(name)}"']
    if not isinstance(value, Mapping):
        return _joined(heads, str(value).encode("utf-8", "surrogateescape"))
    file, content = value.get("filename"), value.get("content")
    if file is None and content is None:
        raise ModuleError(f"body: {name} has neither content nor filename")
    if file is not None:
        heads[0] += f'; filename="{_escaped(PurePath(str(file)).name)}"'
    if content is None:
        data = content_of(context.find("files", str(file)))
    else:
        data = str(content).encode("utf-8", "surrogateescape")
    guess = mimetypes.guess_type(str(file))[0] if file is not None else "text/plain"
    heads.append(f"Content-Type: {value.get('mime_type') or guess or 'application/octet-stream'}")
    if value.get("multipart_encoding") == "base64":
        heads.append("Content-Transfer-Encoding: base64")
        data = base64.encodebytes(data).strip().replace(b"\n", b"\r\n")
    return _joined(heads, data)


def _joined(heads: list[str], data: bytes) -> bytes:
    return "\r\n".join(heads).encode() + b"\r\n\r\n" + data


def _escaped(text: str) -> str:
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def content_of(path: Path) -> bytes:
    """Return the content of a file of this machine. Raises ModuleError."""
    try:
        return read_regular(path)
    except OSError as error:
        raise ModuleError(f"{path} can't be read: {error.strerror}") from None
