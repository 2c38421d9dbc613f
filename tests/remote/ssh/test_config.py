"""ssh_config files, compared with `ssh -G` where OpenSSH is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from provisioner.remote.ssh import config
from provisioner.remote.ssh.config import ConfigError, Settings

SAMPLE = """
# the first value wins, except for IdentityFile
Host web1 web2
    HostName %h.example.com
    User deploy
    IdentityFile ~/.ssh/web_%r
Host !web2 web*
    Port 2222
    IdentityFile "/keys/with space"
Host *.internal !secret.internal
    User = "inner"
    ProxyJump bastion
Host db[1]
    Port 99
Match originalhost web1 user deploy
    ConnectTimeout=7
Match host web2.example.com,other
    ConnectTimeout 8
Match !originalhost web1,web2
    ConnectTimeout 9
Match user inner
    IdentitiesOnly yes
Match all
    StrictHostKeyChecking accept-new
Host *
    User nobody
    Port 22
    UserKnownHostsFile /k1 /k2
    ProxyCommand none
"""


@pytest.fixture(autouse=True)
def fresh() -> None:
    config.read.cache_clear()


def look_up(folder: Path, text: str, host: str, user: str | None = None) -> Settings:
    path = folder / "config"
    path.write_text(text)
    return config.lookup(config.read((str(path),)), host, user)


@pytest.mark.parametrize(
    ("host", "keyword", "value"),
    [
        ("web1", "hostname", ("%h.example.com",)),
        ("web1", "user", ("deploy",)),
        ("web1", "port", ("2222",)),
        ("web2", "port", ("22",)),
        ("web1", "identityfile", ("~/.ssh/web_%r", "/keys/with space")),
        ("web1", "connecttimeout", ("7",)),
        ("web2", "connecttimeout", ("8",)),
        ("web3", "connecttimeout", ("9",)),
        ("WEB3", "port", ("2222",)),
        ("a.internal", "user", ("inner",)),
        ("a.internal", "identitiesonly", ("yes",)),
        ("a.internal", "proxyjump", ("bastion",)),
        ("secret.internal", "user", ("nobody",)),
        ("db1", "port", ("22",)),
        ("db[1]", "port", ("99",)),
        ("web1", "userknownhostsfile", ("/k1", "/k2")),
        ("web1", "proxycommand", ("none",)),
        ("web1", "stricthostkeychecking", ("accept-new",)),
        ("web1", "absent", ()),
    ],
)
def test_a_keyword_of_a_host(
    tmp_path: Path, host: str, keyword: str, value: tuple[str, ...]
) -> None:
    assert look_up(tmp_path, SAMPLE, host).all(keyword) == value


@pytest.mark.skipif(not shutil.which("ssh"), reason="OpenSSH's client is not installed")
@pytest.mark.parametrize("host", ["web1", "web2", "web3", "a.internal", "secret.internal", "db1"])
def test_ssh_itself_has_the_same_settings(tmp_path: Path, host: str) -> None:
    settings = look_up(tmp_path, SAMPLE, host)
    command = ["ssh", "-G", "-F", str(tmp_path / "config"), host]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    theirs = dict(line.split(" ", 1) for line in printed.splitlines() if " " in line)
    for keyword in ("user", "port", "connecttimeout", "identitiesonly"):
        assert theirs.get(keyword, "none") == (settings.first(keyword) or theirs.get(keyword))


def test_match_user_uses_the_user_of_the_command_line(tmp_path: Path) -> None:
    assert look_up(tmp_path, SAMPLE, "x", user="inner").first("identitiesonly") == "yes"


def test_an_included_file_counts_at_the_place_of_its_include_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh" / "d").mkdir(parents=True)
    (tmp_path / ".ssh" / "d" / "1.conf").write_text("User one\nHost b\nUser two\nPort 2\n")
    (tmp_path / ".ssh" / "d" / "2.conf").write_text("ConnectTimeout 2\n")
    text = "Host a b\nInclude d/*.conf missing/*\nPort 1\nHost c\nUser three\n"
    assert look_up(tmp_path, text, "a").values == {
        "user": ("one",),
        "connecttimeout": ("2",),
        "port": ("1",),
    }
    config.read.cache_clear()
    assert look_up(tmp_path, text, "b").first("user") == "one"
    assert look_up(tmp_path, text, "b").first("port") == "2"
    assert look_up(tmp_path, text, "c").values == {"user": ("three",)}


def test_files_that_include_each_other_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="more than 16 files include each other"):
        look_up(tmp_path, f"Include {tmp_path}/config\n", "a")


def test_match_exec_never_matches_and_is_reported(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    text = f'Match exec "touch {marker}"\nUser evil\nHost *\nUser good\n'
    settings = look_up(tmp_path, text, "a")
    assert settings.first("user") == "good"
    assert not marker.exists()
    assert "config:1: `Match exec` is not supported" in settings.notices[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("User\n", "config:1: 'User' has no value"),
        ("\nHost 'a\n", "config:2: a quote is not closed"),
        ("Match nonsense x\n", "config:1: Match does not know the criterion 'nonsense'"),
    ],
)
def test_a_line_with_a_syntax_error_is_reported(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        look_up(tmp_path, text, "a")


def test_a_proxy_command_keeps_its_quotes(tmp_path: Path) -> None:
    command = """sh -c 'nc "$0" %p' %h # no comment"""
    assert look_up(tmp_path, f"ProxyCommand {command}\n", "a").first("proxycommand") == command


def test_a_file_is_parsed_once(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("User a\n")
    first = config.read((str(path),))
    path.write_text("User b\n")
    assert config.read((str(path),)) is first


def test_tokens_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("KEYS", "/keys")
    tokens = config.tokens(name="web", host="web.example", port=22, user="deploy")
    path = config.fill_path("~/${KEYS}/%h-%n-%p-%r-%%-%d-${NOPE}-%y", tokens)
    assert path == "/home/me//keys/web.example-web-22-deploy-%-/home/me-${NOPE}-%y".replace(
        "//", "/"
    )
