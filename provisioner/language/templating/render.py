"""Check and render templates.

The value of a template that is one `{{ expression }}` is the expression's own: a list, a number, a
string. So is that of one that ends in a single expression after statements. Others give text,
which is not converted: "1.10" stays a string. Errors have the template's place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from provisioner import regex
from provisioner.language.plugins import known_plugins
from provisioner.language.plugins.local_plugins import HasPlugin, no_plugins
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
    syntax_reason,
    undefined_reason,
    unknown_plugin_reason,
)


@cache
def required_variables(template_source: str, expression: bool) -> frozenset[str]:
    """The variables that a template uses whenever it is rendered. Left out are variables that it
    sets itself, that `default` or a test such as `defined` handles, or that a branch uses."""
    if not expression and (names_in_text := text_templates.names(template_source)):
        return names_in_text
    from jinja2 import nodes

    tree = parsed(template_source, expression)
    names = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "load"}
    set_here = {node.name for node in tree.find_all(nodes.Name) if node.ctx != "load"}
    guarded = {
        name.name
        for guard in tree.find_all((nodes.Filter, nodes.Test))
        if guard.name in _GUARDS and guard.node is not None
        for name in (guard.node, *guard.node.find_all(nodes.Name))
        if isinstance(name, nodes.Name)
    }
    # A branch may not be taken.
    branches = {
        name.name
        for branch in tree.find_all((nodes.CondExpr, nodes.And, nodes.Or, nodes.If, nodes.For))
        for name in branch.find_all(nodes.Name)
    }
    return frozenset(names - set_here - guarded - branches)


_GUARDS = frozenset({"default", "d", "defined", "undefined", "mandatory"})


def check(template: Template, has_plugin: HasPlugin = no_plugins) -> TemplateError | None:
    """An error of a template that shows without rendering it; None if there is none.

    That is a syntax error, or a filter, test or lookup that neither provision nor Ansible has.
    `has_plugin` says which plugins the playbook's folders contain.
    """
    if not template.expression and text_templates.split(template.source):
        return None
    from jinja2 import TemplateSyntaxError

    try:
        tree = parsed(template.source, template.expression)
    except TemplateSyntaxError as error:
        return TemplateError(syntax_reason(error), template.where)
    for kind, name, available in _plugins_used(tree):
        if name in available or known_plugins.is_known(kind, name) or has_plugin(kind, name):
            continue
        reason = with_hint(f'there is no {kind} "{name}"', nearest(name, available))
        return TemplateError(reason, template.where)
    return None


def _plugins_used(
    tree: jinja2.nodes.Template,
) -> Iterator[tuple[known_plugins.Kind, str, Mapping[str, Any]]]:
    """The filters, tests and lookups that a template uses: kind, name, all available ones."""
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
    """The lookup's name in a call `lookup('name', …)` or `query('name', …)`; "" for other calls."""
    from jinja2 import nodes

    from provisioner.language.lookups.registry import short_name

    match call.node, call.args:
        case nodes.Name(name="lookup" | "query" | "q"), [nodes.Const(value=str(name)), *_]:
            return short_name(name)
    return ""


def render(template: Template, scope: Mapping[str, Any]) -> Any:
    """The template's value with the variables of `scope`; `TemplateError` with the place."""
    try:
        value = compiled(template.source, template.expression).render(scope)
        if value is None:
            return _value_of_none(template, scope)
        ends_in_newline = template.source.endswith("\n") and type(value) is str
        return _with_final_newlines(template.source, value) if ends_in_newline else value
    except TemplateError as error:
        raise type(error)(error.reason, error.where or template.where) from None
    except Exception as error:
        converted = _template_error(error, template, scope)
        if converted is None:
            raise
        raise converted from None


def _template_error(
    error: Exception, template: Template, scope: Mapping[str, Any]
) -> TemplateError | None:
    """The error for the user, with its place; None for an exception that is a bug of provision."""
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
            return TemplateError(
                unknown_plugin_reason(str(error), scope) or str(error), template.where
            )
    return TemplateError(error_reason(error), template.where) if isinstance(error, ERRORS) else None


def _value_of_none(template: Template, scope: Mapping[str, Any]) -> str | None:
    """The value of a template whose expression gave None: "", as in Ansible.

    It is None for a bare expression, and for `{{ x }}` if the variable is defined as `x: null`.
    """
    if template.expression:
        return None
    name = _ONLY_NAME.fullmatch(template.source)
    raw = getattr(scope, "raw", scope.get)  # of a `Scope`, or of a dict
    return None if name and name[1] in scope and raw(name[1]) is None else ""


_ONLY_NAME = regex.compile(r"\{\{\s*(\w+)\s*\}\}")


def _with_final_newlines(source: str, text: str) -> str:
    """The text with as many newlines at the end as the source has, as in Ansible.

    Jinja removes one from the source. If the value ends in newlines itself, as that of
    `to_nice_yaml` does, none are added to those.
    """
    removed_by_jinja = source.startswith(HEADER) or source.endswith(("%}\n", "#}\n"))
    text = text if removed_by_jinja else text.removesuffix("\n")
    return text + missing_newlines(source, text)


def missing_newlines(source: str, text: str) -> str:
    """The newlines that a text needs to end in as many as the template's source."""
    count = _final_newlines(source) - _final_newlines(text)
    return "\n" * max(0, count)


def _final_newlines(text: str) -> int:
    return len(text) - len(text.rstrip("\n"))
