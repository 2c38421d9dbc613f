"""Templates whose value is more than text: what an expression gives, or statements have built."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2

VALUE = "value__of__it"
"""The variable, in no playbook, that a template's value is left in."""


def assigned(node: jinja2.nodes.Expr) -> jinja2.nodes.Node:
    from jinja2 import nodes

    return nodes.Assign(nodes.Name(VALUE, "store"), node, lineno=node.lineno)


def building(tree: jinja2.nodes.Template) -> list[jinja2.nodes.Node]:
    """The statements of a template that gives one expression behind them and no other text, with
    the expression's value kept; [] for any other."""
    from jinja2 import nodes

    body: list[jinja2.nodes.Node] = []
    found = 0
    for statement in tree.body:
        parts = statement.nodes if isinstance(statement, nodes.Output) else [statement]
        for part in parts:
            if isinstance(part, nodes.Expr) and not isinstance(part, nodes.TemplateData):
                found += 1
                body.append(assigned(part))
            elif _says(part):
                return []
            elif not isinstance(part, nodes.TemplateData):
                body.append(part)
    return body if found == 1 and len(body) > 1 else []


def _says(node: jinja2.nodes.Node) -> bool:
    """Whether a part of a template gives text: other than white space, or an expression's."""
    from jinja2 import nodes

    if isinstance(node, nodes.TemplateData):
        return bool(node.data.strip())
    inside = (part for output in node.find_all(nodes.Output) for part in output.nodes)
    return any(
        bool(part.data.strip()) if isinstance(part, nodes.TemplateData) else True for part in inside
    )
