"""pip: install or remove Python packages with the host's pip."""

from __future__ import annotations

import re
import shlex
from typing import Annotated, Any, ClassVar, Literal

from provisioner.modules.framework.base import Module, TaskContext
from provisioner.modules.framework.fields import Before
from provisioner.modules.shared.requirements import Requirement, normal, requirement
from provisioner.remote.shell import Program, Report, Value, quote

FIND = r"""
# find_pip: set $pip to the command: in the virtualenv, or `executable`, or the first that exists.
find_pip() {
    pip=''
    if [ -n "$virtualenv" ]; then
        for name in pip pip3 pip2; do
            [ ! -x "$virtualenv/bin/$name" ] || { pip=$virtualenv/bin/$name; return 0; }
        done
        return 1
    fi
    for name in ${executable:-pip pip2 pip3 pip-3 pip-2}; do
        ! command -v "$name" >/dev/null || { pip=$name; return 0; }
    done
    return 1
}
# installed: print lines NAME==VERSION. pip before 9 has no --format; its freeze omits pip itself.
installed() { "$pip" --disable-pip-version-check list --format=freeze || "$pip" freeze; }
fail_without_pip() {
    [ -z "$virtualenv" ] || fail "$virtualenv/bin has no pip: remove $virtualenv first"
    fail "${executable:-pip} is not installed: install python2-pip or python3-pip first"
}

export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
[ -z "$virtualenv" ] || expand virtualenv
[ -z "$chdir" ] || expand chdir
"""

LOOK = (
    FIND
    + r"""
if find_pip; then
    report pip "$pip"
    report installed "$(installed)"
elif [ "$look" = no ] && { [ -z "$virtualenv" ] || [ -d "$virtualenv/bin" ]; }; then
    fail_without_pip
else
    report pip ''
fi
"""
)

APPLY = (
    FIND
    + r"""
make_virtualenv() {
    eval "set -- $virtualenv_command"
    "$@" "$virtualenv"
}
run_pip() {
    [ -z "$chdir" ] || cd "$chdir" || return
    eval "set -- $words"
    "$pip" "$@"
}
# is_right: the packages with a plain name are installed, or for state: absent are not.
is_right() {
    list=$(installed | tr 'A-Z_.' 'a-z--')
    eval "set -- $names"
    for name; do
        case $nl$list in
            *"$nl$name=="*) [ "$state" != absent ] || return ;;
            *) [ "$state" = absent ] || return ;;
        esac
    done
}

nl='
'
if [ "$look" = yes ]; then
    changed "$what"
    return
fi
[ -z "$umask" ] || umask "$umask"
if [ -n "$virtualenv" ] && [ ! -d "$virtualenv/bin" ]; then
    run make_virtualenv || broken "create $virtualenv" "exit $status"
    changed "create $virtualenv"
fi
find_pip || fail_without_pip
before=$(installed)
run run_pip || broken "$what" "exit $status"
output
is_right || fail "$what: pip reported success, but its list of packages is not as the task asks"
if [ "$state" = forcereinstall ] || [ "$before" != "$(installed)" ]; then changed "$what"; fi
"""
)


def _names(value: Any) -> Any:
    """Split a text at commas, but not within a requirement such as `flask[a,b]>=1,<2`."""
    if not isinstance(value, str):
        return value if isinstance(value, list | tuple) else (value,)
    names: list[str] = []
    for part in value.split(","):
        inside = bool(names) and names[-1].count("[") > names[-1].count("]")
        if names and (inside or part.strip().startswith(("<", ">", "=", "!", "~"))):
            names[-1] += "," + part
        elif part.strip():
            names.append(part.strip())
    return tuple(names)


class Pip(Module):
    """Install or remove Python packages with the host's pip."""

    body: ClassVar[str] = LOOK

    name: Annotated[tuple[str, ...], Before(_names)] = ()
    """The packages: `flask`, `flask>=1,<2`, or URLs."""
    version: str | None = None
    """The version, if `name` is a single package."""
    requirements: str | None = None
    """A requirements file of the host."""
    state: Literal["present", "absent", "latest", "forcereinstall"] = "present"
    """`present` installs, `latest` upgrades, `forcereinstall` installs again in every run, `absent`
    removes the packages."""
    virtualenv: str | None = None
    """The virtualenv to install in. It is created if it is missing."""
    virtualenv_command: str = "virtualenv"
    """The command that creates it, such as `python3 -m venv`."""
    virtualenv_python: str | None = None
    """The Python of the virtualenv, if `virtualenv_command` has the option -p."""
    virtualenv_site_packages: bool = False
    """Let the virtualenv use the packages of the system."""
    executable: str | None = None
    """The pip command. The default is the first of pip, pip2 and pip3."""
    extra_args: str | None = None
    """Further options for pip."""
    editable: bool = False
    """Install URLs and directories in place (pip's option -e)."""
    chdir: str | None = None
    """The directory to run pip in."""
    umask: str | None = None
    """The umask for the installed files, octal and in quotes."""
    break_system_packages: bool = False
    """Install even if the distribution manages the Python packages. The pip of CentOS 7 does not
    have this option."""

    @classmethod
    def validate_umask(cls, umask: str | None) -> str | None:
        if umask is not None and not re.fullmatch(r"[0-7]{1,4}", umask):
            raise ValueError("must be one to four octal digits")
        return umask

    def validate(self) -> None:
        if not (self.name or self.requirements or self.virtualenv):
            raise ValueError("set name, requirements or virtualenv")
        if self.name and self.requirements:
            raise ValueError("name and requirements can't both be set")
        if self.executable is not None and self.virtualenv is not None:
            raise ValueError("executable and virtualenv can't both be set")
        if self.version is not None and len(self.name) != 1:
            raise ValueError("version can only be used with a single package in name")
        if self.version is not None and self.state == "latest":
            raise ValueError("version can't be used with state: latest")
        if any(name.startswith("-") for name in self.name):
            raise ValueError("name: options for pip must be in extra_args")

    def program(self, context: TaskContext) -> Program:
        return Program("pip", self.body, self._common())

    def _common(self) -> dict[str, Value]:
        names = ("virtualenv", "executable", "chdir")
        return {name: getattr(self, name) or "" for name in names}

    def edit(self, report: Report) -> Program | None:
        if "pip" not in report.records:
            return None
        if report.get("pip") and self._is_right(report.get("installed")):
            return None
        if not report.get("pip") and self.state == "absent":
            return None
        names = [item.name for item in self._requirements() if item]
        variables: dict[str, Value] = {
            **self._common(),
            "state": self.state,
            "umask": self.umask or "",
            "virtualenv_command": self._virtualenv_command(),
            "words": self._words(),
            "names": names,
            "what": self._what(),
        }
        return Program("pip_apply", APPLY, variables)

    def _requirements(self) -> list[Requirement | None]:
        """Return the requirement of each package; None for a URL or a path."""
        if self.version is not None:
            mark = "" if re.match(r"[<>=!~]", self.version) else "=="
            return [requirement(f"{self.name[0]}{mark}{self.version}")]
        return [requirement(name) for name in self.name]

    def _is_right(self, listing: str) -> bool:
        """Return whether `listing`, the installed packages, shows that nothing is to be done."""
        pairs = (line.strip().partition("==") for line in listing.splitlines())
        versions = {normal(name): version for name, _, version in pairs if version}
        requirements = self._requirements()
        if self.state == "absent":
            absent = all(item is not None and item.name not in versions for item in requirements)
            return absent and self.requirements is None
        if self.state != "present" or self.requirements is not None or self.editable:
            return not (self.name or self.requirements)
        return all(
            item is not None and item.is_met_by(versions.get(item.name)) for item in requirements
        )

    def _virtualenv_command(self) -> list[str]:
        words = shlex.split(self.virtualenv_command)
        if self.virtualenv_site_packages:
            words.append("--system-site-packages")
        if self.virtualenv_python is not None:
            words += ["-p", self.virtualenv_python]
        return words

    def _words(self) -> str:
        words = {
            "present": ["install"],
            "latest": ["install", "-U"],
            "forcereinstall": ["install", "-U", "--force-reinstall"],
            "absent": ["uninstall", "-y"],
        }[self.state]
        if self.break_system_packages:
            words.append("--break-system-packages")
        words += shlex.split(self.extra_args or "")
        if self.requirements is not None:
            words += ["-r", self.requirements]
        if not (self.name or self.requirements):
            words = ["--version"]
        for name, item in zip(self.name, self._requirements(), strict=True):
            if item is None:
                words += ["-e", name] if self.editable else [name]
            else:
                words.append(item.name if self.state == "absent" else item.text)
        return " ".join(map(quote, words))

    def _what(self) -> str:
        packages = ", ".join(self.name) or self.requirements or str(self.virtualenv)
        verb = {"absent": "remove", "latest": "upgrade"}.get(self.state, "install")
        version = f" {self.version}" if self.version else ""
        place = f" in {self.virtualenv}" if self.virtualenv and packages != self.virtualenv else ""
        return f"{verb} {packages}{version}{place} (pip)"

    def returns(self, report: Report) -> dict[str, Any]:
        return {
            "name": list(self.name) or None,
            "version": self.version,
            "requirements": self.requirements,
            "virtualenv": self.virtualenv,
        }
