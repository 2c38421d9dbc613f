"""Lookups of files, commands, environment variables and URLs on the controller."""

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
from provisioner.language.lookups.context import LookupContext
from provisioner.language.lookups.terms import (
    LookupFailedError,
    find_file,
    read_text,
    with_defaults,
)
from provisioner.process_signals import cleanup_by_exception


def file(
    context: LookupContext, terms: list[Any], rstrip: Any = True, lstrip: Any = False
) -> list[str]:
    """Return the text of files of the controller.

    White space at the end is removed, with `lstrip` also that at the beginning.
    """
    texts = (read_text(context, find_file(context, "files", term)) for term in terms)
    trimmed = (text.rstrip() if to_bool(rstrip) else text for text in texts)
    return [text.lstrip() if to_bool(lstrip) else text for text in trimmed]


def unvault(context: LookupContext, terms: list[Any]) -> list[str]:
    """Return the text of files of the controller, decrypted and otherwise unchanged."""
    return [read_text(context, find_file(context, "files", term)) for term in terms]


def template(
    context: LookupContext,
    terms: list[Any],
    template_vars: Mapping[str, Any] | None = None,
    convert_data: Any = True,
    **options: Any,
) -> list[Any]:
    """Return the rendered text of template files.

    A text that is a dict or a list gives that value, unless `convert_data` is false.
    `template_vars` are extra variables. The other options are Jinja's, as in
    ansible.builtin.template.
    """
    options = {"trim_blocks": True, **options}
    options.pop("jinja2_native", None)  # a file always renders to text, which `convert_data` parses
    texts = [
        context.render(find_file(context, "templates", term), options, template_vars or {})
        for term in terms
    ]
    return [as_data(text) for text in texts] if to_bool(convert_data) else texts


def as_data(text: str) -> Any:
    """Return the dict or list that a text is in JSON or Python syntax; else the text."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    for parse in (json.loads, _literal):
        with suppress(ValueError, SyntaxError, RecursionError, MemoryError):
            return parse(text.strip())
    return text


class _JsonNames(ast.NodeTransformer):
    """Replaces JSON's true, false and null by Python's constants."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        split_term = {"true": True, "false": False, "null": None}
        return ast.Constant(split_term[node.id]) if node.id in split_term else node


def _literal(text: str) -> Any:
    """Return the value of a Python literal, which may contain JSON's true, false and null."""
    return ast.literal_eval(_JsonNames().visit(ast.parse(text, mode="eval")))


TEMPLATE = frozenset(
    {
        "template_vars", "convert_data", "variable_start_string", "variable_end_string",
        "comment_start_string", "comment_end_string", "block_start_string", "block_end_string",
        "trim_blocks", "lstrip_blocks", "jinja2_native",
    }
)  # fmt: skip
"""The options of the lookup `template`."""


def first_found(
    context: LookupContext,
    terms: list[Any],
    files: Any = None,
    paths: Any = None,
    skip: Any = False,
) -> list[str]:
    """Return the path of the first file that exists.

    A term is a file name, or a dict of `files`, `paths` and `skip`. With `skip: true` the result
    may be empty, else that is an error.
    """
    may_find_none = bool(to_bool(skip))
    searches = [*terms] if files is None else [*terms, {"files": files}]
    for names, folders, skips in _candidates(searches, paths):
        may_find_none = may_find_none or skips
        for folder, name in itertools.product(folders or [""], names):
            try:
                return [str(find_file(context, context.folder, os.path.join(folder, name)))]  # noqa: PTH118
            except FileNotFoundError:
                continue
    if may_find_none:
        return []
    raise LookupFailedError("none of the files exists (`skip: true` allows that)")


def _candidates(terms: list[Any], paths: Any) -> Iterator[tuple[list[str], list[str], bool]]:
    """Yield for each term: file names, folders to search, whether the result may be empty."""
    for term in terms:
        if isinstance(term, Mapping):
            options = with_defaults(term, {"files": [], "paths": paths, "skip": False})
            folders = _split(options["paths"], ",:;")
            yield _split(options["files"], ",;"), folders, bool(to_bool(options["skip"]))
        elif is_list(term):
            yield from _candidates(list(term), paths)
        else:
            yield [str(term)], _split(paths, ",:;"), False


def _split(value: Any, separators: str) -> list[str]:
    """Return the parts of a text or of a list of texts, at any of the separators."""
    if value is None:
        return []
    parts = flatten([value])
    split = (
        re.split(f"[{separators}]", part) if isinstance(part, str) else [part] for part in parts
    )
    return [str(part).strip() for part in itertools.chain.from_iterable(split)]


def fileglob(context: LookupContext, terms: list[Any]) -> list[str]:
    """Return the paths of the controller's files that match patterns, sorted.

    A pattern is searched in the folders of files of the role and the play; the first with a match
    counts. Directories are left out.
    """
    paths: list[str] = []
    for term in terms:
        folder, name = os.path.split(str(term))
        for place in _folders(context, folder):
            matches = sorted(str(path) for path in place.glob(name) if path.is_file())
            paths += matches
            if matches:
                break
    return paths


def _folders(context: LookupContext, folder: str) -> Iterator[Path]:
    """Yield the folders in which `fileglob` searches."""
    with suppress(FileNotFoundError):
        yield find_file(context, "files", folder or ".")
    yield context.basedir.absolute() / "files" / folder
    yield context.basedir.absolute() / folder


def filetree(context: LookupContext, terms: list[Any]) -> list[dict[str, Any]]:
    """Return all files below directories of the controller.

    Each is a dict with root, path, src, state, uid, gid, mode, size, mtime and ctime.
    """
    entries = []
    for term in terms:
        root = find_file(context, "files", term)
        entries += [_entry(root, path) for path in sorted(root.rglob("*"))]
    return entries


def _entry(root: Path, path: Path) -> dict[str, Any]:
    """Return the dict of one file for `filetree`."""
    import stat

    status = path.lstat()
    kinds = {stat.S_IFDIR: "directory", stat.S_IFREG: "file", stat.S_IFLNK: "link"}
    entry: dict[str, Any] = {
        "root": str(root),
        "path": str(path.relative_to(root)),
        "state": kinds.get(stat.S_IFMT(status.st_mode), "other"),
        "uid": status.st_uid,
        "gid": status.st_gid,
        "mode": f"0{stat.S_IMODE(status.st_mode):o}",
        "size": status.st_size,
        "mtime": status.st_mtime,
        "ctime": status.st_ctime,
    }
    return entry | {"src": str(path.readlink() if path.is_symlink() else path)}


def _output(context: LookupContext, command: Any) -> str:
    """Return the output of a shell command.

    It runs on the controller, in the playbook's directory.
    """
    import subprocess

    with cleanup_by_exception():
        process = subprocess.run(
            ["/bin/sh", "-c", str(command)],
            cwd=context.basedir,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    if process.returncode:
        last_line = process.stderr.decode(errors="replace").strip().splitlines()[-1:]
        reason = f"the command ended with exit code {process.returncode}"
        raise LookupFailedError(": ".join([reason, *last_line]))
    return process.stdout.decode("utf-8", "surrogateescape")


def pipe(context: LookupContext, terms: list[Any]) -> list[str]:
    """Return the output of shell commands that run on the controller."""
    return [_output(context, term).rstrip() for term in terms]


def lines(context: LookupContext, terms: list[Any]) -> list[str]:
    """Return the lines of output of shell commands that run on the controller."""
    return [line for term in terms for line in _output(context, term).splitlines()]


def env(context: LookupContext, terms: list[Any], default: Any = "") -> list[Any]:
    """Return the values of environment variables of the controller.

    `default` is the value of those that are not set.
    """
    return [os.environ.get(str(term), default) for term in terms]


URL: dict[str, Any] = {
    "username": None, "password": None, "headers": {}, "timeout": 10, "validate_certs": True,
    "split_lines": True, "use_proxy": True,
}  # fmt: skip
"""The options of the lookup `url`, with their defaults."""


def url(context: LookupContext, terms: list[Any], **options: Any) -> list[str]:
    """Return the lines of the content of URLs, which the controller downloads.

    With `split_lines: false`, return each content as one text. The other options are username,
    password, headers, timeout, validate_certs and use_proxy.
    """
    all_options = with_defaults(options, URL)
    texts = [_download(str(term), all_options) for term in terms]
    if not to_bool(all_options["split_lines"]):
        return texts
    return [line for text in texts for line in text.splitlines()]


def _download(address: str, options: Mapping[str, Any]) -> str:
    """Return the content of a URL."""
    import base64
    import ssl
    import urllib.error
    import urllib.request

    if not address.startswith(("http://", "https://", "ftp://")):
        raise LookupFailedError(f'"{address}" is not an http, https or ftp URL')
    tls = ssl.create_default_context()
    if not to_bool(options["validate_certs"]):
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    handlers: list[Any] = [urllib.request.HTTPSHandler(context=tls)]
    if not to_bool(options["use_proxy"]):
        handlers.append(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(address, headers=dict(options["headers"]))  # noqa: S310
    if options["username"] is not None:
        login = base64.b64encode(
            f"{options['username']}:{options['password'] or ''}".encode()
        ).decode()
        request.add_unredirected_header("Authorization", f"Basic {login}")
    try:
        opened = urllib.request.build_opener(*handlers).open(request, timeout=options["timeout"])
        with opened as response:
            return str(response.read().decode("utf-8", "surrogateescape"))
    except urllib.error.HTTPError as error:
        raise LookupFailedError(f"{address}: HTTP {error.code} {error.reason}") from None
    except OSError as error:
        raise LookupFailedError(f"{address}: {getattr(error, 'reason', error)}") from None
