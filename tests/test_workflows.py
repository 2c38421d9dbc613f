"""The GitHub workflows: they fit GitHub's schema, pin their actions, and pass shellcheck.

actionlint would check more, but its authors publish no package on PyPI.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.shellcheck import shellcheck

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)


def steps(path: Path) -> list[dict[str, Any]]:
    jobs = yaml.safe_load(path.read_text())["jobs"].values()
    return [step for job in jobs for step in job["steps"]]


def test_the_workflows_exist() -> None:
    assert {path.name for path in WORKFLOWS} >= {"ci.yml", "vagrant.yml"}


@each_workflow
def test_a_workflow_fits_the_schema(path: Path) -> None:
    """check-jsonschema contains GitHub's schema: nothing is downloaded."""
    tool = [sys.executable, "-m", "check_jsonschema"]
    for schema in ("vendor.github-workflows", "custom.github-workflows-require-timeout"):
        done = subprocess.run(
            [*tool, "--builtin-schema", schema, path], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@each_workflow
def test_only_github_s_own_actions_are_used_at_a_major_version(path: Path) -> None:
    used = [step["uses"] for step in steps(path) if "uses" in step]
    assert used
    assert [use for use in used if not re.fullmatch(r"actions/[\w-]+@v\d+", use)] == []


@each_workflow
def test_the_shell_of_a_workflow_passes_shellcheck(path: Path) -> None:
    for step in steps(path):
        text = re.sub(r"\$\{\{.*?\}\}", "value", step.get("run", ""))
        assert shellcheck(text, "bash") == "", step


def test_the_workflow_ci_runs_the_script_of_other_ci_systems() -> None:
    assert "bash .ci/run" in [step.get("run") for step in steps(ROOT / ".github/workflows/ci.yml")]


def test_no_file_names_a_registry() -> None:
    """Each machine chooses its own mirrors: pip and apt have settings for that."""
    hosts = re.compile(r"pypi\.org|pythonhosted|debian\.org|npmjs\.org|/opt/(wheels|pypi)")
    files = [*WORKFLOWS, *(ROOT / name for name in ("Makefile", "constraints.txt", ".ci/run"))]
    assert [path.name for path in files if hosts.search(path.read_text())] == []
