from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from provisioner.cli import dispatch


@dataclass
class CommandResult:
    """Exit status and output of a command."""

    exit: int
    out: str
    err: str


@dataclass
class Command:
    """Runs `provision …` in this process, in a temporary folder."""

    folder: Path
    capture: pytest.CaptureFixture[str]

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def __call__(self, *arguments: object) -> CommandResult:
        self.capture.readouterr()
        status = dispatch([str(argument) for argument in arguments])
        return CommandResult(status, *self.capture.readouterr())

    def play(self, text: str, *arguments: object, hosts: str = "h1,h2,") -> CommandResult:
        """Run a playbook on this machine."""
        path = self.write("play.yml", text)
        return self(hosts, path, "-e", "ansible_connection=local", *arguments)


@pytest.fixture
def provision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ANSIBLE_VAULT_PASSWORD_FILE", raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    return Command(tmp_path, capsys)


Prompts = Callable[..., list[str]]


@pytest.fixture
def prompts(monkeypatch: pytest.MonkeyPatch) -> Prompts:
    """Answers click's prompts with the given answers. Returns the list of the questions."""

    def answer(*answers: str) -> list[str]:
        remaining, asked = list(answers), []

        def prompt(text: str, **_options: object) -> str:
            asked.append(text)
            return remaining.pop(0)

        monkeypatch.setattr("click.prompt", prompt)
        return asked

    return answer
