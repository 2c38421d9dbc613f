"""Rewrite a template's syntax tree so that it keeps the value of its one expression.

Jinja renders to text. To get a list or a dict as it is, the expression is assigned to a variable
that is read afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2

VALUE = "value__of__it"
"""The variable that receives the value. No playbook has a variable of this name."""


def assigned(node: jinja2.nodes.Expr) -> jinja2.nodes.Node:
    """Return a statement that assigns an expression's value to `VALUE`."""
    from jinja2 import nodes

    return nodes.Assign(nodes.Name(VALUE, "store"), node, lineno=node.lineno)


def statements_with_value(tree: jinja2.nodes.Template) -> list[jinja2.nodes.Node]:
    """Return the statements of a template, with its final expression assigned to `VALUE`.

    An example is `{% set … %}{{ x }}`. Return [] if the template has other text or expressions.
    """
    from jinja2 import nodes

    body: list[jinja2.nodes.Node] = []
    expressions = 0
    for statement in tree.body:
        parts = statement.nodes if isinstance(statement, nodes.Output) else [statement]
        for part in parts:
            if isinstance(part, nodes.Expr) and not isinstance(part, nodes.TemplateData):
                expressions += 1
                body.append(assigned(part))
            elif _gives_text(part):
                return []
            elif not isinstance(part, nodes.TemplateData):
                body.append(part)
    return body if expressions == 1 and len(body) > 1 else []


def _gives_text(node: jinja2.nodes.Node) -> bool:
    """Whether a part of a template prints an expression, or text that is not white space."""
    from jinja2 import nodes

    if isinstance(node, nodes.TemplateData):
        return bool(node.data.strip())
    parts = (part for output in node.find_all(nodes.Output) for part in output.nodes)
    return any(
        bool(part.data.strip()) if isinstance(part, nodes.TemplateData) else True for part in parts
    )
