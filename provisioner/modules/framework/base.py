"""What a module is: a frozen model of the desired state and one constant sh body.

docs/writing-a-module.md explains it by example.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Protocol

from provisioner import regex
from provisioner.language.scope import Scope
from provisioner.modules.framework.fields import After, Before, Parameters, fields, parameter
from provisioner.records import dataclass
from provisioner.remote.shell import Program, Report
from provisioner.result import Diff, Result


@dataclass(frozen=True)
class Reached:
    """How a program that runs elsewhere gets to the task's host.

    `same`: it needs no connection, for it runs there. `delegated`: it runs on the host of the
    task's delegate_to, else on the controller.
    """

    name: str
    variables: Mapping[str, Any]
    same: bool = False
    delegated: bool = False
    become_user: str | None = None
    become_method: str = "sudo"


class TaskContext(Protocol):
    """The controller's side of a task: files beside the playbook or role, and rendering them."""

    def find(self, folder: str, name: str) -> Path:
        """The local file `name`, searched as Ansible does in `folder` ("files", "templates")
        of the role, then beside the playbook; `ModuleError` names all places tried."""

    def content(self, path: Path) -> bytes | Path:
        """What is in a local file: the file itself, or its plaintext where it is encrypted."""

    def render(
        self, path: Path, options: Mapping[str, Any], more: Mapping[str, Any] | None = None
    ) -> str:
        """`path` rendered with the task's variables and `more`; `options` are template's jinja2
        ones (block_start_string, trim_blocks, …)."""

    def variables(self, path: Path) -> Mapping[str, Any]:
        """The variables of a local YAML file; `ModuleError` with file:line."""

    def local(self, name: str) -> Path:
        """Where a local file is written: a relative name is beside the playbook."""

    @property
    def host(self) -> str:
        """The name in the inventory of the host that the task is for."""

    @property
    def reached(self) -> Reached:
        """How that host is reached, for a program that connects to it by itself."""

    @property
    def asked(self) -> bool:
        """Whether the playbook may ask for the task's return values: it registers them."""


class ModuleError(Exception):
    """The arguments can't be carried out; the task fails with this reason before anything ran."""


class Module(Parameters):
    """The desired state of something on a host. Parameters have Ansible's names and defaults."""

    expressions: ClassVar[tuple[str, ...]] = ()
    """Parameters that hold bare expressions (`assert.that`): they are unrendered templates."""

    open: ClassVar[bool] = False
    """Any parameter is accepted (`set_fact`)."""

    ignores: ClassVar[bool] = False
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

    body: ClassVar[str] = ""
    """The module's sh body, a constant. It uses the functions of remote/sh/kernel.sh."""

    from_controller: ClassVar[bool] = False
    """The program runs on the controller, or where the task is delegated to, and connects to the
    task's host by itself (`TaskContext.reached`)."""

    alongside: ClassVar[bool] = False
    """Several hosts' tasks may do it on one machine at once: it takes as long as others let it."""

    lists_diff: ClassVar[bool] = False
    """Whether the return value `diff` is a list, or the one difference itself."""

    skips: ClassVar[bool] = False
    """Whether a program that reports `skip` is skipped for Ansible; a command is ok."""

    @classmethod
    def accepts_any(cls) -> bool:
        return cls.open or cls.ignores

    @property
    def acts(self) -> bool:
        """True for an event (restart, a plain command): it can't be looked at, only done, so it
        ends the lookahead and is always a change."""
        return False

    def program(self, context: TaskContext) -> Program:
        """The body with this state's values; `content` is what the body's `receive` gets."""
        return Program(type(self).__name__.lower(), self.body, self.variables())

    def variables(self) -> dict[str, Any]:
        """Every field as a shell variable of its name: None is empty, booleans are yes/no."""
        return self.as_dict()

    def returns(self, report: Report) -> dict[str, Any]:
        """Return values beyond changed, failed, msg, rc, stdout and stderr, in Ansible's names."""
        return {}

    def edit(self, report: Report) -> Program | None:
        """For a module that computes a file's new content from the old: what is to be done.

        `report` is that of a look, check or apply of `program()`, which then only reads: it has the
        blob `before`. None means that all is as it should be. A Program is run in the task's mode
        (apply, or check) and its report is the task's; a task of a lookahead "would change". The
        program makes sure that the file is still what was read, and fails where it is not.
        """
        return None

    @property
    def edits(self) -> bool:
        """Whether `edit` decides what is to be done."""
        return type(self).edit is not Module.edit

    def settle(self, report: Report) -> dict[str, Any]:
        """Keep on the controller what a good report brought; more return values. It is called once
        for a task's last report. `ModuleError` fails the task."""
        return {}

    def diff(self, report: Report) -> tuple[Diff, ...]:
        """What --diff shows: by default nothing beyond the list of changes."""
        return ()


class Action(Module):
    """A module whose work is done on the controller: it says what came of it at once."""

    def act(self, scope: Scope, context: TaskContext) -> Result:
        """The outcome, from the arguments and the task's variables."""
        raise NotImplementedError


class ControlModule(Module):
    """A module that steers the walk itself; the engine carries it out."""


def _words(value: Any) -> Any:
    """Ansible's list: a list, or one string with commas between its items."""
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
    """Who may do what with a file: mixed into every module that writes one."""

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
        """The fields above as the variables of their names that paths.sh reads."""
        own = vars(self)
        return {name: own[name] for name in fields(FileAttributes)}
