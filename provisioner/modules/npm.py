"""npm: install or remove Node.js packages with the host's npm."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module, ModuleError, TaskContext
from provisioner.modules.framework.fields import parameter
from provisioner.remote.shell import Program, Report

NPM = r"""
# in_place ARG...: run npm in $path.
in_place() (
    if [ -n "$path" ]; then cd -- "$path" || exit; fi
    eval "set -- $npm \"\$@\""
    _environment
    exec "$@"
)
# ask ARG...: print npm's answer as JSON. npm writes no log and does not look for a newer npm.
ask() (
    export npm_config_logs_max=0 npm_config_update_notifier=false NO_UPDATE_NOTIFIER=1
    in_place "$@" --json ${everywhere:+--global} 2>/dev/null 3>&- 4<&-
)
list() {
    packages=''
    if [ -z "$path" ] || [ -d "$path" ]; then
        packages=$(ask list --depth=0) || [ -n "$packages" ] || packages='{}'
    fi
}
[ -z "$path" ] || expand path
"""

READ = (
    NPM
    + r"""
eval "set -- $npm"
if ! command -v "$1" >/dev/null; then
    missing="there is no $1 on this host: install nodejs in an earlier task"
    [ "$look" = yes ] || fail "$missing"
    assume "$missing"
    changed "$what"
    return 0
fi
[ -z "$path" ] || [ ! -e "$path" ] || [ -d "$path" ] || fail "path $path is not a directory"
list
report list "$packages"
if [ "$state" = latest ] && { [ -z "$path" ] || [ -d "$path" ]; }; then
    report outdated "$(ask outdated ${name:+"$name"})"
fi
"""
)

CHANGE = (
    NPM
    + r"""
change() {
    [ -z "$path" ] || [ -d "$path" ] || mkdir -p -- "$path" || return
    eval "set -- $words"
    in_place "$@"
}
if [ "$look" = no ]; then
    run change || broken "$what" "exit $status"
    list
    report list_after "$packages"
    # For a version range or a URL it is only known now whether npm changed something.
    if [ "$packages" = "$before" ] && [ "$predictable" != yes ]; then return 0; fi
fi
changed "$what"
"""
)

EXACT = re.compile(r"v?\d+\.\d+\.\d+[-+.\w]*")


class Npm(Module):
    """Install or remove Node.js packages with the host's npm."""

    body: ClassVar[str] = CHANGE

    name: str | None = None
    """The package. The default is all packages of package.json in `path`."""
    path: str | None = None
    """The directory of the project. Needed without `global`."""
    version: str | None = None
    """The version: `1.2.3`, or a range, from which npm installs the newest."""
    global_: bool = parameter(False, name="global")
    """Install the package for the whole host."""
    state: Literal["present", "absent", "latest"] = "present"
    """`present` installs, `latest` also updates, `absent` removes the package."""
    ci: bool = False
    """Install exactly the versions of package-lock.json. This is done in every run."""
    production: bool = False
    """Skip packages that are only for development."""
    executable: str = "npm"
    """The npm command, with arguments if needed."""
    registry: str | None = None
    """The URL of the registry."""
    ignore_scripts: bool = False
    """Do not run scripts of packages."""
    unsafe_perm: bool = False
    """Run scripts as root if npm runs as root (before npm 7)."""
    no_optional: bool = False
    """Skip optional packages."""
    no_bin_links: bool = False
    """Do not create links to programs of packages."""

    def validate(self) -> None:
        if not self.path and not self.global_:
            raise ValueError("path must be specified when not using global")
        if self.state == "absent" and not self.name:
            raise ValueError("state is absent but all of the following are missing: name")
        if (self.name or "").startswith("-"):
            raise ValueError(f"name: {self.name!r} is not a valid name of a package")

    @property
    def acts(self) -> bool:
        return self.ci

    @property
    def package(self) -> str:
        """The package with its version in npm's notation."""
        name = self.name or ""
        return f"{name}@{self.version}" if name and self.version else name

    @property
    def predictable(self) -> bool:
        """Whether the list of installed packages shows if the package is right."""
        if self.ci or (self.version and not EXACT.fullmatch(self.version)):
            return False
        return re.fullmatch(r"(@[\w.~-]+/)?[\w.~-]+", self.name or "x") is not None

    def program(self, context: TaskContext) -> Program:
        if self.ci:
            return Program("npm", CHANGE, self._changing("ci", ""))
        return Program("npm_read", READ, self._variables())

    def _variables(self) -> dict[str, Any]:
        return {
            "npm": self.executable.split(),
            "path": self.path,
            "name": self.name,
            "state": self.state,
            "everywhere": "yes" if self.global_ else "",
            "what": self._what("uninstall" if self.state == "absent" else "install"),
        }

    def edit(self, report: Report) -> Program | None:
        if "list" not in report.records or self.ci:
            return None
        verb = self._verb(report.get("list"), report.get("outdated"))
        if verb is None:
            return None
        return Program("npm", CHANGE, self._changing(verb, report.get("list")))

    def _changing(self, verb: str, before: str) -> dict[str, Any]:
        words = [verb, *self._options(verb)]
        change = {
            "words": words,
            "before": before,
            "predictable": self.predictable,
            "what": self._what(verb),
        }
        return {**self._variables(), **change}

    def _what(self, verb: str) -> str:
        place = "" if self.global_ else f" in {self.path}"
        return f"{verb} {self.package or 'packages'}{place}"

    def _options(self, verb: str) -> Iterator[str]:
        switches = {
            "--global": self.global_,
            "--production": self.production and verb != "uninstall",
            "--ignore-scripts": self.ignore_scripts,
            "--unsafe-perm": self.unsafe_perm,
            "--no-optional": self.no_optional,
            "--no-bin-links": self.no_bin_links,
        }
        yield from (option for option, on in switches.items() if on)
        if self.registry:
            yield f"--registry={self.registry}"
        if self.package:
            yield self.name if verb == "uninstall" and self.name else self.package

    def _verb(self, listed: str, outdated: str) -> str | None:
        """Return the command of npm that is needed; None if there is nothing to do."""
        packages = _packages(listed)
        if self.state == "absent":
            return "uninstall" if self.name in packages else None
        if not listed or not self._is_installed(packages):
            return "install"
        if self.state == "latest" and self._is_old(_object(outdated)):
            return "update"
        return None

    def _is_installed(self, packages: Mapping[str, Mapping[str, Any]]) -> bool:
        installed = {
            name
            for name, package in packages.items()
            if not package.get("missing") and not package.get("invalid")
        }
        if self.name is None:
            return installed == packages.keys()
        version = (self.version or "").removeprefix("v")
        if not self.predictable or self.name not in installed:
            return False
        return version in ("", packages[self.name].get("version"))

    def _is_old(self, outdated: Mapping[str, Any]) -> bool:
        """Return whether `npm outdated` lists a newer version. package.json limits a project's."""
        best = "latest" if self.global_ else "wanted"
        return any(
            isinstance(package, dict) and package.get("current") != package.get(best)
            for package in outdated.values()
        )

    def finish(self, report: Report) -> dict[str, Any]:
        if "list_after" not in report.records:
            return {}
        packages = _packages(report.get("list_after"))
        if self.state == "absent":
            is_wrong = self.name in packages
        else:
            is_wrong = not self._is_installed(packages)
        if is_wrong and self.predictable:
            raise ModuleError(f"{report.changes[-1]}: the packages are still not as required")
        return {}


def _object(text: str) -> dict[str, Any]:
    """Return the JSON object in `text`; an empty one if it has none."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _packages(listed: str) -> dict[str, Mapping[str, Any]]:
    """Return the packages in the output of `npm list`, by name."""
    dependencies = _object(listed).get("dependencies")
    packages = dependencies.items() if isinstance(dependencies, dict) else ()
    return {name: package for name, package in packages if isinstance(package, dict)}
