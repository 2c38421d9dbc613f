"""The structure of the code: direction of imports, circles, and portable shell."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

from provisioner.modules import MODULES, find_module
from provisioner.modules.framework.fields import fields
from provisioner.remote import shell
from provisioner.remote.lock import LOCK
from provisioner.remote.shell import Program
from tests.shellcheck import shellcheck

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "provisioner"
FILES = sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py"))

MAY_IMPORT = {
    "bcrypt": ["language/filters/hashing.py"],
    "click": ["cli/*"],
    "cryptography": ["fleet/encryption.py", "loading/vault.py"],
    "dask": ["fleet/dask*.py"],
    "distributed": ["fleet/dask*.py"],
    "jinja2": ["language/*", "reporters/html.py"],
    "packaging": ["language/versions.py"],
    "paramiko": ["remote/ssh/paramiko/*"],
    "regex": ["user_regex.py"],
    "rich": ["reporters/console*.py", "reporters/live*.py", "cli/*"],
    "yaml": ["loading/*", "language/*"],
}
"""Library ▶ the files that may import it: few, so that it can be replaced there."""

TOP = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
"""Files directly in the package, such as errors.py: every package may import them."""

MAY_IMPORT_PACKAGES: dict[str, set[str]] = {
    "facts": set(),
    "language": set(),
    "remote": set(),
    "reporters": set(),
    "modules": {"facts", "language", "remote"},
    "loading": {"language", "modules"},
    "plan": {"language", "loading"},
    "engine": {"language", "loading", "modules", "plan", "remote"},
    "fleet": {"engine", "language", "loading", "modules", "plan", "remote"},
    "cli": {"engine", "fleet", "language", "loading", "modules", "plan", "remote", "reporters"},
}
"""What each package may import, lowest package first (drawn in docs/architecture.md)."""

SHELLS = [["dash"], ["bash", "--posix"], ["busybox", "sh"]]
NAMES = sorted(MODULES)

SESSION = {"content_size", "diff", "keep", "look", "nonce", "on_failure", "status", "token"}
SESSION |= {"tolerant"}
"""Variables that the session, the kernel's `task` and `call` set for every body."""

EXCUSED = "--exclude=SC2030,SC2031,SC2034,SC2119,SC2120,SC2317,SC2329,SC3013,SC3067"
"""Findings that do not apply: the kernel sets variables for the bodies and defines functions that
`ensure` calls by name; a list arrives by `eval "set -- $list"`, not as arguments; the sh of every
target knows `[ A -ef B ]` (POSIX since 2024). A program runs in a subshell, so its variables do
not leak.
"""


@cache
def imports(file: str, run_time_only: bool = False) -> frozenset[str]:
    """Return the full names that a file imports, anywhere in it; `from a import b` counts as a.b.

    With `run_time_only`, imports under `if TYPE_CHECKING:` are left out.
    """
    found: set[str] = set()
    tree = ast.parse((PACKAGE / file).read_text())
    package = ["provisioner", *Path(file).parent.parts]
    for node in _walk(tree, run_time_only):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            found.update(f"{source}.{alias.name}" for alias in node.names)
    return frozenset(found)


def _walk(tree: ast.AST, run_time_only: bool) -> Iterator[ast.AST]:
    """Yield the nodes of a tree; with `run_time_only`, skip the body of `if TYPE_CHECKING:`."""
    yield tree
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and run_time_only and _names_type_checking(child.test):
            for node in child.orelse:
                yield from _walk(node, run_time_only)
        else:
            yield from _walk(child, run_time_only)


def _names_type_checking(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def package_of(file: str) -> str:
    """Return the package that a file is in; "" for files directly in provisioner/."""
    return file.split("/")[0] if "/" in file else ""


@pytest.mark.parametrize("library", MAY_IMPORT)
def test_each_library_is_imported_in_its_own_place_only(library: str) -> None:
    users = [file for file in FILES if any(is_in(name, library) for name in imports(file))]
    strays = [
        file for file in users if not any(fnmatch(file, place) for place in MAY_IMPORT[library])
    ]
    assert not strays, f"only {MAY_IMPORT[library]} may import {library}"


def test_the_table_of_imports_has_every_package() -> None:
    assert {package_of(file) for file in FILES} - {""} == set(MAY_IMPORT_PACKAGES)


def test_the_table_of_imports_has_one_direction() -> None:
    """A package may import only packages above it in the table, which is sorted lowest first."""
    order = list(MAY_IMPORT_PACKAGES)
    for package, allowed in MAY_IMPORT_PACKAGES.items():
        assert allowed <= set(order[: order.index(package)]), package


@pytest.mark.parametrize("package", MAY_IMPORT_PACKAGES)
def test_a_package_imports_only_the_packages_of_the_table(package: str) -> None:
    allowed = {*TOP, *MAY_IMPORT_PACKAGES[package], package}
    against = [
        f"{file} imports {name}"
        for file in FILES
        if package_of(file) == package
        for name in sorted(imports(file))
        if name.startswith("provisioner.") and name.split(".")[1] not in {*allowed, "__version__"}
    ]
    assert not against


def test_files_outside_of_packages_import_no_package() -> None:
    against = [
        f"{file} imports {name}"
        for file in FILES
        if package_of(file) == "" and file not in ("__main__.py", "entry.py")
        for name in sorted(imports(file))
        if any(is_in(name, f"provisioner.{package}") for package in MAY_IMPORT_PACKAGES)
    ]
    assert not against


def test_no_file_imports_itself_through_others() -> None:
    """No circle of imports at run time; imports inside functions count, TYPE_CHECKING's do not."""
    graph = {file: _files_imported_by(file) for file in FILES}
    circles = []
    for file in FILES:
        if path := _path(graph, file, file):
            circles.append(" -> ".join([file, *path]))
    assert not circles


def _files_imported_by(file: str) -> set[str]:
    found = set()
    for name in imports(file, run_time_only=True):
        path = name.removeprefix("provisioner").strip(".").replace(".", "/")
        if not is_in(name, "provisioner"):
            continue
        # `from package import name`: the name is a module of the package, or defined in it.
        parent = str(Path(path).parent)
        candidates = [f"{path}.py", f"{path}/__init__.py", f"{parent}.py", f"{parent}/__init__.py"]
        found.update([one for one in candidates if one in FILES][:1])
    return found


def _path(graph: dict[str, set[str]], start: str, end: str) -> list[str]:
    """Return the files on the shortest way from `start` to `end`, `end` included; [] for none."""
    queue, came_from = [start], dict[str, str]()
    for current in queue:
        for following in sorted(graph[current]):
            if following == end:
                path = [end]
                while current != start:
                    path.insert(0, current)
                    current = came_from[current]
                return path
            if following not in came_from:
                came_from[following] = current
                queue.append(following)
    return []


PATCHES = {"re.compile", "builtins.__import__"}


@pytest.mark.parametrize("file", FILES)
def test_a_file_replaces_no_function_of_the_standard_library(file: str) -> None:
    tree = ast.parse((PACKAGE / file).read_text())
    targets = [
        target
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    ]
    assert not PATCHES & {ast.unparse(target) for target in targets}


@pytest.mark.parametrize("file", FILES)
def test_a_file_ends_the_process_by_a_normal_exit(file: str) -> None:
    tree = ast.parse((PACKAGE / file).read_text())
    names = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    is_signal_handler = file == "process_signals.py"  # a handler that raises may be ignored
    assert ("os._exit" in names) == is_signal_handler


def test_files_are_named_for_what_they_hold() -> None:
    vague = {"common", "helpers", "misc", "util", "utils"}
    assert not [file for file in FILES if vague & set(re.split(r"[/._]", file))]


# ---- Shell: the kernel, the bodies of modules on it, and scripts


@cache
def outline() -> str:
    """Return the kernel's functions with empty bodies, and its variables.

    That is enough to check a body against, and takes a tenth of the time.
    """
    functions = re.findall(r"^(\w+)\(\)", shell.SOURCE, re.MULTILINE)
    names = set(re.findall(r"\b([a-z_]\w*)=", shell.SOURCE)) | SESSION
    empty = [f"{function}() {{ :; }}" for function in functions]
    return "\n".join([*empty, f"read -r {' '.join(sorted(names))}"])


@cache
def program(name: str, kernel: str = shell.SOURCE) -> str:
    """Return the kernel and the module's body as a function, as in a session."""
    body = find_module(name).body
    # `read` and no assignment, so that shellcheck does not know the values.
    given = [word for word in sorted(variables(name)) if re.search(rf"\b{word}\b", body)]
    read = f"read -r {' '.join(given)}" if given else ""
    run = Program("body", body or ":")
    return f'{kernel}\n{read}\n{shell.define(run)}\n{shell.function(run)} "$@"\n'


def variables(name: str) -> set[str]:
    """Return the variables that a body may use.

    These are its parameters and the names that its `program` may pass: keys and keywords in the
    files of its class and base classes, and in the module files that these import.
    """
    module = find_module(name)
    own = {cls.__module__.removeprefix("provisioner.").replace(".", "/") for cls in module.__mro__}
    # A module may be a folder of files.
    mine = [file for file in FILES for path in own if file in (f"{path}.py", f"{path}/__init__.py")]
    mine += [file for file in FILES if str(Path(file).parent) in own]
    near = {word for file in mine for name in imports(file) for word in name.split(".")}
    files = (file for file in FILES if file.startswith("modules/"))
    others = [
        file for file in files if {Path(file).stem, Path(file).parent.name} & near - {"modules"}
    ]
    trees = [ast.parse((PACKAGE / file).read_text()) for file in (*mine, *others)]
    return set(fields(module)) | {word for tree in trees for word in _keys(tree)}


def _keys(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            for key in node.keys:
                if isinstance(key, ast.Constant) and str(key.value).isidentifier():
                    yield str(key.value)
        elif isinstance(node, ast.Call):
            yield from (keyword.arg for keyword in node.keywords if keyword.arg)


def complaints(script: str, known: set[str], after: int = 0) -> list[str]:
    """Return shellcheck's findings after line `after`, without those about `known` variables.

    These are set elsewhere: by the kernel's `task`, or in its subshell.
    """
    about = re.compile(
        r"-:(\d+):.*?(?:Modification of )?(\w+) (?:is local|was modified|is referenced but not).*"
    )
    found = []
    for line in shellcheck(script, "sh", EXCUSED).splitlines():
        match = about.match(line)
        number = int(line.split(":")[1])
        if number > after and not (match and match[2] in known):
            found.append(f"{line}: {script.splitlines()[number - 1].strip()}")
    return found


def test_the_kernel_passes_shellcheck() -> None:
    assert complaints(shell.SOURCE, SESSION | variables("copy")) == []


def test_the_lock_passes_shellcheck_on_the_kernel() -> None:
    assert complaints(shell.SOURCE + LOCK, SESSION | variables("copy")) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_body_passes_shellcheck_on_the_kernel(name: str) -> None:
    assert complaints(program(name, outline()), SESSION, after=outline().count("\n")) == []


@pytest.mark.tools
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sh", SHELLS, ids=" ".join)
def test_every_sh_parses_every_body(sh: list[str], name: str) -> None:
    assert shutil.which(sh[0]), f"{sh[0]} is missing: make setup installs it"
    done = subprocess.run([*sh, "-n"], input=program(name).encode(), capture_output=True)
    assert (done.returncode, done.stderr.decode()) == (0, "")


@pytest.mark.parametrize("name", NAMES)
def test_a_body_without_its_comments_is_the_same_program(name: str) -> None:
    whole = shell.define(Program("body", find_module(name).body or ":"))
    seen = [
        subprocess.run(
            ["bash", "--posix"], input=f"{text}\ndeclare -f _m_body".encode(), capture_output=True
        )
        for text in (whole, shell.bare(whole))
    ]
    assert seen[0].stdout == seen[1].stdout != b""


@pytest.mark.parametrize("name", NAMES)
def test_a_body_redefines_no_function_of_the_kernel(name: str) -> None:
    defined = re.compile(r"^\s*(\w+)\(\)", re.MULTILINE)
    assert not {*defined.findall(find_module(name).body)} & {*defined.findall(shell.SOURCE)}


def test_the_loop_needs_no_quoting_in_any_login_shell() -> None:
    assert not set(shell.LOOP) & set("'\\\n!")
    assert shellcheck(f"nonce=; _nl=; {shell.LOOP}", "sh", "--exclude=SC2086") == ""


def scripts() -> Iterator[Path]:
    """Yield every file that has a shell's name in its first line or ends in .sh."""
    for folder in (".ci", "benchmarks", "docs", "tests", "playbooks", "templates"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and (path.suffix == ".sh" or _interpreter(path)):
                yield path


def _interpreter(path: Path) -> str:
    with path.open("rb") as file:
        first = file.readline(200)
    match = re.match(rb"#!\s*(?:/usr)?/bin/(?:env )?(dash|bash|sh)\b", first)
    return match[1].decode() if match else ""


BODIES = sorted((PACKAGE / "modules").rglob("*.sh"))
BODY_HEADER = re.compile(r"# shellcheck shell=sh disable=SC2034,(?:SC\d+,)*SC2154,SC2317,SC2329")
"""The first line of each body file: the shell, and findings that do not apply."""


@pytest.mark.parametrize("path", BODIES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_file_of_a_body_passes_shellcheck_by_itself(path: Path) -> None:
    text = path.read_text()
    assert BODY_HEADER.match(text)
    assert shellcheck(text) == ""


def test_a_file_or_folder_of_modules_is_a_name_that_playbooks_use() -> None:
    # "assert" is a keyword of Python, so its file has another name.
    others = {"__init__.py", "__pycache__", "assert_.py", "framework", "shared"}
    for path in (PACKAGE / "modules").iterdir():
        name = path.stem
        known = name in MODULES
        if path.suffix == ".sh":  # copy_tree.sh is a body of copy
            known |= any(name.startswith(f"{module}_") for module in MODULES)
        assert known or path.name in others


def test_a_body_of_more_than_60_lines_is_a_file_of_its_own() -> None:
    for file in (file for file in FILES if file.startswith("modules/")):
        for node in ast.walk(ast.parse((PACKAGE / file).read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert node.value.count("\n") <= 60, file


def test_every_file_of_a_body_is_loaded_by_a_module() -> None:
    sources = "".join((PACKAGE / file).read_text() for file in FILES if file.startswith("modules/"))
    for path in BODIES:
        assert f'"{path.relative_to(PACKAGE / "modules")}"' in sources


@pytest.mark.parametrize("path", list(scripts()), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_script_passes_shellcheck(path: Path) -> None:
    assert shellcheck(path.read_text(), _interpreter(path) or "sh") == ""
