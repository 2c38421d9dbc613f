"""The base classes of modules, and the types that their parameters share.

A module is an object of typed parameters (the desired state) and a constant sh body that compares
and changes the host: docs/writing-a-module.md explains it with an example.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Protocol

from provisioner import regex
from provisioner.language.scope import Scope
from provisioner.modules.framework.fields import After, Before, Parameters, fields, parameter
from provisioner.records import dataclass
from provisioner.remote.shell import REPORT_LIMIT, Program, Report
from provisioner.result import Diff, Result


@dataclass(frozen=True)
class HostAccess:
    """How a program that runs elsewhere connects to the task's host."""

    name: str
    variables: Mapping[str, Any]
    """The connection variables (`ansible_host`, `ansible_port`, …)."""
    same: bool = False
    """The program runs on that host itself and needs no connection."""
    delegated: bool = False
    """The program runs on the host in the task's delegate_to; else it runs on the controller."""
    become_user: str | None = None
    become_method: str = "sudo"


class TaskContext(Protocol):
    """What a task needs from the controller: local files, templates, and facts about the task."""

    def find(self, folder: str, name: str) -> Path:
        """Return the local file `name`.

        It is searched, as by Ansible, in `folder` ("files", "templates") of the role and then
        beside the playbook. ModuleError lists the places.
        """

    def content(self, path: Path) -> bytes | Path:
        """Return a local file, or the decrypted bytes of a file that is encrypted by vault."""

    def render(
        self, path: Path, options: Mapping[str, Any], more: Mapping[str, Any] | None = None
    ) -> str:
        """Render the template `path` with the task's variables and `more`.

        `options` are the template module's Jinja options (block_start_string, trim_blocks, …).
        """

    def variables(self, path: Path) -> Mapping[str, Any]:
        """Return the variables in a local YAML file. ModuleError names file and line."""

    def local(self, name: str) -> Path:
        """Return the path of a local file to write: a relative name is beside the playbook."""

    @property
    def host(self) -> str:
        """The inventory name of the task's host."""

    @property
    def host_access(self) -> HostAccess:
        """For a module that runs elsewhere and connects to the task's host by itself."""

    @property
    def registered(self) -> bool:
        """Whether the task has `register`, so that the playbook may read its return values."""


class ModuleError(Exception):
    """The task fails with this message, before anything has run on the host."""


class Module(Parameters):
    """The desired state of something on a host. Parameters have Ansible's names and defaults."""

    expressions: ClassVar[tuple[str, ...]] = ()
    """Parameters that hold bare expressions (`assert.that`): they are unrendered templates."""

    open: ClassVar[bool] = False
    """Any parameter is accepted (`set_fact`)."""

    ignores_unknown: ClassVar[bool] = False
    """Unknown parameters are accepted, as by Ansible's module, and a warning says that they have
    no effect."""

    templated_names: ClassVar[bool] = False
    """Names of parameters may be templates."""

    free_form: ClassVar[str | None] = None
    """The parameter that gets the text of the short form (`shell: echo hi`)."""

    missing_message: ClassVar[str] = ""
    """The message about a missing parameter, where Ansible's module has its own."""

    ends_lines: ClassVar[bool] = False
    """The text of the short form keeps the newlines at its end."""

    report_limit: ClassVar[int] = REPORT_LIMIT
    """Bytes that the program's report may take in memory."""

    body: ClassVar[str] = ""
    """The module's sh body, a constant. It uses the functions of remote/sh/kernel.sh."""

    from_controller: ClassVar[bool] = False
    """The program runs on the controller, or on the host in delegate_to, and connects to the task's
    host by itself (`TaskContext.host_access`)."""

    concurrent: ClassVar[bool] = False
    """Tasks of several hosts may run at the same time on one machine (delegate_to): they wait for
    something else."""

    lists_diff: ClassVar[bool] = False
    """Whether the return value `diff` is a list; else it is the only difference."""

    skips: ClassVar[bool] = False
    """Whether the task is skipped when the program reports `skip`; else it is ok, as a command."""

    @classmethod
    def accepts_any(cls) -> bool:
        return cls.open or cls.ignores_unknown

    @property
    def acts(self) -> bool:
        """Whether the task is an event, such as a restart or a plain command.

        An event has no state to look at: it ends the lookahead and is always a change.
        """
        return False

    def program(self, context: TaskContext) -> Program:
        """Return the body with the values of the parameters as its shell variables."""
        name, limit = type(self).__name__.lower(), self.report_limit
        return Program(name, self.body, self.variables(), report_limit=limit)

    def variables(self) -> dict[str, Any]:
        """Return the body's variables, by default all parameters under the fields' names.

        In the shell None is empty, booleans are yes and no, a list is quoted words.
        """
        return self.as_dict()

    def returns(self, report: Report) -> dict[str, Any]:
        """Return the return values besides changed, failed, msg, rc, stdout and stderr."""
        return {}

    def edit(self, report: Report) -> Program | None:
        """Return the program that changes the host, for a module that computes the change here.

        `program()` then only reads; `report` is its report, with the file's old content as the blob
        `before`. None means that nothing is to be changed. The returned program is run to apply or
        check, and its report is the task's; in a lookahead the task "would change". It must fail if
        the file is no longer what was read.
        """
        return None

    @property
    def edits(self) -> bool:
        """Whether the module has an `edit` of its own."""
        return type(self).edit is not Module.edit

    def finish(self, report: Report) -> dict[str, Any]:
        """Process the task's last report on the controller and return more return values.

        It is not called for a failure. ModuleError fails the task.
        """
        return {}

    def diff(self, report: Report) -> tuple[Diff, ...]:
        """Return what --diff shows besides the list of changes."""
        return ()


class Action(Module):
    """A module that runs on the controller, without a program on the host."""

    def act(self, scope: Scope, context: TaskContext) -> Result:
        """Return the result, from the parameters and the task's variables (`scope`)."""
        raise NotImplementedError


class ControlModule(Module):
    """A module that controls the host's run, such as meta; the engine executes it."""


def _words(value: Any) -> Any:
    """A list, or the words of a string with commas."""
    if isinstance(value, str):
        return tuple(item.strip() for item in value.split(",") if item.strip())
    return value if isinstance(value, list | tuple) else (value,)


_MODE = regex.compile(
    r"(0o)?[0-7]{1,5}"
    r"|[ugoa]*([-+=]([rwxXst]*|[ugo]))+(,[ugoa]*([-+=]([rwxXst]*|[ugo]))+)*"
)


def _octal(value: Any) -> Any:
    """YAML reads 0644 as the number 420."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return f"0{value:o}" if is_number else value


def _mode(mode: str) -> str:
    if mode and not _MODE.fullmatch(mode):
        raise ValueError(f'{mode!r} is neither octal ("0644") nor symbolic ("u=rw,go=r")')
    return mode


def _source_mode(mode: str) -> str:
    return mode if mode == "preserve" else _mode(mode)


Words = Annotated[tuple[str, ...], Before(_words)]
"""A list of strings; a single string is split at commas."""

FileMode = Annotated[str, Before(_octal), After(_mode)]
"""An octal ("0644", 0644) or symbolic ("u+rwX,go-w") mode."""

SourceMode = Annotated[str, Before(_octal), After(_source_mode)]
"""A mode, or `preserve` for that of the source file."""


class FileAttributes(Parameters):
    """Owner, mode and SELinux context of a file: for every module that writes one."""

    mode: FileMode | None = None
    """The mode, octal or symbolic; unset keeps the file's (new files: 0666 less the umask)."""
    owner: str | None = None
    """Name or number of the owning user."""
    group: str | None = None
    """Name or number of the owning group."""
    seuser: str | None = None
    """SELinux user; ignored where SELinux is off."""
    serole: str | None = None
    """SELinux role."""
    setype: str | None = None
    """SELinux type; unset keeps the policy's default for the path."""
    selevel: str | None = None
    """SELinux level."""
    attributes: str | None = parameter(None, aliases=("attr",))
    """chattr flags, e.g. `+i`."""
    unsafe_writes: bool = False
    """Write in place where a rename is impossible (a bind-mounted file)."""

    def attribute_variables(self) -> dict[str, Any]:
        """Return the fields above as variables, which paths.sh reads."""
        own = vars(self)
        return {name: own[name] for name in fields(FileAttributes)}
