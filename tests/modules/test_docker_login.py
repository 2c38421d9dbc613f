"""docker_login, with a fake docker command."""

from __future__ import annotations

import base64
import json

import pytest

from provisioner.modules.docker_login import registry_key
from tests.modules.conftest import Host


def test_login_passes_the_password_on_stdin_and_is_done_once(host: Host) -> None:
    config = host.root / "home/.docker/config.json"
    host.fake(
        "docker",
        f"""IFS= read -r password || :
        auth=$(printf 'me:%s' "$password" | base64)
        mkdir -p {config.parent}
        printf '{{"auths": {{"reg:5000": {{"auth": "%s"}}}}}}' "$auth" >{config}""",
    )
    asked = {
        "registry_url": "https://reg:5000/",
        "username": "me",
        "password": "s3cr3t",
        "config_path": str(config),
    }
    assert host.look("docker_login", **asked).changes == ("log in to reg:5000 as me",)
    assert not config.exists()
    report = host.run("docker_login", **asked)
    assert report.changes == ("log in to reg:5000 as me",)
    (call,) = host.calls()
    assert "s3cr3t" not in call
    assert call.endswith("login --username me --password-stdin reg:5000")
    assert host.run("docker_login", **asked).changes == ()
    assert host.run("docker_login", **{**asked, "password": "new"}).changes


def test_login_writes_the_file_if_docker_reads_no_password_on_stdin(host: Host) -> None:
    config = host.root / "config.json"
    config.write_text('{"auths": {"other": {"auth": "eA=="}}, "psFormat": "x"}')
    host.fake("docker", "echo 'unknown flag: --password-stdin' >&2; exit 125")
    asked = {"username": "me", "password": "s3cr3t", "config_path": str(config)}
    assert host.run("docker_login", **asked).changes
    found = json.loads(config.read_text())
    hub = found["auths"]["https://index.docker.io/v1/"]
    assert base64.b64decode(hub["auth"]) == b"me:s3cr3t"
    assert found["auths"]["other"] == {"auth": "eA=="}
    assert found["psFormat"] == "x"
    assert config.stat().st_mode & 0o777 == 0o600
    assert host.run("docker_login", **asked).changes == ()


def test_a_wrong_password_fails_with_the_registrys_answer(host: Host) -> None:
    host.fake("docker", "echo 'Error: unauthorized: incorrect username or password' >&2; exit 1")
    asked = {"username": "me", "password": "x", "config_path": str(host.root / "config.json")}
    failed = host.run("docker_login", **asked).failed or ""
    assert failed.startswith("log in to https://index.docker.io/v1/ as me: the registry refuses")


def test_logging_out_is_done_once(host: Host) -> None:
    config = host.root / "config.json"
    config.write_text('{"auths": {"reg": {"auth": "eA=="}}}')
    host.fake("docker", f"echo '{{}}' >{config}")
    asked = {"registry": "reg", "state": "absent", "config_path": str(config)}
    assert host.run("docker_login", **asked).changes == ("log out of reg",)
    assert host.run("docker_login", **asked).changes == ()


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("https://index.docker.io/v1/", "https://index.docker.io/v1/"),
        ("docker.io", "https://index.docker.io/v1/"),
        ("https://reg.example:5000/v2/", "reg.example:5000"),
        ("reg.example", "reg.example"),
    ],
)
def test_a_registry_has_the_key_that_docker_uses(url: str, server: str) -> None:
    assert registry_key(url) == server
