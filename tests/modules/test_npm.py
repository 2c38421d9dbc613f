"""The module npm, with a fake npm command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.base import ModuleError
from provisioner.remote.shell import Report
from tests.modules.conftest import Host, listing

# It keeps its packages in a file. The newest version of each package is 2.0.0.
PRETENDED = r"""
state=$(dirname "$0")/../npm.json
verb=$1
for last; do :; done
case $last in -*) last='' ;; esac
package() { printf '{"dependencies": {"%s": {"version": "%s"}}}\n' "$1" "$2" >"$state"; }
[ -z "$broken" ] || [ "$verb" = list ] || { echo 'npm ERR! code E404' >&2; exit 1; }
case $verb in
    list) [ -e "$state" ] && cat "$state" || echo '{}'; ! grep -q missing "$state" ;;
    outdated)
        ! grep -q '"version": "1' "$state" || {
            echo '{"p": {"current": "1.0.0", "wanted": "1.0.0", "latest": "2.0.0"}}'
            exit 1
        } ;;
    install)
        case $last in
            *@^1) package p 1.0.0 ;;
            *@v*) package "${last%@*}" "${last##*@v}" ;;
            *@*) package "${last%@*}" "${last##*@}" ;;
            '') sed -i 's/"missing": true/"version": "2.0.0"/' "$state" ;;
            *) package "$last" 2.0.0 ;;
        esac ;;
    update) package "$last" 2.0.0 ;;
    uninstall) echo '{}' >"$state" ;;
    ci) ;;
esac
"""


@pytest.fixture
def npm(host: Host) -> Host:
    host.fake("npm", PRETENDED)
    return host


def has(npm: Host, **packages: Any) -> None:
    Path(npm.fakes.parent, "npm.json").write_text(json.dumps({"dependencies": packages}))


def run_twice(npm: Host, **arguments: Any) -> list[str]:
    """Look, run and run again. Return the calls that changed something."""
    before = listing(npm.root)
    looked = npm.look("npm", **arguments).changes
    assert listing(npm.root) == before
    npm.calls()
    report = npm.run("npm", **arguments)
    assert (report.failed, report.changes) == (None, looked)
    assert find_module("npm").from_arguments(arguments).finish(report) == {}
    calls = [call for call in npm.calls() if call.split()[1] not in ("list", "outdated")]
    assert npm.run("npm", **arguments).changes == ()
    return calls


GLOBAL = {"name": "p", "global": True}


def test_a_package_is_installed_updated_and_removed_once(npm: Host) -> None:
    assert run_twice(npm, **GLOBAL, version="1.0.0") == ["npm install --global p@1.0.0"]
    assert run_twice(npm, **GLOBAL) == []
    assert run_twice(npm, **GLOBAL, state="latest") == ["npm update --global p"]
    assert run_twice(npm, **GLOBAL, version="v1.0.0") == ["npm install --global p@v1.0.0"]
    assert run_twice(npm, **GLOBAL, state="absent") == ["npm uninstall --global p"]


def test_a_project_gets_the_packages_of_package_json(npm: Host) -> None:
    project = npm.root / "project"
    assert npm.look("npm", path=str(project)).changes == (f"install packages in {project}",)
    project.mkdir()
    has(npm, p={"required": "^2", "missing": True})
    assert run_twice(npm, path=str(project), production=True) == ["npm install --production"]


def test_a_project_gets_no_newer_version_than_package_json_allows(npm: Host) -> None:
    has(npm, p={"version": "1.0.0"})
    assert run_twice(npm, path=str(npm.root), name="p", state="latest") == []


def test_an_invalid_package_is_installed_again(npm: Host) -> None:
    has(npm, p={"version": "1.0.0", "invalid": "^2 from the root project"})
    assert run_twice(npm, path=str(npm.root), name="p") == ["npm install p"]


def test_a_version_range_is_a_change_only_if_npm_changed_something(npm: Host) -> None:
    ranged = {**GLOBAL, "version": "^1"}
    assert npm.run("npm", **ranged).changes == ("install p@^1",)
    npm.calls()
    assert npm.run("npm", **ranged).changes == ()
    assert "npm install --global p@^1" in npm.calls()


def test_a_clean_install_is_a_change_if_the_list_of_packages_differs(npm: Host) -> None:
    report = npm.run("npm", path=str(npm.root), ci=True)
    assert report.failed is None
    assert "npm ci" in npm.calls()
    assert find_module("npm").from_arguments({"path": "/x", "ci": True}).acts


def test_options_reach_npm(npm: Host) -> None:
    more = {"registry": "http://r.example/", "ignore_scripts": True, "unsafe_perm": True}
    more |= {"no_optional": True, "no_bin_links": True, "executable": "npm --quiet"}
    npm.run("npm", **GLOBAL, **more)
    assert npm.calls()[1] == (
        "npm --quiet install --global --ignore-scripts --unsafe-perm --no-optional --no-bin-links"
        " --registry=http://r.example/ p"
    )


def test_without_npm_a_look_reports_a_change_and_a_run_fails(host: Host) -> None:
    nowhere = {**GLOBAL, "executable": "no-such-npm"}
    checked = host.run("npm", "check", **nowhere)
    assert (checked.failed, checked.changes) == (None, ("install p",))
    assert "install nodejs" in checked.get("assumed")
    assert "install nodejs" in (host.run("npm", **nowhere).failed or "")


def test_the_message_of_npm_is_the_reason_of_a_failure(npm: Host) -> None:
    npm.environment["broken"] = "yes"
    report = npm.run("npm", **GLOBAL)
    assert report.failed == "install p: exit 1"
    assert "E404" in report.get("stderr")


def test_a_package_that_is_still_missing_afterwards_is_a_failure() -> None:
    model = find_module("npm").from_arguments(GLOBAL)
    with pytest.raises(ModuleError, match="install p: the packages are still not as required"):
        model.finish(Report({"changed": ("install p",), "list_after": ("{}",)}, status=80))


def test_wrong_arguments_are_refused() -> None:
    for arguments in (
        {"name": "p"},
        {"global": True, "state": "absent"},
        {"name": "-g", "path": "/"},
    ):
        with pytest.raises(ValueError):
            find_module("npm").from_arguments(arguments)
