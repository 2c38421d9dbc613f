"""Templates ▶ what renders them, compiled once: by Jinja, or by the simpler way that will do."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping
from copy import deepcopy
from functools import cache
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from provisioner.language.templating import header, text_templates
from provisioner.language.templating.building import VALUE, assigned, building
from provisioner.language.templating.environment import environment, make_environment
from provisioner.language.templating.literals import (
    LiteralTemplate,
    has_literal,
    is_candidate,
    own_values,
)
from provisioner.language.templating.template import MAX_TEXT, TemplateError
from provisioner.language.templating.undefined import is_missing, is_undefined

if TYPE_CHECKING:
    import jinja2


class _Compiled:
    """A template's code: `render(scope)` gives its value."""

    def __init__(self, source: str, expression: bool) -> None:
        from jinja2 import nodes

        env = environment()
        tree = parsed(source, expression)
        node = _only_expression(tree)
        body = [assigned(node)] if node is not None else building(tree)
        self._valued = self._text = None
        if body:
            valued = nodes.Template(body, lineno=1)
            valued.set_environment(env)
            self._valued = env.from_string(valued)
        if node is None:
            self._text = env.from_string(tree)
        self._own = {} if expression else own_values(node)

    def render(self, scope: Mapping[str, Any]) -> Any:
        if self._valued is not None:
            context = self._valued.new_context(scope, shared=True)  # type: ignore[arg-type]
            deque(self._valued.root_render_func(context), 0)
            value = context.vars[VALUE]
            if self._text is None or type(value) in (list, dict):
                value = _whole(value)
                own = type(value) is str and value in self._own
                return deepcopy(self._own[value]) if own else value
        assert self._text is not None
        context = self._text.new_context(scope, shared=True)  # type: ignore[arg-type]
        return join(self._text.root_render_func(context))


class _TextTemplate:
    """A template of text and names."""

    def __init__(self, parts: tuple[str, ...]) -> None:
        self._parts = parts
        self._name = parts[1] if len(parts) == 3 and not parts[0] and not parts[2] else ""

    def render(self, scope: Mapping[str, Any]) -> Any:
        if self._name:
            return _whole(text_templates.value(self._name, scope))
        texts = [*self._parts]
        for at in range(1, len(texts), 2):
            value = text_templates.value(texts[at], scope)
            texts[at] = "" if value is None else str(value)
        return join(texts)


class _WithTrailingSpace:
    """An expression with white space behind it, as `x: >` in YAML makes it."""

    def __init__(self, source: str) -> None:
        expression = source.rstrip()
        self._code, self._end = compiled(expression, False), source[len(expression) :]

    def render(self, scope: Mapping[str, Any]) -> Any:
        value = self._code.render(scope)
        if type(value) in (list, dict) or (type(value) is bool and self._end == "\n"):
            return value
        return join(iter(["" if value is None else str(value), self._end]))


class _WithHeader:
    """A template with options of its own in its first line. It gives text."""

    def __init__(self, source: str) -> None:
        options, body = header.split(source)
        usual = {"keep_trailing_newline": False, "trim_blocks": True}
        made = make_environment({**usual, **options})
        self._code = made.from_string(body)

    def render(self, scope: Mapping[str, Any]) -> str:
        context = self._code.new_context(scope, shared=True)  # type: ignore[arg-type]
        return join(self._code.root_render_func(context))


class _LiteralTemplate:
    """A template that may write a list or a mapping."""

    def __init__(self, source: str) -> None:
        self._code = LiteralTemplate(environment().parse(_escaped(source)))

    def render(self, scope: Mapping[str, Any]) -> Any:
        return _whole(self._code.render(scope, join))


def _whole(value: Any) -> Any:
    """A native value, refused when it is undefined, has something undefined in it, or is huge."""
    if isinstance(value, GeneratorType | range):
        value = list(value)
    inside = value if isinstance(value, list) else value.values() if type(value) is dict else ()
    for item in (value, *inside):
        if is_missing(item):
            item._fail_with_undefined_error()
    if is_undefined(value):  # `x if false` without an else
        return ""
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise TemplateError(f"it renders to more than {MAX_TEXT >> 20} MiB")
        return value if type(value) is str else str.__str__(value)  # Markup of tojson
    return value


def join(parts: Iterable[str]) -> str:
    """The rendered text, refused when it grows past all sense."""
    if type(parts) is list and sum(map(len, parts)) <= MAX_TEXT:
        return "".join(parts)
    pieces, size = [], 0
    for part in parts:
        size += len(part)
        if size > MAX_TEXT:
            raise TemplateError(f"it renders to more than {MAX_TEXT >> 20} MiB")
        pieces.append(part)
    return "".join(pieces)


@cache
def parsed(source: str, expression: bool) -> jinja2.nodes.Template:
    """The syntax tree; a bare expression is a template of nothing else."""
    from jinja2 import TemplateSyntaxError

    try:
        return _tree(source, expression)
    except RecursionError:
        raise TemplateSyntaxError("it is nested too deeply", 1) from None


def _tree(source: str, expression: bool) -> jinja2.nodes.Template:
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
    """As Ansible: a backslash in a string within `{{ … }}` is one, so that YAML's `'\\\\1'` is the
    group 1 of a pattern. Jinja alone would take it for the start of an escape such as `\\n`; so it
    does in `{% … %}`, conditions and template files."""
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
    from jinja2 import nodes

    match tree.body:
        case [nodes.Output(nodes=[nodes.Expr() as node])] if not isinstance(
            node, nodes.TemplateData
        ):
            return node
    return None


def _ends_in_space(tree: jinja2.nodes.Template) -> bool:
    """Whether it is one expression with nothing but white space behind it."""
    from jinja2 import nodes

    match tree.body:
        case [nodes.Output(nodes=[nodes.Expr() as node, nodes.TemplateData(data=end)])]:
            return end.isspace() and not isinstance(node, nodes.TemplateData)
    return False


@cache
def compiled(
    source: str, expression: bool
) -> _TextTemplate | _Compiled | _WithTrailingSpace | _LiteralTemplate | _WithHeader:
    if expression:
        return _Compiled(source, expression)
    if source.startswith(header.HEADER):
        return _WithHeader(source)
    if found := text_templates.split(source):
        return _TextTemplate(found)
    tree = parsed(source, expression)
    if source.rstrip().endswith("}}") and _ends_in_space(tree):
        return _WithTrailingSpace(source)
    if has_literal(source):
        node = _only_expression(tree)
        if node is None and is_candidate(tree, source):
            return _LiteralTemplate(source)
        if own_values(node):
            return _Compiled(source, expression)
    return _Compiled(source, expression)
