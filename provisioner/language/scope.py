"""Variables: layers of precedence, rendered when something uses them.

A `Scope` is what one task on one host sees. A variable's templates are rendered on first use and
kept for the scope's life; cycles are reported as the chain of names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from provisioner import regex
from provisioner.language.templating.environment import is_missing, missing, reason_of
from provisioner.language.templating.render import render
from provisioner.language.templating.template import (
    OMIT,
    PLAIN,
    Template,
    TemplateError,
    UndefinedError,
    deep,
)


class NotYet(BaseException):
    """A value depends on a task whose result is still on its way: the lookahead ends here.

    Not an `Exception`, so that no filter that forgives errors can swallow it.
    """


class NeedFacts(BaseException):
    """A fact is asked for and none have been gathered."""


class NeedOthers(BaseException):
    """Another host's variables are asked for while that host may still be before this task."""


class Pending:
    """The value of a variable that a queued task will register."""


class Lazy:
    """A variable that is computed when it is used."""

    __slots__ = ("compute",)

    def __init__(self, compute: Callable[[], Any]) -> None:
        self.compute = compute

    def value(self, scope: Scope) -> Any:
        """What it is for whoever asks in `scope`."""
        return self.compute()


class Relative(Lazy):
    """One that depends on the scope in which it is used: the same object will do for all tasks."""

    __slots__ = ()

    def __init__(self, compute: Callable[[Scope], Any]) -> None:
        self.compute = compute  # type: ignore[assignment]

    def value(self, scope: Scope) -> Any:
        return self.compute(scope)  # type: ignore[call-arg]


PENDING = Pending()

_ABSENT = object()
"""Instead of a variable's value: there is no such variable."""

CONNECTION = regex.compile(
    r"ansible_(ssh_\w+|host|port|user|pass|password|private_key_file|connection|timeout|shell_\w+|"
    r"become|become_\w+|su\w*|sudo\w*|python_interpreter|\w+_interpreter|check_mode|diff_mode|"
    r"version|play_\w+|role_\w+|run_tags|skip_tags|verbosity|forks|limit|playbook_\w+|dependent_\w+|inventory_sources|"
    r"search_path|config_file|index_var|loop|loop_var|failed_task|failed_result|remote_tmp|"
    r"dependent_role_names|parent_role_\w+|collection_name|delegated_vars|async_dir|"
    r"host_key_checking|network_os|winrm_\w+|scp_\w+|sftp_\w+|pipelining|paramiko_\w+)"
)
"""Names that begin with ansible_ and are no facts."""


MAGIC = frozenset(
    {
        "inventory_hostname", "inventory_hostname_short", "inventory_dir", "inventory_file",
        "groups", "group_names", "hostvars", "playbook_dir", "play_hosts", "omit", "role_name",
        "role_path", "vars", "environment", "lookup", "query", "q", "now", "undef", "range", "dict",
        "item", "namespace", "cycler", "joiner", "lookup_context",
        "role_names", "become_option", "become_user_option",
        "become_method_option", "connection_option", "user_option",
        "ssh_words_option",
    }
)  # fmt: skip
"""Names that every task sees, whatever the playbook says (those in ansible_ left out)."""


def is_fact(name: str) -> bool:
    """Whether only gathering facts can give `name`."""
    return name.startswith("ansible_") and CONNECTION.fullmatch(name) is None


class Scope(Mapping[str, Any]):
    """Variables by name, from the layer of highest precedence (the first) that has them.

    `about` is what `Relative` ones are about; `_base` the scope that this one lies over.
    """

    __slots__ = ("_base", "_cache", "_layers", "_missing", "_open", "about")

    def __init__(
        self,
        layers: Sequence[Mapping[str, Any]],
        missing: Callable[[str], Any] | None = None,
        about: Any = None,
        base: Scope | None = None,
    ) -> None:
        self._layers = tuple(layers)
        self._missing = missing
        self.about = about
        self._base = base
        self._cache: dict[str, Any] = {}
        self._open: list[str] = []

    @property
    def base(self) -> Scope:
        """The scope itself, without what was put over it."""
        return self if self._base is None else self._base

    def ask(self, name: str) -> None:
        """Have it known that a variable is missing: that may end what is under way."""
        if self._missing is not None:
            self._missing(name)

    def __contains__(self, name: object) -> bool:
        if name in self._cache:
            return True
        for layer in self._layers:
            if name in layer:
                return True
        if self._missing is not None and isinstance(name, str):
            self._missing(name)
        return False

    def __getitem__(self, name: str) -> Any:
        value = self._found(name)
        if value is _ABSENT:
            raise KeyError(name)
        return value

    def _found(self, name: str) -> Any:
        """The variable's value, or `_ABSENT`."""
        if name in self._cache:
            return self._cache[name]
        for layer in self._layers:
            if name in layer:
                value = self._cache[name] = self._value(name, layer[name])
                return value
        if self._missing is not None:
            self._missing(name)
        return _ABSENT

    def _value(self, name: str, raw: Any) -> Any:
        if type(raw) in PLAIN:
            return raw
        if raw is PENDING:
            raise NotYet
        if name in self._open:
            chain = " → ".join((*self._open[self._open.index(name) :], name))
            raise TemplateError(f"variables refer to each other without end: {chain}")
        self._open.append(name)
        try:
            if isinstance(raw, Lazy):
                return raw.value(self)
            return deep(raw, lambda template: render(template, self))
        except UndefinedError as error:
            return missing(error.reason, error.where)
        finally:
            self._open.pop()

    def get(self, name: str, default: Any = None) -> Any:
        """The variable's value for the engine: `TemplateError` where it can't be had."""
        value = self._found(name)
        if value is _ABSENT:
            return default
        if type(value) not in PLAIN and is_missing(value):
            raise TemplateError(*reason_of(value))
        return value

    def __iter__(self) -> Iterator[str]:
        """The names of variables: not those that lead to all others, nor functions."""
        seen: set[str] = set(_NEVER_LISTED)
        for layer in self._layers:
            for name in tuple(layer):  # that host's own walk may add to it meanwhile
                if name not in seen:
                    seen.add(name)
                    yield name

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def written(self, name: str) -> Any:
        """What is said of the variable, unrendered; None where nothing is."""
        for layer in self._layers:
            if name in layer:
                return layer[name]
        return None

    def shown(self, name: str) -> Any:
        """The variable's value for a listing of all: as written where it can't be rendered."""
        try:
            value = self[name]
        except TemplateError:
            value = missing("", None)
        if not is_missing(value):
            return value
        return deep(self.written(name), str)

    def __repr__(self) -> str:
        return repr(plain(self))

    def under(self, *layers: Mapping[str, Any]) -> Scope:
        """A scope with `layers` over this one's (the first wins)."""
        return Scope((*layers, *self._layers), self._missing, self.about, self.base)

    def render(self, value: Any) -> Any:
        """`value` with every template in it rendered; whatever is no template stays as it is."""
        if type(value) in PLAIN:
            return value
        if type(value) is Template:
            return render(value, self)
        return deep(value, lambda template: render(template, self))

    def render_known(self, value: Any) -> Any:
        """The same, without those items of lists and dicts that need something undefined."""

        def known(template: Template) -> Any:
            try:
                return render(template, self)
            except UndefinedError:
                return OMIT

        found = deep(value, known)
        return [] if found is OMIT else found

    def holds(self, conditions: Sequence[Template | bool]) -> Template | bool:
        """True, or the first condition that is not true."""
        for condition in conditions:
            value = render(condition, self) if isinstance(condition, Template) else condition
            bare = isinstance(condition, Template) and condition.expression
            if not (value if bare else _truth(value)):
                return condition
        return True


_NEVER_LISTED = frozenset(
    {
        "vars", "hostvars", "omit", "lookup", "query", "q", "now", "undef", "range", "dict",
        "namespace", "cycler", "joiner", "lookup_context",
        "environment", "become_option", "become_user_option",
        "become_method_option", "connection_option", "user_option",
    }
)  # fmt: skip


def plain(value: Any) -> Any:
    """`value` of plain dicts and lists, for what leaves the language: variables of hosts in it are
    listed. `TemplateError` where it has something undefined in it, or refers to itself."""
    if type(value) in PLAIN:
        return value
    try:
        return _plain(value)
    except RecursionError:
        raise TemplateError("variables refer to each other without end", None) from None


def _plain(value: Any) -> Any:
    if isinstance(value, str | int | float | None):
        return value
    if isinstance(value, Scope):
        return {name: _plain(value.shown(name)) for name in value}
    if isinstance(value, dict | HostMap):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if is_missing(value):
        raise UndefinedError(*reason_of(value))
    return value


class HostMap(Mapping[str, Scope]):
    """The variables of hosts, by host."""

    def __repr__(self) -> str:
        return repr(plain(self))


def _truth(value: Any) -> bool:
    """The truth of a condition in braces: that may give "True" or "no" as text."""
    if isinstance(value, str):
        return value.strip().lower() not in ("", "false", "no", "off", "0", "none")
    return bool(value)
