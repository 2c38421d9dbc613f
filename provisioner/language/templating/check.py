"""Check templates without rendering them: their syntax, plugins and variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from provisioner.language.plugins import known_plugins
from provisioner.language.plugins.local_plugins import HasPlugin, no_plugins
from provisioner.language.templating import text_templates
from provisioner.language.templating.compiled import parsed
from provisioner.language.templating.environment import environment
from provisioner.language.templating.error_messages import syntax_reason
from provisioner.language.templating.template import Template, TemplateError
from provisioner.where import nearest, with_hint

if TYPE_CHECKING:
    import jinja2


@cache
def required_variables(template_source: str, expression: bool) -> frozenset[str]:
    """Return the variables that a template uses whenever it is rendered.

    Not included are variables that the template sets, variables in a branch, and variables that
    `default` or a test such as `defined` handles.
    """
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
    """Return an error that is found without rendering the template; None if there is none.

    This is a syntax error, or a filter, test or lookup that neither provision nor Ansible has.
    `has_plugin` returns whether the playbook's folders contain a plugin.
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
    """Yield the filters, tests and lookups that a template uses: kind, name, all available ones."""
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
    """Return the lookup's name in a call `lookup('name', …)` or `query('name', …)`.

    Return "" for other calls.
    """
    from jinja2 import nodes

    from provisioner.language.lookups.registry import short_name

    match call.node, call.args:
        case nodes.Name(name="lookup" | "query" | "q"), [nodes.Const(value=str(name)), *_]:
            return short_name(name)
    return ""
