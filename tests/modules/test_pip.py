"""The module pip, with a fake pip that keeps its packages in a file; and requirements."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from provisioner.modules.shared.requirements import requirement
from tests.modules.conftest import Host

PIP = r"""
list={root}/list
case $1 in --disable*) shift ;; esac
case $1 in
    list | freeze) [ "$1 $VERSION" != 'list 8' ] || exit 2; cat $list ;;
    install)
        shift
        while [ $# -gt 0 ]; do
            case $1 in
                -r) shift; cat "$1" >>$list ;;
                -*) ;;
                no-such) echo 'No matching distribution found for no-such' >&2; exit 1 ;;
                *==*) grep -v "^${{1%%==*}}==" $list >$list.new; mv $list.new $list
                    echo "$1" >>$list ;;
                *) name=${{1%%[<>=]*}}; grep -v "^$name==" $list >$list.new; mv $list.new $list
                    echo "$name==9.0" >>$list ;;
            esac
            shift
        done ;;
    uninstall) shift 2; grep -v "^$1==" $list >$list.new; mv $list.new $list ;;
esac
true
"""


@pytest.mark.parametrize(
    ("text", "version", "holds"),
    [
        ("flask", "1.0", True),
        ("flask", None, False),
        ("Flask==1.0", "1.0.0", True),
        ("flask==1.0", "1.0.1", False),
        ("flask[async]>=1,<2", "1.10", True),
        ("flask>=1, <2", "2.0", False),
        ("flask>1.9", "1.10", True),
        ("flask~=1.4", "1.9", True),
        ("flask~=1.4", "2.0", False),
        ("flask~=1.4.2", "1.5", False),
        ("flask==1.*", "1.9", True),
        ("flask!=1.*", "1.9", False),
        ("flask>=2.0", "2.0rc1", False),
        ("flask>2.0", "2.0.post1", True),
        ("flask===1.0", "1.0.0", False),
        ("flask==1.0", "1.0+local", True),
    ],
)
def test_a_version_meets_a_requirement_or_not(text: str, version: str | None, holds: bool) -> None:
    item = requirement(text)
    assert item is not None
    assert (item.name, item.is_met_by(version)) == ("flask", holds)


@pytest.mark.parametrize(
    "text", ["git+https://x/y", "./flask", "flask @ https://x", "flask; python_version<'3'", "a b"]
)
def test_requirements_without_a_plain_name_are_not_parsed(text: str) -> None:
    assert requirement(text) is None


@pytest.fixture
def python(host: Host) -> Host:
    """A host with a pip and one package."""
    (host.root / "list").write_text("Zope.Interface==4.0\n")
    host.fake("pip", PIP.format(root=host.root))
    return host


def run_twice(host: Host, **arguments: Any) -> list[str]:
    """Look, run and run again. Return the installed packages."""
    before = (host.root / "list").read_text()
    assert host.look("pip", **arguments).changes
    assert (host.root / "list").read_text() == before
    report = host.run("pip", **arguments)
    assert (report.failed, len(report.changes) > 0) == (None, True)
    again = host.run("pip", **arguments)
    assert (again.failed, again.changes) == (None, ())
    return (host.root / "list").read_text().splitlines()


def test_packages_are_installed_and_removed(python: Host) -> None:
    first = "Zope.Interface==4.0"
    assert run_twice(python, name="flask") == [first, "flask==9.0"]
    assert run_twice(python, name="flask", version="1.0") == [first, "flask==1.0"]
    assert run_twice(python, name="flask>=2,<10, jinja2") == [first, "flask==9.0", "jinja2==9.0"]
    assert run_twice(python, name="jinja2", state="absent") == [first, "flask==9.0"]
    assert not python.run("pip", name="zope_interface").changes
    assert not python.run("pip", name="none", state="absent").changes


def test_a_url_is_a_change_only_if_the_list_of_packages_differs(python: Host) -> None:
    (python.root / "req").write_text("a==1\n")
    args = {"requirements": f"{python.root}/req"}
    assert python.look("pip", **args).changes
    assert python.run("pip", **args).changes
    python.fake("pip", PIP.format(root=python.root).replace('cat "$1" >>', "true "))
    assert not python.run("pip", **args).changes
    assert not python.run("pip", name="a", state="latest").failed
    assert python.run("pip", name="a", state="forcereinstall").changes


def test_an_old_pip_without_list_format_is_supported(python: Host) -> None:
    python.environment["VERSION"] = "8"
    assert not python.run("pip", name="Zope-Interface", version="4.0").changes


def test_a_virtualenv_is_created(host: Host) -> None:
    path = host.root / "my env"
    (host.root / "list").write_text("")
    pip = PIP.format(root=host.root)
    (host.root / "pip").write_text(f"#!/bin/sh\n{pip}\n")
    host.fake("mkenv", f'mkdir -p "$3/bin"; install -m 755 {host.root}/pip "$3/bin/pip"')
    args = {"virtualenv": str(path), "virtualenv_command": "mkenv", "virtualenv_python": "p3"}
    look = host.look("pip", **args, name="flask")
    assert (look.failed, path.exists()) == (None, False)
    assert host.run("pip", **args, name="flask").changes[0] == f"create {path}"
    assert not host.run("pip", **args, name="flask").changes
    assert not host.run("pip", **args).changes


def test_failures_have_a_reason(python: Host) -> None:
    report = python.run("pip", name="no-such")
    assert report.failed == "install no-such (pip): exit 1"
    assert "No matching distribution" in report.get("stderr")
    args = {"name": "x", "executable": "no-pip"}
    assert python.look("pip", **args).changes
    assert "no-pip is not installed: install" in (python.run("pip", **args).failed or "")


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"name": "a", "requirements": "b"},
        {"name": "a", "executable": "pip", "virtualenv": "/x"},
        {"name": ["a", "b"], "version": "1"},
        {"name": "-e x"},
        {"name": "a", "version": "1", "state": "latest"},
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidArguments):
        find_module("pip").from_arguments(arguments)
