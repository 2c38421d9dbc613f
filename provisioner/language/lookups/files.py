"""Lookups of files and commands of the controller."""

from __future__ import annotations

import ast
import itertools
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from provisioner.language.filters.data import flatten, is_list
from provisioner.language.filters.text import to_bool
from provisioner.language.lookups.base import LookupFailedError, find, known_options, text_of
from provisioner.language.lookups.context import LookupContext


def file(
    context: LookupContext, terms: list[Any], rstrip: Any = True, lstrip: Any = False
) -> list[str]:
    """The text of files of the controller, without white space at the end."""
    texts = (text_of(context, find(context, "files", term)) for term in terms)
    trimmed = (text.rstrip() if to_bool(rstrip) else text for text in texts)
    return [text.lstrip() if to_bool(lstrip) else text for text in trimmed]


def unvault(context: LookupContext, terms: list[Any]) -> list[str]:
    """The text of files of the controller, decrypted and else as it is."""
    return [text_of(context, find(context, "files", term)) for term in terms]


def template(
    context: LookupContext,
    terms: list[Any],
    template_vars: Mapping[str, Any] | None = None,
    convert_data: Any = True,
    **options: Any,
) -> list[Any]:
    """What templates render to: text, or a dict or list unless `convert_data` is false."""
    options = {"trim_blocks": True, **options}
    options.pop("jinja2_native", None)  # a file gives text in any case; `convert_data` reads it
    texts = [
        context.render(find(context, "templates", term), options, template_vars or {})
        for term in terms
    ]
    return [as_data(text) for text in texts] if to_bool(convert_data) else texts


def as_data(text: str) -> Any:
    """The dict or list that a text is, as JSON or as Python writes it; else the text."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    for read in (json.loads, _literal):
        with suppress(ValueError, SyntaxError, RecursionError, MemoryError):
            return read(text.strip())
    return text


class _Words(ast.NodeTransformer):
    """JSON's words in Python's notation."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        words = {"true": True, "false": False, "null": None}
        return ast.Constant(words[node.id]) if node.id in words else node


def _literal(text: str) -> Any:
    """What Python writes so, or with JSON's words for true, false and null."""
    return ast.literal_eval(_Words().visit(ast.parse(text, mode="eval")))


TEMPLATE = frozenset(
    {
        "template_vars", "convert_data", "variable_start_string", "variable_end_string",
        "comment_start_string", "comment_end_string", "block_start_string", "block_end_string",
        "trim_blocks", "lstrip_blocks", "jinja2_native",
    }
)  # fmt: skip
"""The options of the lookup of templates."""


def first_found(
    context: LookupContext,
    terms: list[Any],
    files: Any = None,
    paths: Any = None,
    skip: Any = False,
) -> list[str]:
    """The path of the first file that exists, of names or of {files, paths, skip}."""
    may_lack = bool(to_bool(skip))
    given = [*terms] if files is None else [*terms, {"files": files}]
    for names, folders, skips in _candidates(given, paths):
        may_lack = may_lack or skips
        for folder, name in itertools.product(folders or [""], names):
            try:
                return [str(find(context, context.folder, os.path.join(folder, name)))]  # noqa: PTH118
            except FileNotFoundError:
                continue
    if may_lack:
        return []
    raise LookupFailedError("none of the files is there (`skip: true` lets that pass)")


def _candidates(terms: list[Any], paths: Any) -> Iterator[tuple[list[str], list[str], bool]]:
    """File names, the folders to look in, and whether none may be there."""
    for term in terms:
        if isinstance(term, Mapping):
            given = known_options(term, {"files": [], "paths": paths, "skip": False})
            folders = _split(given["paths"], ",:;")
            yield _split(given["files"], ",;"), folders, bool(to_bool(given["skip"]))
        elif is_list(term):
            yield from _candidates(list(term), paths)
        else:
            yield [str(term)], _split(paths, ",:;"), False


def _split(value: Any, separators: str) -> list[str]:
    if value is None:
        return []
    parts = flatten([value])
    split = (
        re.split(f"[{separators}]", part) if isinstance(part, str) else [part] for part in parts
    )
    return [str(part).strip() for part in itertools.chain.from_iterable(split)]


def fileglob(context: LookupContext, terms: list[Any]) -> list[str]:
    """The files of the controller that match patterns, sorted; no directories."""
    found: list[str] = []
    for term in terms:
        folder, name = os.path.split(str(term))
        for place in _folders(context, folder):
            matches = sorted(str(path) for path in place.glob(name) if path.is_file())
            found += matches
            if matches:
                break
    return found


def _folders(context: LookupContext, folder: str) -> Iterator[Path]:
    with suppress(FileNotFoundError):
        yield find(context, "files", folder or ".")
    yield context.basedir.absolute() / "files" / folder
    yield context.basedir.absolute() / folder


def filetree(context: LookupContext, terms: list[Any]) -> list[dict[str, Any]]:
    """All files below directories of the controller, each as a dict of path, src, state, mode …."""
    found = []
    for term in terms:
        root = find(context, "files", term)
        found += [_entry(root, path) for path in sorted(root.rglob("*"))]
    return found


def _entry(root: Path, path: Path) -> dict[str, Any]:
    import stat

    seen = path.lstat()
    kinds = {stat.S_IFDIR: "directory", stat.S_IFREG: "file", stat.S_IFLNK: "link"}
    entry: dict[str, Any] = {
        "root": str(root),
        "path": str(path.relative_to(root)),
        "state": kinds.get(stat.S_IFMT(seen.st_mode), "other"),
        "uid": seen.st_uid,
        "gid": seen.st_gid,
        "mode": f"0{stat.S_IMODE(seen.st_mode):o}",
        "size": seen.st_size,
        "mtime": seen.st_mtime,
        "ctime": seen.st_ctime,
    }
    return entry | {"src": str(path.readlink() if path.is_symlink() else path)}


def _output(context: LookupContext, command: Any) -> str:
    """What a shell command prints; it runs on the controller, in the playbook's directory."""
    import subprocess

    done = subprocess.run(
        ["/bin/sh", "-c", str(command)],
        cwd=context.basedir,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise LookupFailedError(
            ": ".join([f"the command ended with exit {done.returncode}", *last])
        )
    return done.stdout.decode("utf-8", "surrogateescape")


def pipe(context: LookupContext, terms: list[Any]) -> list[str]:
    """What shell commands print, run on the controller."""
    return [_output(context, term).rstrip() for term in terms]


def lines(context: LookupContext, terms: list[Any]) -> list[str]:
    """The lines that shell commands print, run on the controller."""
    return [line for term in terms for line in _output(context, term).splitlines()]


def env(context: LookupContext, terms: list[Any], default: Any = "") -> list[Any]:
    """Environment variables of the controller; `default` stands for those that are not set."""
    return [os.environ.get(str(term), default) for term in terms]


URL: dict[str, Any] = {
    "username": None, "password": None, "headers": {}, "timeout": 10, "validate_certs": True,
    "split_lines": True, "use_proxy": True,
}  # fmt: skip


def url(context: LookupContext, terms: list[Any], **options: Any) -> list[str]:
    """The lines of pages that the controller fetches; the whole text if `split_lines` is false."""
    given = known_options(options, URL)
    texts = [_fetched(str(term), given) for term in terms]
    if not to_bool(given["split_lines"]):
        return texts
    return [line for text in texts for line in text.splitlines()]


def _fetched(address: str, given: Mapping[str, Any]) -> str:
    import base64
    import ssl
    import urllib.error
    import urllib.request

    if not address.startswith(("http://", "https://", "ftp://")):
        raise LookupFailedError(f'"{address}" is not an http, https or ftp address')
    trust = ssl.create_default_context()
    if not to_bool(given["validate_certs"]):
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    handlers: list[Any] = [urllib.request.HTTPSHandler(context=trust)]
    if not to_bool(given["use_proxy"]):
        handlers.append(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(address, headers=dict(given["headers"]))  # noqa: S310
    if given["username"] is not None:
        login = base64.b64encode(f"{given['username']}:{given['password'] or ''}".encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {login}")
    try:
        opened = urllib.request.build_opener(*handlers).open(request, timeout=given["timeout"])
        with opened as answer:
            return str(answer.read().decode("utf-8", "surrogateescape"))
    except urllib.error.HTTPError as error:
        raise LookupFailedError(f"{address}: HTTP {error.code} {error.reason}") from None
    except OSError as error:
        raise LookupFailedError(f"{address}: {getattr(error, 'reason', error)}") from None
