"""The Vagrantfile, run by Vagrant with a fake provider: it needs no box and no hypervisor."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]

FAKE_PROVIDER = """
class FakeProvider < Vagrant.plugin("2", :provider)
  class Up
    def initialize(app, env) = (@app = app)

    def call(env)
      env[:machine].id = "here"
      @app.call(env)
    end
  end

  def initialize(machine) = (@machine = machine)

  def action(name) = Vagrant::Action::Builder.new.tap { |steps| steps.use(Up) if name == :up }

  def state
    id = @machine.id ? :running : :not_created
    Vagrant::MachineState.new(id, id.to_s, id.to_s)
  end

  def ssh_info
    { host: "127.0.0.1", port: 2200 + @machine.name.to_s[-1].to_i, private_key_path: "/a key" }
  end
end

class FakePlugin < Vagrant.plugin("2")
  name "fake"
  provider("fake") { FakeProvider }
end
"""


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """A folder with our Vagrantfile, the fake provider, and a fake `provision` that logs."""
    assert shutil.which("vagrant"), "vagrant is missing: make setup installs it"
    shutil.copy(ROOT / "Vagrantfile", tmp_path / "Vagrantfile.real")
    load = 'load File.join(__dir__, "Vagrantfile.real")\n'
    (tmp_path / "Vagrantfile").write_text(FAKE_PROVIDER + load)
    command = tmp_path / "bin/provision"
    command.parent.mkdir()
    command.write_text('#!/bin/sh\necho "$@" >>calls\nexit "${EXIT:-0}"\n')
    command.chmod(0o755)
    return tmp_path


def vagrant(box: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    path = f"{box}/bin:{os.environ['PATH']}"
    quiet = {"VAGRANT_HOME": f"{box}/home", "VAGRANT_CHECKPOINT_DISABLE": "1"}
    return subprocess.run(
        ["vagrant", *words],
        cwd=box,
        env=os.environ | quiet | {"PATH": path} | variables,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_vagrant_accepts_the_vagrantfile(box: Path) -> None:
    done = vagrant(box, "validate", "--ignore-provider")
    assert done.returncode == 0, done.stdout + done.stderr


def test_both_machines_are_provisioned_once_after_the_last_has_started(box: Path) -> None:
    done = vagrant(box, "up", "--provider=fake")
    assert done.returncode == 0, done.stdout + done.stderr
    inventory = box / ".vagrant/inventory.yml"
    assert (box / "calls").read_text().split() == [str(inventory)]
    content = yaml.safe_load(inventory.read_text())["all"]
    assert content["hosts"] == {"el7-1": None, "el7-2": None}
    ssh_config = box / ".vagrant/ssh_config"
    assert content["vars"] == {"ansible_ssh_common_args": f"-F '{ssh_config}'"}
    ssh_settings = subprocess.run(
        ["ssh", "-G", "-F", ssh_config, "el7-2"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert {"hostname 127.0.0.1", "port 2202", "user vagrant", "identityfile /a key"} <= set(
        ssh_settings
    )


def test_a_failed_run_makes_vagrant_fail(box: Path) -> None:
    done = vagrant(box, "up", "--provider=fake", EXIT="4")
    assert done.returncode == 1
    assert "4" in done.stderr
