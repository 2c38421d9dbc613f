"""Templates ▶ values: native, compiled once, with the place of whatever is wrong.

A template that is one `{{ expression }}` gives the expression's own value; one that builds a list
or a mapping by statements and then gives nothing but that gives it, too; any other gives text.
There is no guessing afterwards: "1.10" stays a string.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from provisioner import regex
from provisioner.language.plugins import known_plugins
from provisioner.language.plugins.local_plugins import Brings, nothing
from provisioner.language.templating import text_templates
from provisioner.language.templating.environment import environment
from provisioner.language.templating.header import HEADER
from provisioner.language.templating.template import Template, TemplateError, UndefinedError
from provisioner.where import nearest, with_hint

if TYPE_CHECKING:
    import jinja2
from provisioner.language.templating.compiled import compiled, parsed
from provisioner.language.templating.error_messages import (
    ERRORS,
    error_reason,
    lacking,
    syntax_reason,
    undefined_reason,
)


@cache
def needs(template_source: str, expression: bool) -> frozenset[str]:
    """The variables without which a template can't be rendered: those that it names, but for what
    it sets itself, and for what it guards with `default` or a test for being defined."""
    if not expression and (found := text_templates.names(template_source)):
        return found
    from jinja2 import nodes

    tree = parsed(template_source, expression)
    names = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "load"}
    own = {node.name for node in tree.find_all(nodes.Name) if node.ctx != "load"}
    guarded = {
        name.name
        for guard in tree.find_all((nodes.Filter, nodes.Test))
        if guard.name in _GUARDS and guard.node is not None
        for name in (guard.node, *guard.node.find_all(nodes.Name))
        if isinstance(name, nodes.Name)
    }
    # What stands in a branch may never be asked for.
    branches = {
        name.name
        for branch in tree.find_all((nodes.CondExpr, nodes.And, nodes.Or, nodes.If, nodes.For))
        for name in branch.find_all(nodes.Name)
    }
    return frozenset(names - own - guarded - branches)


_GUARDS = frozenset({"default", "d", "defined", "undefined", "mandatory"})


def check(template: Template, brings: Brings = nothing) -> TemplateError | None:
    """What is wrong with a template, before anything is rendered: its syntax, or a name that
    neither Ansible has nor, as `brings` says, the playbook."""
    if not template.expression and text_templates.split(template.source):
        return None
    from jinja2 import TemplateSyntaxError

    try:
        tree = parsed(template.source, template.expression)
    except TemplateSyntaxError as error:
        return TemplateError(syntax_reason(error), template.where)
    for kind, name, known in _names(tree):
        if name not in known and not known_plugins.known(kind, name) and not brings(kind, name):
            reason = with_hint(f'there is no {kind} "{name}"', nearest(name, known))
            return TemplateError(reason, template.where)
    return None


def _names(
    tree: jinja2.nodes.Template,
) -> Iterator[tuple[known_plugins.Kind, str, Mapping[str, Any]]]:
    """The filters, tests and lookups of a template, with those that there are."""
    from jinja2 import nodes

    from provisioner.language.lookups.registry import LOOKUPS

    for node in tree.find_all((nodes.Filter, nodes.Test, nodes.Call)):
        if isinstance(node, nodes.Filter):
            yield "filter", node.name, environment().filters
        elif isinstance(node, nodes.Test):
            yield "test", node.name, environment().tests
        elif isinstance(node, nodes.Call) and (name := _lookup_name(node)):
            yield "lookup", name, LOOKUPS


def _lookup_name(call: jinja2.nodes.Call) -> str:
    """The name that `lookup('name', …)` or `query('name', …)` says; "" for other calls."""
    from jinja2 import nodes

    from provisioner.language.lookups.registry import short_name

    match call.node, call.args:
        case nodes.Name(name="lookup" | "query" | "q"), [nodes.Const(value=str(name)), *_]:
            return short_name(name)
    return ""


def render(template: Template, scope: Mapping[str, Any]) -> Any:
    """The template's value with the variables of `scope`; `TemplateError` with its place."""
    try:
        value = compiled(template.source, template.expression).render(scope)
        if value is None:
            return _nothing(template, scope)
        ends = template.source.endswith("\n") and type(value) is str
        return _with_its_end(template.source, value) if ends else value
    except TemplateError as error:
        raise type(error)(error.reason, error.where or template.where) from None
    except Exception as error:
        told = _told(error, template, scope)
        if told is None:
            raise
        raise told from None


def _told(error: Exception, template: Template, scope: Mapping[str, Any]) -> TemplateError | None:
    """What went wrong in rendering, with its place; None for what is a bug of ours."""
    from jinja2 import TemplateError as JinjaError
    from jinja2 import TemplateSyntaxError
    from jinja2 import UndefinedError as JinjaUndefined

    match error:
        case TemplateSyntaxError():
            return TemplateError(syntax_reason(error, scope), template.where)
        case JinjaUndefined():
            where = error.__dict__.get("where") or template.where
            return UndefinedError(undefined_reason(str(error), scope), where)
        case JinjaError():
            return TemplateError(lacking(str(error), scope) or str(error), template.where)
    return TemplateError(error_reason(error), template.where) if isinstance(error, ERRORS) else None


def _nothing(template: Template, scope: Mapping[str, Any]) -> str | None:
    """As in Ansible: an expression's None is no text, but for a variable of which just that is said
    (`x: null` in `{{ x }}`)."""
    if template.expression:
        return None
    name = _ONLY_NAME.fullmatch(template.source)
    written = getattr(scope, "raw", scope.get)  # a `Scope`, or a dict
    return None if name and name[1] in scope and written(name[1]) is None else ""


_ONLY_NAME = regex.compile(r"\{\{\s*(\w+)\s*\}\}")


def _with_its_end(source: str, text: str) -> str:
    """As Ansible: the newline at a template's end is Jinja's to take, and comes back only where the
    text has none of its own, as what `to_nice_yaml` makes has."""
    taken = source.startswith(HEADER) or source.endswith(("%}\n", "#}\n"))  # by trim_blocks
    text = text if taken else text.removesuffix("\n")
    return text + newlines_lost(source, text)


def newlines_lost(source: str, text: str) -> str:
    """As Ansible: newlines at a template's end that Jinja and trim_blocks take come back."""
    missing = len(source) - len(source.rstrip("\n")) - (len(text) - len(text.rstrip("\n")))
    return "\n" * max(0, missing)
