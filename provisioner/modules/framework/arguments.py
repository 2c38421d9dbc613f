"""Check and convert a task's arguments.

When a playbook is loaded, only what is certain is checked; when the task is run and its templates
are rendered, everything is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from provisioner.errors import Problem
from provisioner.language.argument_specs import Findings
from provisioner.language.play import ALL_ARGUMENTS
from provisioner.language.special_values import OMIT
from provisioner.language.templating.template import templates_in
from provisioner.modules.framework.base import Module, ModuleError
from provisioner.modules.framework.fields import ClassSpec, InvalidArguments
from provisioner.where import Where, nearest, with_hint


def check(
    module: type[Module], name: str, arguments: Mapping[str, Any], at: Where
) -> list[Problem]:
    """What is wrong with `arguments`, as far as it is certain before templates are rendered."""
    unsupported = [*_unsupported(module, name, arguments, at)]
    if unsupported:
        return unsupported
    unknown = {key for key, value in arguments.items() if _has_template([key, value])}
    known = {key: value for key, value in arguments.items() if key not in unknown}
    findings = Findings()
    values = module.check(known, findings, names(module) if ALL_ARGUMENTS in unknown else unknown)
    if not (unknown or findings.count):
        try:
            module.from_values(values)
        except ValueError as error:
            findings.add(str(error))
    places: Mapping[str, Where] = getattr(arguments, "values_at", {})
    return [
        Problem(f"{name}: {message}", places.get(argument or "", at))
        for message, argument in _messages(findings, module)
    ]


def _has_template(value: object) -> bool:
    return any(True for _ in templates_in(value))


def _unsupported(
    module: type[Module], name: str, arguments: Mapping[str, Any], at: Where
) -> Iterator[Problem]:
    if module.accepts_any():
        return
    known = names(module)
    places: Mapping[str, Where] = getattr(arguments, "keys_at", {})
    for key in arguments:
        if key not in known and key != ALL_ARGUMENTS:
            hint = nearest(str(key), known) or f"it has: {', '.join(sorted(known))}"
            reason = f'the module {name} has no parameter "{key}"'
            yield Problem(reason, places.get(key, at), hint)


def _messages(findings: Findings, module: type[Module]) -> Iterator[tuple[str, str | None]]:
    """The messages, with the argument that each is about."""
    for fault in findings.faults:
        missing = module.missing_message and fault.message.startswith("missing required arguments")
        yield module.missing_message if missing else fault.message, fault.argument
    for path in findings.unsupported:
        message = f"Unsupported parameters: {path}. Supported parameters include: "
        yield f"{message}{findings.supported}", path.partition(".")[0]


@cache
def names(module: type[Module]) -> Mapping[str, str]:
    """Every name of every parameter, aliases included, and the parameter's own name."""
    return ClassSpec.of(module).names


def build(module: type[Module], name: str, arguments: Mapping[str, Any]) -> Module:
    """Return the module for rendered `arguments`.

    Raises ModuleError with all errors, in Ansible's words, as playbooks may look into `msg`.
    """
    given = {key: value for key, value in arguments.items() if value is not OMIT}
    try:
        return module.from_arguments(given)
    except InvalidArguments as error:
        findings = error.findings
    if not findings.unsupported:
        messages = [message for message, _ in _messages(findings, module)]
        raise ModuleError("; ".join(messages))
    unsupported = ", ".join(sorted(findings.unsupported))
    reason = f"Unsupported parameters for ({name}) module: {unsupported}"
    first = findings.unsupported[0]
    hint = "" if "." in first else nearest(first, names(module))
    supported = "" if hint else f". Supported parameters include: {findings.supported}"
    raise ModuleError(with_hint(reason + supported, hint))


_BASED_ON = {"package": "yum", "service": "systemd"}
"""Modules for all systems, and the module of CentOS 7 whose defaults they have too."""


def defaults(module: str, layers: Iterable[Mapping[str, Any]]) -> Iterator[Any]:
    """Yield the values of `module_defaults` for a module, unrendered; later ones override.

    Order: those of its group, of the module it is based on, its own; inner layers last.
    """
    group = "group/docker" if module.startswith("docker_") else None
    for name in (group, _BASED_ON.get(module), module):
        for layer in layers:
            yield from (values for key, values in layer.items() if _short(key) == name)


def _short(name: str) -> str:
    """`ansible.builtin.yum` → `yum`, `group/community.docker.docker` → `group/docker`."""
    kind, slash, rest = name.rpartition("/")
    return kind + slash + rest.rpartition(".")[2]


@cache
def expressions(module: type[Module]) -> frozenset[str]:
    """The names of parameters that hold bare expressions (`assert.that`, `debug.var`)."""
    return frozenset(alias for alias, name in names(module).items() if name in module.expressions)
