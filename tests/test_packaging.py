"""The distribution: its metadata, and the wheel.

The wheel is built, installed and run outside of the checkout.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[1]


def run(*argv: str | Path, cwd: Path) -> str:
    """Return a command's output. Its environment has no variable that leads to this checkout."""
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
    """The `provision` command of the wheel, in an environment that uses our dependencies."""
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", "--without-pip", "env", cwd=folder)
    python = folder / "env/bin/python"
    pip = (sys.executable, "-m", "pip", "--python", python, "--quiet")
    run(*pip, "install", "--no-index", "--no-deps", wheel, cwd=folder)
    # This .pth file makes our dependencies importable. Python does not read the .pth files of a
    # folder that it finds this way, so our editable install stays out.
    print_packages = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(run(python, "-c", print_packages, cwd=folder).strip())
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    print_origin = "import provisioner; print(provisioner.__file__)"
    assert run(python, "-c", print_origin, cwd=folder).startswith(str(packages))
    return folder / "env/bin/provision"


def test_the_wheel_contains_every_file_that_a_run_needs(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    for folder in ("playbooks", "templates"):
        files = [path for path in (ROOT / folder).rglob("*") if path.is_file()]
        assert files
        assert {f"provisioner/bundled/{path.relative_to(ROOT)}" for path in files} <= names
    package = (path.relative_to(ROOT) for path in (ROOT / "provisioner").rglob("*.*"))
    needed = {str(path) for path in package if path.suffix in {".py", ".sh", ".j2", ".html"}}
    assert needed <= names
    examples = ("remote/sh/kernel.sh", "modules/user.sh", "modules/shared/write.sh", "py.typed")
    assert {f"provisioner/{file}" for file in examples} <= names


def test_the_wheel_contains_only_the_package_provisioner(wheel: Path) -> None:
    folders = {name.partition("/")[0] for name in ZipFile(wheel).namelist()}
    assert {name for name in folders if not name.endswith(".dist-info")} == {"provisioner"}


def test_the_package_page_has_the_license_and_absolute_links_only(wheel: Path) -> None:
    archive = ZipFile(wheel)
    (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = archive.read(name).decode()
    assert "\nName: provision-el7\n" in metadata
    assert "\nLicense-Expression: MIT\nLicense-File: LICENSE\n" in metadata
    links = re.findall(r"\]\(([^)]*)\)", metadata)
    assert len(links) > 10
    assert [link for link in links if not link.startswith("https://")] == []


def texts() -> dict[str, str]:
    """The text of each file that users and developers read, by its path in the checkout."""
    folders = (".github", "benchmarks", "docs", "playbooks", "provisioner", "templates")
    inside = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    suffixes = {"", ".md", ".py", ".sh", ".toml", ".yml", ".j2"}
    return {
        str(path.relative_to(ROOT)): path.read_text()
        for path in (*ROOT.glob("*"), *inside)
        if path.is_file() and path.suffix in suffixes
    }


def test_only_pyproject_names_the_address_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    host = project["urls"]["Homepage"].removeprefix("https://")
    assert [path for path, text in texts().items() if host in text] == ["pyproject.toml"]


def test_no_text_tells_users_to_install_the_other_project_called_provision() -> None:
    """The distribution is provision-el7; the name `provision` belongs to others on PyPI."""
    wrong = re.compile(r"pip install (?:-U |--upgrade )?\S?provision(?![-/\w])")
    assert [path for path, text in texts().items() if wrong.search(text)] == []


def test_the_command_prints_its_version(provision: Path, tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] in run(provision, "--version", cwd=tmp_path)


def test_the_command_prints_its_help(provision: Path, tmp_path: Path) -> None:
    text = run(provision, "--help", cwd=tmp_path)
    assert "INVENTORY" in text
    assert "--check" in text


def test_the_bundled_playbook_is_found_from_anywhere(provision: Path, tmp_path: Path) -> None:
    """The default playbook is `docker`. Listing its tasks contacts no host."""
    tasks = run(provision, "any-name,", "--list-tasks", cwd=tmp_path)
    assert "docker" in tasks.lower()


def test_a_playbook_of_ones_own_finds_the_bundled_role(provision: Path, tmp_path: Path) -> None:
    """Its templates too: planning refuses a file that a task sends and that is not there."""
    (tmp_path / "site.yml").write_text("- hosts: all\n  become: true\n  roles: [docker]\n")
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars/all.yml").write_text("docker_edition: distro\ndocker_users: [ops]\n")
    tasks = run(provision, "any-name,", "site.yml", "--list-tasks", cwd=tmp_path)
    assert "docker : Docker is installed" in tasks


def test_an_own_role_has_precedence_over_the_bundled_one(provision: Path, tmp_path: Path) -> None:
    (tmp_path / "site.yml").write_text("- hosts: all\n  roles: [docker]\n")
    (tmp_path / "roles/docker/tasks").mkdir(parents=True)
    (tmp_path / "roles/docker/tasks/main.yml").write_text("- {name: Mine, command: 'true'}\n")
    tasks = run(provision, "any-name,", "site.yml", "--list-tasks", cwd=tmp_path)
    assert "docker : Mine" in tasks
    assert "Docker is installed" not in tasks


def test_every_dependency_is_pinned_with_hashes_and_no_index_is_named() -> None:
    """`make setup` installs only what constraints.txt lists; `make lock` writes that file."""
    text = (ROOT / "constraints.txt").read_text()
    assert "://" not in text
    entries = [entry for entry in text.split("\n") if entry and entry[0] not in " #"]
    assert all("==" in entry and entry.endswith("\\") for entry in entries)
    pinned = {entry.partition("==")[0].lower() for entry in entries}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    required = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    assert {name.partition(">")[0].lower() for name in required} <= pinned


def test_a_playbook_joins_lines_only_in_double_quotes() -> None:
    for path in (ROOT / "playbooks").rglob("*.yml"):
        joining = [line for line in path.read_text().splitlines() if r"join('\n')" in line]
        # Only within double quotes does YAML read \n as a newline.
        assert all('"{{' in line for line in joining), path
