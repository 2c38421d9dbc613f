"""Compile templates, once for each source text.

`compiled(source, expression)` returns an object whose `render(scope)` returns the template's value.
Its class depends on the content of the template: see `compiled`.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING, Any

from provisioner.language.templating import header, text_templates
from provisioner.language.templating.environment import environment, make_environment
from provisioner.language.templating.expression_value import VALUE, assigned, statements_with_value
from provisioner.language.templating.literals import (
    LiteralTemplate,
    is_candidate,
    literals_in,
    may_have_literal,
)
from provisioner.language.templating.rendered_values import checked_value, join_text

if TYPE_CHECKING:
    import jinja2


class _JinjaTemplate:
    """A template that Jinja renders.

    If it is a single `{{ expression }}`, or statements and then one expression, its value is the
    expression's value. Otherwise it is text.
    """

    def __init__(self, source: str, expression: bool) -> None:
        from jinja2 import nodes

        env = environment()
        tree = parsed(source, expression)
        node = _only_expression(tree)
        body = [assigned(node)] if node is not None else statements_with_value(tree)
        self._value_code = self._text_code = None
        if body:
            assigning = nodes.Template(body, lineno=1)
            assigning.set_environment(env)
            self._value_code = env.from_string(assigning)
        if node is None:
            self._text_code = env.from_string(tree)
        self._literals = {} if expression else literals_in(node)

    def render(self, scope: Mapping[str, Any]) -> Any:
        if self._value_code is not None:
            context = self._value_code.new_context(scope, shared=True)  # type: ignore[arg-type]
            deque(self._value_code.root_render_func(context), 0)
            value = context.vars[VALUE]
            if self._text_code is None or type(value) in (list, dict):
                value = checked_value(value)
                is_literal = type(value) is str and value in self._literals
                return deepcopy(self._literals[value]) if is_literal else value
        assert self._text_code is not None
        context = self._text_code.new_context(scope, shared=True)  # type: ignore[arg-type]
        return join_text(self._text_code.root_render_func(context))


class _TextTemplate:
    """A template of text and names of variables only, rendered without Jinja."""

    def __init__(self, parts: tuple[str, ...]) -> None:
        self._parts = parts
        self._name = parts[1] if len(parts) == 3 and not parts[0] and not parts[2] else ""

    def render(self, scope: Mapping[str, Any]) -> Any:
        if self._name:
            return checked_value(text_templates.value(self._name, scope))
        texts = [*self._parts]
        for index in range(1, len(texts), 2):
            value = text_templates.value(texts[index], scope)
            texts[index] = "" if value is None else str(value)
        return join_text(texts)


class _WithTrailingSpace:
    """One expression followed by white space, such as the newline that `x: >` in YAML adds."""

    def __init__(self, source: str) -> None:
        expression = source.rstrip()
        self._expression = compiled(expression, False)
        self._space = source[len(expression) :]

    def render(self, scope: Mapping[str, Any]) -> Any:
        value = self._expression.render(scope)
        if type(value) in (list, dict) or (type(value) is bool and self._space == "\n"):
            return value
        return join_text(iter(["" if value is None else str(value), self._space]))


class _WithHeader:
    """A template whose first line sets options of Jinja (see header.py). Its value is text."""

    def __init__(self, source: str) -> None:
        options, body = header.split(source)
        defaults = {"keep_trailing_newline": False, "trim_blocks": True}
        own_environment = make_environment({**defaults, **options})
        self._code = own_environment.from_string(body)

    def render(self, scope: Mapping[str, Any]) -> str:
        context = self._code.new_context(scope, shared=True)  # type: ignore[arg-type]
        return join_text(self._code.root_render_func(context))


@cache
def parsed(source: str, expression: bool) -> jinja2.nodes.Template:
    """Return the syntax tree of a template, or of a bare expression as a template.

    Raises Jinja's TemplateSyntaxError for invalid syntax.
    """
    from jinja2 import TemplateSyntaxError

    try:
        return _tree(source, expression)
    except RecursionError:
        raise TemplateSyntaxError("the template is nested too deeply", 1) from None


def _tree(source: str, expression: bool) -> jinja2.nodes.Template:
    """Return the syntax tree by Jinja's parser."""
    from jinja2 import nodes
    from jinja2.parser import Parser

    if not expression:
        return environment().parse(_escaped(source))
    parser = Parser(environment(), source, state="variable")
    node = parser.parse_expression()
    if not parser.stream.eos:
        parser.fail(f"unexpected {parser.stream.current.value!r}", parser.stream.current.lineno)
    tree = nodes.Template([nodes.Output([node], lineno=1)], lineno=1)
    tree.set_environment(environment())
    return tree


def _escaped(source: str) -> str:
    r"""Return the source with the backslashes of strings in `{{ … }}` doubled.

    As in Ansible (ansible/template/__init__.py, _escape_backslashes), such a backslash stands for
    itself: `'\1'` is group 1 of a pattern. Jinja reads it as the start of an escape such as `\n`,
    and still does in `{% … %}`, in conditions and in template files.
    """
    if "\\" not in source or "{{" not in source:
        return source
    parts, inside = [], False
    for _, kind, text in environment().lex(source):
        inside = (inside or kind == "variable_begin") and kind != "variable_end"
        if inside and kind == "string":
            text = re.sub(rf"\\(?!{text[0]}.)", r"\\\\", text)
        parts.append(text)
    return "".join(parts)


def _only_expression(tree: jinja2.nodes.Template) -> jinja2.nodes.Expr | None:
    """Return the expression of a template that is one `{{ expression }}`; None for others."""
    from jinja2 import nodes

    match tree.body:
        case [nodes.Output(nodes=[nodes.Expr() as node])] if not isinstance(
            node, nodes.TemplateData
        ):
            return node
    return None


def _ends_in_space(tree: jinja2.nodes.Template) -> bool:
    """Whether the template is one expression followed by white space."""
    from jinja2 import nodes

    match tree.body:
        case [nodes.Output(nodes=[nodes.Expr() as node, nodes.TemplateData(data=end)])]:
            return end.isspace() and not isinstance(node, nodes.TemplateData)
    return False


@cache
def compiled(
    source: str, expression: bool
) -> _TextTemplate | _JinjaTemplate | _WithTrailingSpace | LiteralTemplate | _WithHeader:
    """Return the compiled form of a template, or of a bare `expression`."""
    if expression:
        return _JinjaTemplate(source, expression)
    if source.startswith(header.HEADER):
        return _WithHeader(source)
    if parts := text_templates.split(source):
        return _TextTemplate(parts)
    tree = parsed(source, expression)
    if source.rstrip().endswith("}}") and _ends_in_space(tree):
        return _WithTrailingSpace(source)
    if may_have_literal(source) and _only_expression(tree) is None and is_candidate(tree, source):
        return LiteralTemplate(environment().parse(_escaped(source)))
    return _JinjaTemplate(source, expression)
