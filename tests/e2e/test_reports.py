"""A failed task is reported with all details: on the terminal, as JSON, in the report files."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.e2e.conftest import MakeLab
from tests.e2e.runs import Provision, Run
from tests.lab import Lab

pytestmark = pytest.mark.lab

HOST = "el7-1"
PLAYBOOK = """- name: Reported
  hosts: all
  become: true
  gather_facts: false
  tasks:
    - name: Ask for what is not there
      shell: echo some output; echo 'no such thing <b>&' >&2; exit 7
    - name: Never reached
      command: id
"""
SERVICE = """- name: A service that can't start
  hosts: all
  become: true
  gather_facts: false
  tasks:
    - name: The unit
      copy:
        dest: /etc/systemd/system/broken.service
        content: "[Service]\\nType=oneshot\\nExecStart=/bin/sh -c 'echo no licence; exit 3'\\n"
    - name: Start it
      systemd: {name: broken, state: started, daemon_reload: true}
"""


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    return make_lab(1)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    (home / "site.yml").write_text(PLAYBOOK)
    (home / "service.yml").write_text(SERVICE)
    return home


@pytest.fixture(scope="module")
def text(lab: Lab, home: Path) -> Run:
    words = ("--junit", home / "run.xml", "--report", home / "run.html")
    return Provision(home)(lab, home / "site.yml", *words, expect=2, json=False)


def test_the_terminal_shows_all_details_of_a_failure(text: Run, home: Path) -> None:
    block = text.stdout.partition("failed ")[2].partition("Recap")[0]
    assert HOST in text.stdout.partition("failed ")[0].splitlines()[-1]
    assert "Ask for what is not there" in block
    assert f"{home}/site.yml:6" in block
    assert "tried: run echo some output" in block
    assert "rc: 7" in block
    assert "some output" in block.partition("stdout:")[2].partition("stderr:")[0]
    assert "no such thing <b>&" in block.partition("stderr:")[2]
    assert "what to do" not in block  # the module has no hint about this failure


def test_the_recap_names_the_failed_host_and_the_exit_status(text: Run) -> None:
    recap = text.stdout.partition("Recap")[2]
    assert f"{HOST}  failed" in recap
    assert "Ask for what is not there" in recap
    assert "exit 2: at least one host failed" in recap


def test_the_report_files_contain_all_details(text: Run, home: Path) -> None:
    assert text.exit == 2
    (failure,) = ElementTree.parse(home / "run.xml").getroot().iter("failure")
    assert "no such thing <b>&" in (failure.text or "")
    html = (home / "run.html").read_text()
    assert "no such thing &lt;b&gt;&amp;" in html
    assert "no such thing <b>&" not in html
    assert "Ask for what is not there" in html


def test_json_lines_contain_all_details(lab: Lab, home: Path) -> None:
    run = Provision(home)(lab, home / "site.yml", expect=2)
    failure = run.failure(HOST)
    assert failure["host"] == HOST
    assert failure["play"] == "Reported"
    assert failure["task"] == "Ask for what is not there"
    assert failure["where"] == f"{home}/site.yml:6"
    assert failure["rc"] == 7
    assert failure["stdout"] == "some output"
    assert failure["stderr"] == "no such thing <b>&"
    assert failure["changes"] != []
    assert run.tasks(HOST, "ok", "changed", "skipped") == []


def test_a_service_that_does_not_start_shows_the_last_lines_of_its_journal(
    lab: Lab, home: Path
) -> None:
    run = Provision(home)(lab, home / "service.yml", expect=2, json=False)
    block = run.stdout.partition("failed ")[2]
    assert "start broken.service" in block
    assert "no licence" in block


def test_without_a_terminal_there_is_no_colour_and_no_control_character(text: Run) -> None:
    assert [letter for letter in text.stdout if ord(letter) < 32 and letter != "\n"] == []
