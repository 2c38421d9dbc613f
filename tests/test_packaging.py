"""The wheel: built, installed where the checkout is out of reach, and run."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[1]


def run(*argv: str | Path, cwd: Path) -> str:
    """A command's output, with nothing of this checkout in its environment."""
    environment = {name: value for name, value in os.environ.items() if "PYTHON" not in name}
    done = subprocess.run(
        [str(word) for word in argv],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"{argv}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def provision(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `provision` command of the wheel, in an environment that borrows our dependencies."""
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", "--without-pip", "env", cwd=folder)
    python = folder / "env/bin/python"
    pip = (sys.executable, "-m", "pip", "--python", python, "--quiet")
    run(*pip, "install", "--no-index", "--no-deps", wheel, cwd=folder)
    # A path in a .pth file brings the packages there, but not the .pth of our editable install.
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(run(python, "-c", ask, cwd=folder).strip())
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    where = "import provisioner; print(provisioner.__file__)"
    assert run(python, "-c", where, cwd=folder).startswith(str(packages))
    return folder / "env/bin/provision"


def test_the_wheel_carries_all_that_runs(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    for folder in ("playbooks", "templates"):
        files = [path for path in (ROOT / folder).rglob("*") if path.is_file()]
        assert files
        assert {f"provisioner/bundled/{path.relative_to(ROOT)}" for path in files} <= names
    package = (path.relative_to(ROOT) for path in (ROOT / "provisioner").rglob("*.*"))
    needed = {str(path) for path in package if path.suffix in {".py", ".sh", ".j2", ".html"}}
    assert needed <= names
    assert {"provisioner/remote/sh/kernel.sh", "provisioner/py.typed"} <= names


def test_the_wheel_carries_nothing_else(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"provisioner"}


def test_the_command_says_its_version(provision: Path, tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] in run(provision, "--version", cwd=tmp_path)


def test_the_command_explains_itself(provision: Path, tmp_path: Path) -> None:
    text = run(provision, "--help", cwd=tmp_path)
    assert "INVENTORY" in text
    assert "--check" in text


def test_the_bundled_playbook_is_found_from_anywhere(provision: Path, tmp_path: Path) -> None:
    """With no playbook named it is `docker`; listing its tasks contacts no host."""
    tasks = run(provision, "host-of-nobody,", "--list-tasks", cwd=tmp_path)
    assert "docker" in tasks.lower()


def test_every_dependency_is_pinned_with_hashes_and_no_index() -> None:
    """constraints.txt is all that `make setup` trusts: `make lock` writes it."""
    text = (ROOT / "constraints.txt").read_text()
    assert "://" not in text
    entries = [entry for entry in text.split("\n") if entry and entry[0] not in " #"]
    assert all("==" in entry and entry.endswith("\\") for entry in entries)
    pinned = {entry.partition("==")[0].lower() for entry in entries}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    assert {name.partition(">")[0].lower() for name in wanted} <= pinned


def test_no_block_of_text_in_a_playbook_joins_lines_by_a_backslash_and_an_n() -> None:
    for path in (ROOT / "playbooks").rglob("*.yml"):
        joining = [line for line in path.read_text().splitlines() if r"join('\n')" in line]
        assert all('"{{' in line for line in joining), path  # YAML makes it one character there
