"""Templates of text, names and plain filters, such as `{{ base }}/etc` or `{{ user | upper }}`:
most of what variables hold. They are evaluated as they are read, for making Jinja's code for one
takes five times as long, and pays only where there is more to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from provisioner.language.templating import text_templates
from provisioner.language.templating.environment import environment

if TYPE_CHECKING:
    import jinja2


def expressions(tree: jinja2.nodes.Template) -> list[jinja2.nodes.Expr] | None:
    """The template's texts and expressions in their order; None where there is anything else in
    it, or anything that is not simple."""
    from jinja2 import nodes

    match tree.body:
        case [nodes.Output(nodes=found)] if all(map(_is_simple, found)):
            return list(found)
    return None


def _is_simple(node: jinja2.nodes.Node | None) -> bool:
    from jinja2 import nodes

    match node:
        case nodes.Const() | nodes.TemplateData():
            return True
        case nodes.Name():
            return node.ctx == "load" and node.name not in text_templates.RESERVED
        case nodes.Getattr():
            return _is_simple(node.node)
        case nodes.Getitem():
            return isinstance(node.arg, nodes.Const) and _is_simple(node.node)
        case nodes.Filter():
            constant = all(isinstance(value, nodes.Const) for value in _arguments(node))
            return constant and _is_plain(node.name) and _is_simple(node.node)
    return False


def _arguments(node: jinja2.nodes.Filter) -> list[jinja2.nodes.Expr | None]:
    named = [pair.value for pair in node.kwargs]
    return [*node.args, *named, *filter(None, (node.dyn_args, node.dyn_kwargs))]


def _is_plain(name: str) -> bool:
    """Whether there is such a filter, and it asks for nothing beside its arguments."""
    function = environment().filters.get(name)
    return function is not None and not hasattr(function, "jinja_pass_arg")


def value(node: jinja2.nodes.Node | None, scope: Mapping[str, Any]) -> Any:
    """What Jinja gives for a simple expression: something undefined where there is no such name."""
    from jinja2 import nodes

    env = environment()
    match node:
        case nodes.Const():
            return node.value
        case nodes.TemplateData():
            return node.data
        case nodes.Name():
            return text_templates.value(node.name, scope)
        case nodes.Getattr():
            return env.getattr(value(node.node, scope), node.attr)
        case nodes.Getitem():
            return env.getitem(value(node.node, scope), value(node.arg, scope))
        case nodes.Filter():
            given = [value(argument, scope) for argument in node.args]
            named = {str(pair.key): value(pair.value, scope) for pair in node.kwargs}
            return env.filters[node.name](value(node.node, scope), *given, **named)
    raise AssertionError(node)
