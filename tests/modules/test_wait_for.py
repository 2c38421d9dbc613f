"""The module wait_for, with real ports. No test depends on how long something takes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host
from tests.remote.sshd import closed_port


@pytest.fixture
def port() -> Iterator[int]:
    """A port that sends a greeting to each client."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(b"220 mail.example.org ESMTP\r\n")

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def closed() -> Iterator[int]:
    with closed_port() as port:
        yield port


def test_an_open_port_is_found_by_the_first_check(host: Host, port: int) -> None:
    report = host.look("wait_for", port=port)
    assert report.done
    assert not report.changes
    assert "check" not in report.records


def test_a_look_does_not_wait(host: Host, closed: int) -> None:
    report = host.look("wait_for", port=closed)
    assert report.changes
    assert "check" in report.records


def test_a_port_that_stays_closed_is_named_after_the_timeout(host: Host, closed: int) -> None:
    report = host.run("wait_for", port=closed, timeout=0)
    assert report.failed == f"Timeout when waiting for 127.0.0.1:{closed}"
    assert host.run("wait_for", port=closed, timeout=0, msg="no luck").failed == "no luck"


def test_stopped_waits_for_the_opposite(host: Host, port: int, closed: int) -> None:
    assert host.run("wait_for", port=closed, state="stopped", timeout=0).done
    assert host.run("wait_for", port=port, state="stopped", timeout=0).failed


def test_the_greeting_is_searched_and_its_groups_are_returned(host: Host, port: int) -> None:
    args = {"port": port, "search_regex": r"^220 (?P<name>\S+) (\w+)", "timeout": 0}
    report = host.run("wait_for", **args)
    values = host.values("wait_for", report, **args)
    assert values["match_groups"] == ["mail.example.org", "ESMTP"]
    assert values["match_groupdict"] == {"name": "mail.example.org"}
    assert host.run("wait_for", port=port, search_regex="^5", timeout=0, connect_timeout=1).failed


def test_a_file_with_a_text_is_waited_for(host: Host) -> None:
    path = host.root / "it's here"
    assert host.run("wait_for", path=str(path), timeout=0).failed
    assert host.run("wait_for", path=str(path), state="absent", timeout=0).done
    path.write_text("starting\nready in 3 s\n")
    args = {"path": str(path), "search_regex": r"ready in (\d+)", "timeout": 0}
    report = host.run("wait_for", **args)
    assert host.values("wait_for", report, **args)["match_groups"] == ["3"]
    assert host.run("wait_for", **(args | {"state": "absent"})).failed
    assert host.run("wait_for", path=str(path), search_regex="x", state="absent", timeout=0).done


def test_drained_counts_connections_except_those_of_excluded_hosts(host: Host) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        args = {"port": port, "state": "drained", "timeout": 0}
        with socket.create_connection(("127.0.0.1", port)):
            assert host.run("wait_for", **args).failed
            assert host.run("wait_for", **args, host="0.0.0.0").failed
            assert host.run("wait_for", **args, host="192.0.2.1").done
            assert host.run("wait_for", **args, exclude_hosts="127.0.0.1").done


@pytest.mark.parametrize("bad", ["$(touch x)", "a b; touch x", "127.0.0.1/1; touch x"])
def test_the_parameter_host_is_never_executed_as_code(host: Host, bad: str) -> None:
    assert host.run("wait_for", host=bad, port=1, timeout=0, connect_timeout=1).failed


@pytest.mark.parametrize(
    "arguments",
    [
        {"port": 1, "path": "/x"},
        {"port": 70000},
        {"state": "drained"},
        {"state": "drained", "port": 1, "host": "name"},
        {"port": 1, "active_connection_states": "NONSENSE"},
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(InvalidArguments):
        find_module("wait_for").from_arguments(arguments)
