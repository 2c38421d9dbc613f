"""LOOKUPS: what a template asks the controller for, and what `with_X` loops over.

A lookup is `function(context, terms, **options) -> list`. `lookup` gives its items the way a
template wants them, `query` as they are, and `looped` as a `with_X` keyword does.
"""

from __future__ import annotations

import fnmatch
import itertools
import os
import re
import secrets
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from jinja2 import Undefined
from jinja2.exceptions import TemplateError, TemplateRuntimeError, UndefinedError

from provisioner.language.filters_data import flatten, is_list, shown
from provisioner.language.filters_hash import ALPHABET, password_hash
from provisioner.language.filters_text import pattern_of, to_bool
from provisioner.loading.where import nearest

MAX_ITEMS = 1_000_000
"""Items that one lookup may give; more is a mistake."""


class LookupFailedError(TemplateRuntimeError):
    """A lookup could not find or do what it was asked for."""


@dataclass(frozen=True)
class LookupContext:
    """What lookups see of the play.

    `find(folder, name)` gives the path of a role's or play's file, or raises FileNotFoundError;
    `read` gives its bytes, decrypted; `folder` is where first_found looks: files, templates or
    vars, as the task's module asks for.
    """

    variables: Mapping[str, Any]
    find: Callable[[str, str], Path]
    render: Callable[[Path, Mapping[str, Any]], str]
    basedir: Path
    read: Callable[[Path], bytes] = Path.read_bytes
    warn: Callable[[str], None] = lambda text: None
    folder: str = "files"


Lookup = Callable[..., list[Any]]
T = TypeVar("T")


def query(context: LookupContext, name: str, *terms: Any, **options: Any) -> list[Any]:
    """The items that a lookup finds, as a list."""
    options.pop("wantlist", None)
    return _run(context, name, list(terms), options) or []


def lookup(context: LookupContext, name: str, *terms: Any, **options: Any) -> Any:
    """What a lookup finds: texts joined by commas, one value by itself, else the list."""
    wantlist = options.pop("wantlist", False)
    found = _run(context, name, list(terms), options)
    if wantlist or not found:
        return found or ([] if wantlist else found)
    if all(isinstance(item, str) for item in found):
        return ",".join(found)
    return found[0] if len(found) == 1 else found


def looped(context: LookupContext, name: str, value: Any) -> list[Any]:
    """The items of the keyword `with_name: value`."""
    if isinstance(value, Mapping) and name == "items":
        value = list(value)
    return _run(context, name, value if is_list(value) else [value], {}) or []


def _run(
    context: LookupContext, name: str, terms: list[Any], options: dict[str, Any]
) -> list[Any] | None:
    """The items of one lookup; None where it fails and errors are not to count."""
    short = name
    for prefix in ("ansible.builtin.", "ansible.legacy.", "community.general."):
        short = short.removeprefix(prefix)
    if short not in LOOKUPS:
        raise LookupFailedError(f'there is no lookup "{name}" {nearest(short, LOOKUPS)}'.strip())
    errors = options.pop("errors", "strict")
    for value in (*terms, *options.values()):
        if isinstance(value, Undefined):
            value._fail_with_undefined_error()
    try:
        return _named_errors(short, context, terms, options)
    except TemplateError as error:
        if errors == "warn":
            context.warn(str(error))
        if errors in ("warn", "ignore"):
            return None
        raise


def _named_errors(
    name: str, context: LookupContext, terms: list[Any], options: dict[str, Any]
) -> list[Any]:
    try:
        return LOOKUPS[name](context, terms, **options)
    except UndefinedError:
        raise
    except FileNotFoundError as error:
        raise LookupFailedError(f"{name}: there is no file {error.filename or error}") from None
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        raise LookupFailedError(f"{name}: {error.strerror or error}{where}") from None
    except TemplateRuntimeError as error:
        raise LookupFailedError(f"{name}: {error}") from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise LookupFailedError(f"{name}: {error}") from None


def _find(context: LookupContext, folder: str, name: Any) -> Path:
    path = Path(str(name)).expanduser()
    if not path.is_absolute():
        return context.find(folder, str(name))
    if not path.exists():
        raise FileNotFoundError(2, "there is no such file", str(path))
    return path


def _text(context: LookupContext, path: Path, encoding: str = "utf-8") -> str:
    return context.read(path).decode(encoding, "surrogateescape")


def _words(term: Any) -> tuple[str, dict[str, str]]:
    """A term such as `key file=x.ini section=y`: its plain words, and its options."""
    words = shlex.split(str(term))
    plain = list(itertools.takewhile(lambda word: "=" not in word, words))
    pairs = (word.partition("=") for word in words[len(plain) :])
    return " ".join(plain), {key: value for key, _, value in pairs}


def _known(options: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """`known`, the defaults, with what `options` says; a name that is not known is an error."""
    for name in options:
        if name not in known:
            raise LookupFailedError(f'there is no option "{name}" {nearest(name, known)}'.strip())
    return {**known, **options}


# Files and commands of the controller.


def file(
    context: LookupContext, terms: list[Any], rstrip: Any = True, lstrip: Any = False
) -> list[str]:
    """The text of files of the controller, without white space at the end."""
    texts = (_text(context, _find(context, "files", term)) for term in terms)
    trimmed = (text.rstrip() if to_bool(rstrip) else text for text in texts)
    return [text.lstrip() if to_bool(lstrip) else text for text in trimmed]


def unvault(context: LookupContext, terms: list[Any]) -> list[str]:
    """The text of files of the controller, decrypted and else as it is."""
    return [_text(context, _find(context, "files", term)) for term in terms]


def template(
    context: LookupContext,
    terms: list[Any],
    template_vars: Mapping[str, Any] | None = None,
    convert_data: Any = False,
) -> list[str]:
    """The text that templates of the controller render to; `template_vars` adds variables."""
    more = template_vars or {}
    return [context.render(_find(context, "templates", term), more) for term in terms]


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
                return [str(_find(context, context.folder, os.path.join(folder, name)))]  # noqa: PTH118
            except FileNotFoundError:
                continue
    if may_lack:
        return []
    raise LookupFailedError("none of the files is there (`skip: true` lets that pass)")


def _candidates(terms: list[Any], paths: Any) -> Iterator[tuple[list[str], list[str], bool]]:
    """File names, the folders to look in, and whether none may be there."""
    for term in terms:
        if isinstance(term, Mapping):
            given = _known(term, {"files": [], "paths": paths, "skip": False})
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
        yield _find(context, "files", folder or ".")
    yield context.basedir / folder


def filetree(context: LookupContext, terms: list[Any]) -> list[dict[str, Any]]:
    """All files below directories of the controller, each as a dict of path, src, state, mode …."""
    found = []
    for term in terms:
        root = _find(context, "files", term)
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


CSV = {"file": "ansible.csv", "delimiter": "TAB", "col": "1", "default": None, "encoding": "utf-8"}


def csvfile(context: LookupContext, terms: list[Any], **options: Any) -> list[Any]:
    """The column `col` of the row that begins with a key, in a CSV file of the controller."""
    import csv
    import io

    found: list[Any] = []
    for term in terms:
        key, more = _words(term)
        if not key:
            raise LookupFailedError("a key to look for is needed")
        given = _known({**options, **more}, CSV)
        text = _text(context, _find(context, "files", given["file"]), given["encoding"])
        tab = given["delimiter"] in ("TAB", "t")
        rows = csv.reader(io.StringIO(text), delimiter="\t" if tab else str(given["delimiter"]))
        row = next((row for row in rows if row and row[0] == key), None)
        if row is not None and int(given["col"]) >= len(row):
            raise LookupFailedError(f'the row "{key}" has only {len(row)} columns')
        value = given["default"] if row is None else row[int(given["col"])]
        found += [] if value is None else flatten([value])
    return found


INI = {
    "file": "ansible.ini", "section": "global", "type": "ini", "re": False, "default": "",
    "encoding": "utf-8", "case_sensitive": False, "allow_no_value": False, "interpolation": True,
}  # fmt: skip


def ini(context: LookupContext, terms: list[Any], **options: Any) -> list[Any]:
    """The value of a key in a section of an INI file of the controller, or of a properties file."""
    found: list[Any] = []
    for term in terms:
        key, more = _words(term)
        if not key:
            raise LookupFailedError("a key to look for is needed")
        given = _known({**options, **more}, INI)
        values = _ini_section(context, given)
        if to_bool(given["re"]):
            pattern = pattern_of(key)
            found += [value for name, value in values.items() if pattern.match(name)]
        else:
            found.append(values.get(_ini_name(given)(key), given["default"]))
    return found


def _ini_name(given: Mapping[str, Any]) -> Callable[[str], str]:
    return str if to_bool(given["case_sensitive"]) else str.lower


def _ini_section(context: LookupContext, given: Mapping[str, Any]) -> dict[str, Any]:
    import configparser

    text = _text(context, _find(context, "files", given["file"]), given["encoding"])
    section = given["section"]
    if given["type"] == "properties":
        section, text = "java_properties", f"[java_properties]\n{text}"
    parser = configparser.ConfigParser(
        allow_no_value=bool(to_bool(given["allow_no_value"])),
        interpolation=configparser.BasicInterpolation()
        if to_bool(given["interpolation"])
        else None,
    )
    parser.optionxform = _ini_name(given)  # type: ignore[assignment, method-assign]
    try:
        parser.read_string(text, str(given["file"]))
        if not parser.has_section(section):
            raise LookupFailedError(f'there is no section "{section}" in {given["file"]}')
        return dict(parser.items(section))
    except configparser.Error as error:
        raise LookupFailedError(str(error)) from None


URL: dict[str, Any] = {
    "username": None, "password": None, "headers": {}, "timeout": 10, "validate_certs": True,
    "split_lines": True, "use_proxy": True,
}  # fmt: skip


def url(context: LookupContext, terms: list[Any], **options: Any) -> list[str]:
    """The lines of pages that the controller fetches; the whole text if `split_lines` is false."""
    given = _known(options, URL)
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


# Passwords that are made once.

PASSWORD = {
    "length": 20, "chars": ["ascii_letters", "digits", ".,:-_"], "encrypt": None, "ident": None,
    "seed": None,
}  # fmt: skip


def password(context: LookupContext, terms: list[Any], **options: Any) -> list[str]:
    """A random password, kept in a file of the controller (mode 0600) so that it stays the same."""
    found = []
    for term in terms:
        name, more = _words(term)
        given = _known({**options, **more}, PASSWORD)
        path = context.basedir / Path(name).expanduser()
        made = _password(given) + (f" salt={_salt(given['encrypt'])}" if given["encrypt"] else "")
        kept = made if name == os.devnull else _kept(path, made)
        text, mark, salt = kept.partition(" salt=")
        salt = salt.partition(" ident=")[0] if mark else _salt(given["encrypt"])
        if not given["encrypt"]:
            found.append(text)
            continue
        if not mark and name != os.devnull:
            _replace(path, f"{text} salt={salt}")
        found.append(password_hash(text, given["encrypt"], salt, ident=given["ident"]))
    return found


def _password(given: Mapping[str, Any]) -> str:
    import random

    source = secrets.SystemRandom() if given["seed"] is None else random.Random(given["seed"])  # noqa: S311
    chars = _chars(given["chars"])
    return "".join(source.choice(chars) for _ in range(int(given["length"])))


def _chars(value: Any) -> str:
    """The characters that names such as digits and literal text stand for; `,,` is a comma."""
    import string

    names = list(value) if is_list(value) else [part for part in str(value).split(",") if part]
    if not is_list(value) and ",," in str(value):
        names.insert(0, ",")
    known = (
        "ascii_letters", "ascii_lowercase", "ascii_uppercase", "digits", "hexdigits", "octdigits",
        "punctuation",
    )  # fmt: skip
    chars = "".join(getattr(string, name) if name in known else str(name) for name in names)
    return chars.replace('"', "").replace("'", "")


def _salt(scheme: Any) -> str:
    name = str(scheme).removesuffix("_crypt")
    size = {"md5": 8, "bcrypt": 22, "blowfish": 22}.get(name, 16)
    return "".join(secrets.choice(ALPHABET) for _ in range(size))


def _kept(path: Path, made: str) -> str:
    """The text of the file, which is made with `made` if it is not there: whole or not at all."""
    if not path.exists():
        draft = _draft(path, made)
        with suppress(FileExistsError):  # another process was first; what it wrote counts
            path.hardlink_to(draft)
        draft.unlink()
    return path.read_text().rstrip("\n")


def _replace(path: Path, text: str) -> None:
    _draft(path, text).replace(path)


def _draft(path: Path, text: str) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    return draft


# Variables, settings and the inventory.


def vars(context: LookupContext, terms: list[Any], default: Any = None) -> list[Any]:  # noqa: A001
    """The values of variables by their names."""
    return [_variable(context, term, default) for term in terms]


def _variable(context: LookupContext, name: Any, default: Any) -> Any:
    if not isinstance(name, str):
        raise LookupFailedError(f"the name of a variable is text, not {shown(name)}")
    if name in context.variables:
        return context.variables[name]
    if default is None:
        raise LookupFailedError(
            f'there is no variable "{name}" {nearest(name, context.variables)}'.strip()
        )
    return default


def varnames(context: LookupContext, terms: list[Any]) -> list[str]:
    """The names of variables in which patterns are found."""
    found = []
    for term in terms:
        if not isinstance(term, str):
            raise LookupFailedError(f"a pattern is text, not {shown(term)}")
        pattern = pattern_of(term)
        found += [name for name in context.variables if pattern.search(name)]
    return found


SETTINGS: dict[str, Any] = {
    "DEFAULT_BECOME": False,
    "DEFAULT_BECOME_METHOD": "sudo",
    "DEFAULT_BECOME_USER": "root",
    "DEFAULT_EXECUTABLE": "/bin/sh",
    "DEFAULT_FORKS": 5,
    "DEFAULT_GATHERING": "implicit",
    "DEFAULT_HASH_BEHAVIOUR": "replace",
    "DEFAULT_MANAGED_STR": "Ansible managed",
    "DEFAULT_REMOTE_PORT": None,
    "DEFAULT_REMOTE_USER": None,
    "DEFAULT_TIMEOUT": 10,
    "DEFAULT_TRANSPORT": "ssh",
    "HOST_KEY_CHECKING": True,
}
"""The settings of Ansible that playbooks ask for, as they are out of the box."""


def config(context: LookupContext, terms: list[Any], on_missing: str = "error") -> list[Any]:
    """What a setting of Ansible is out of the box; `on_missing` is error, warn or skip."""
    found = []
    for term in terms:
        if term in SETTINGS:
            found.append(SETTINGS[term])
        elif on_missing == "error":
            raise LookupFailedError(
                f'there is no setting "{term}" {nearest(term, SETTINGS)}'.strip()
            )
        elif on_missing == "warn":
            context.warn(f'there is no setting "{term}"')
    return found


def inventory_hostnames(context: LookupContext, terms: list[Any]) -> list[str]:
    """The hosts of patterns such as web:!db, from the variable `groups`."""
    groups: Mapping[str, Any] = context.variables["groups"]
    parts = re.split(r"[,:]", ":".join(str(term) for term in flatten(terms)))
    words = [part.strip() for part in parts if part.strip()]
    chosen: list[str] = []
    for word in words:
        if word[0] not in "!&":
            chosen += [host for host in _hosts(groups, word) if host not in chosen]
    if not chosen and all(word[0] in "!&" for word in words):
        chosen = list(groups.get("all", []))
    for word in words:
        if word[0] in "!&":
            named = set(_hosts(groups, word[1:]))
            chosen = [host for host in chosen if (host in named) == (word[0] == "&")]
    return chosen


def _hosts(groups: Mapping[str, Any], word: str) -> list[str]:
    matches: Callable[[str], object] = re.compile(fnmatch.translate(word)).match
    if word.startswith("~"):
        matches = pattern_of(word[1:]).match
    inside = [host for name, hosts in groups.items() if matches(name) for host in hosts]
    return [*inside, *(host for host in groups.get("all", []) if matches(host))]


# Lists, made of the terms alone.


def items(context: LookupContext, terms: list[Any]) -> list[Any]:
    """The terms, lists among them taken apart, one level deep."""
    return flatten(terms, levels=1, skip_nulls=False)


def as_list(context: LookupContext, terms: list[Any]) -> list[Any]:
    """The terms as they are."""
    return list(terms)


def as_dict(context: LookupContext, terms: list[Any]) -> list[dict[str, Any]]:
    """A {key, value} for each key of dicts."""
    for term in terms:
        if not isinstance(term, Mapping):
            raise LookupFailedError(f"a dict is needed, not {shown(term)}")
    return [{"key": key, "value": value} for term in terms for key, value in term.items()]


def flattened(context: LookupContext, terms: list[Any]) -> list[Any]:
    """The items of lists within lists, without nulls."""
    return flatten(terms)


def indexed_items(context: LookupContext, terms: list[Any]) -> list[tuple[int, Any]]:
    """Pairs of a number from 0 and an item."""
    return list(enumerate(flatten(terms, levels=1, skip_nulls=False)))


def nested(context: LookupContext, terms: list[Any]) -> list[list[Any]]:
    """Every pairing of the items of two or more lists."""
    if not terms:
        raise LookupFailedError("at least one list is needed")
    lists = [list(term) if is_list(term) else [term] for term in terms]
    pairings = itertools.islice(itertools.product(*lists), MAX_ITEMS + 1)
    return _bounded([flatten(each, skip_nulls=False) for each in pairings])


def together(context: LookupContext, terms: list[Any]) -> list[list[Any]]:
    """The first items of all lists, the second items, …; null where a list is too short."""
    if not terms:
        raise LookupFailedError("at least one list is needed")
    lists = [list(term) if is_list(term) else [term] for term in terms]
    rows = itertools.zip_longest(*lists)
    return [flatten(row, levels=1, skip_nulls=False) for row in rows]


def random_choice(context: LookupContext, terms: list[Any]) -> list[Any]:
    """One of the terms, by chance."""
    return [secrets.choice(terms)] if terms else []


def subelements(
    context: LookupContext, terms: list[Any], skip_missing: Any = False
) -> list[tuple[Any, Any]]:
    """Pairs (item without the list, element) for each element of the list in each item."""
    match terms:
        case [found, str() as path]:
            skips = to_bool(skip_missing)
        case [found, str() as path, Mapping() as flags]:
            skips = to_bool(_known(flags, {"skip_missing": skip_missing})["skip_missing"])
        case _:
            raise LookupFailedError("a list, a key and perhaps {skip_missing: true} are needed")
    records = list(found.values()) if isinstance(found, Mapping) else flatten([found], levels=1)
    pairs: list[tuple[Any, Any]] = []
    for record in records:
        if not isinstance(record, Mapping):
            raise LookupFailedError(f"every item is a dict; one is {shown(record)}")
        if record.get("skipped"):
            continue
        rest, elements = _without(record, path.split("."), bool(skips))
        pairs += [(rest, element) for element in elements]
    return pairs


def _without(
    record: Mapping[str, Any], path: list[str], skips: bool
) -> tuple[dict[str, Any], list[Any]]:
    """The record without the list at `path`, and that list."""
    key, *deeper = path
    rest = dict(record)
    if key not in record:
        if skips:
            return rest, []
        raise LookupFailedError(f'there is no "{key}" in {shown(record)}')
    if deeper:
        if not isinstance(record[key], Mapping):
            raise LookupFailedError(f'"{key}" is not a dict but {shown(record[key])}')
        rest[key], elements = _without(record[key], deeper, skips)
        return rest, elements
    if not is_list(record[key]):
        raise LookupFailedError(f'"{key}" is not a list but {shown(record[key])}')
    return rest, list(rest.pop(key))


SEQUENCE = {"start": "1", "end": None, "count": None, "stride": "1", "format": "%d"}
SHORT_SEQUENCE = re.compile(
    r"(?:(?P<start>0x[0-9a-f]+|\d+)-)?(?P<end>0x[0-9a-f]+|\d+)"
    r"(?:/(?P<stride>0x[0-9a-f]+|\d+))?(?::(?P<format>.+))?",
    re.IGNORECASE | re.ASCII,
)


def sequence(context: LookupContext, terms: list[Any], **options: Any) -> list[str]:
    """Numbers as text, of `start=1 end=9 stride=2 format=web%02d`, `count=3` or `1-9/2:web%02d`."""
    given = [str(term) for term in terms] or [""]
    return _bounded([number for term in given for number in _numbers(term, options)])


def _numbers(term: str, options: dict[str, Any]) -> Iterator[str]:
    if short := SHORT_SEQUENCE.fullmatch(term.strip()):
        named: dict[str, Any] = {name: text for name, text in short.groupdict().items() if text}
    else:
        plain, named = _words(term)
        if plain:
            raise LookupFailedError(f'"{term}" is not a sequence such as "start=1 end=9" or "1-9"')
    given = _known({**options, **named}, SEQUENCE)
    if (given["end"] is None) == (given["count"] is None):
        raise LookupFailedError("end or count is needed, and not both")
    start, stride = _integer(given["start"]), _integer(given["stride"])
    if given["count"] is not None:
        count = _integer(given["count"])
        end = start + (count - 1) * stride if count else start - stride
        if count < 0:
            raise LookupFailedError("count can't be negative")
    else:
        end = _integer(given["end"])
    if stride > 0 and end < start and given["count"] is None:
        raise LookupFailedError("to count down, make stride negative")
    if stride < 0 and end > start and given["count"] is None:
        raise LookupFailedError("to count up, make stride positive")
    numbers = range(start, end + (1 if stride > 0 else -1), stride) if stride else range(0)
    for number in itertools.islice(numbers, MAX_ITEMS + 1):
        yield _formatted(str(given["format"]), number)


def _integer(text: Any) -> int:
    try:
        return int(str(text), 0)
    except ValueError:
        raise LookupFailedError(f'"{text}" is not a whole number') from None


def _formatted(form: str, number: int) -> str:
    try:
        return form % number
    except (TypeError, ValueError):
        raise LookupFailedError(f'"{form}" is not a format such as web%02d') from None


def _bounded(found: list[T]) -> list[T]:
    if len(found) > MAX_ITEMS:
        raise LookupFailedError(f"that is more than {MAX_ITEMS} items")
    return found


LOOKUPS: dict[str, Lookup] = {
    "cartesian": nested,
    "config": config,
    "csvfile": csvfile,
    "dict": as_dict,
    "env": env,
    "file": file,
    "fileglob": fileglob,
    "filetree": filetree,
    "first_found": first_found,
    "flattened": flattened,
    "indexed_items": indexed_items,
    "ini": ini,
    "inventory_hostnames": inventory_hostnames,
    "items": items,
    "lines": lines,
    "list": as_list,
    "nested": nested,
    "password": password,
    "pipe": pipe,
    "random_choice": random_choice,
    "sequence": sequence,
    "subelements": subelements,
    "template": template,
    "together": together,
    "unvault": unvault,
    "url": url,
    "varnames": varnames,
    "vars": vars,
}
"""Every lookup by its short name; each is also a loop, `with_` and its name."""
