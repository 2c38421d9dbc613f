"""Templates whose text is a list, a mapping or a boolean.

As in Ansible, `"[{% for x in l %}'{{ x }}',{% endfor %}]"` gives a list. Here only text that the
playbook's author typed defines the structure. Jinja renders a placeholder, a Python name, for
each value; the result is parsed as a Python literal; then the values replace the placeholders. A
value is therefore part of a quoted string, or one whole item, whatever it contains. If a value
would end its quotes, the result stays text. See docs/decisions/0003.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from provisioner import regex
from provisioner.language.templating.environment import environment
from provisioner.language.templating.expression_value import VALUE
from provisioner.language.templating.rendered_values import checked_value, join_text

if TYPE_CHECKING:
    import jinja2

MAX_LITERAL = 1024 * 1024
"""Characters of the longest text that is parsed: Python's parser needs a thousand times as much
memory."""

_HOLD, _JOIN, _ADD = (f"{VALUE}_{word}" for word in ("hold", "join", "add"))
"""Functions in the template's context that return placeholders: methods of `_Values`."""

_PLACEHOLDER = regex.compile(rf"{VALUE}_(\d+)_")
_QUOTED = regex.compile(r"""(\w?)('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")|#""")
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None}
_JSON = frozenset({"to_json", "to_nice_json", "tojson"})


class LiteralTemplate:
    """A template whose text may be a list, a mapping or a boolean."""

    def __init__(self, tree: jinja2.nodes.Template) -> None:
        from jinja2 import nodes

        for output in tree.find_all(nodes.Output):
            output.nodes = [_with_placeholders(node) for node in output.nodes]
        self._template = environment().from_string(tree)

    def render(self, scope: Mapping[str, Any]) -> Any:
        """Return the list, mapping or boolean that the rendered text is; else the text itself."""
        return checked_value(self._render(scope))

    def _render(self, scope: Mapping[str, Any]) -> Any:
        values = _Values()
        context = self._template.new_context(scope, shared=True)  # type: ignore[arg-type]
        context.vars.update({_HOLD: values.hold, _JOIN: values.join, _ADD: values.add})
        rendered = join_text(self._template.root_render_func(context))
        single = _PLACEHOLDER.fullmatch(rendered.rstrip())
        if single and isinstance(value := values.values[int(single[1])], list | dict | bool):
            return value
        text = _PLACEHOLDER.sub(lambda match: values.texts[int(match[1])], rendered)
        if not rendered.startswith(("[", "{", "True", "False")) or len(text) > MAX_LITERAL:
            return join_text(iter([text]))
        try:
            return _parse(rendered, values)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return text


_START = regex.compile(r"\[|(?<!\{)\{(?![{#])|True|False")


def may_have_literal(source: str) -> bool:
    """Whether the source contains the start of a statement, list, mapping or boolean.

    Most do not. This check is faster than one of the syntax tree.
    """
    return _START.search(source) is not None


def is_candidate(tree: jinja2.nodes.Template, source: str) -> bool:
    """Whether the template's text can be a list, a mapping or a boolean."""
    from jinja2 import nodes

    starts = any(map(_starts_literal, tree.find_all((nodes.TemplateData, nodes.Const))))
    return (starts or _chooses_value(tree)) and VALUE not in source and not _redirects_text(tree)


def _chooses_value(tree: jinja2.nodes.Template) -> bool:
    """Whether the template prints values only inside of statements.

    An example is `{% if … %}{{ a }}{% else %}{{ b }}{% endif %}`.
    """
    from jinja2 import nodes

    texts = [part for part in tree.body if isinstance(part, nodes.Output)]
    has_text = any(
        isinstance(node, nodes.TemplateData) and node.data.strip()
        for node in (node for output in texts for node in output.nodes)
    )
    printed = (
        node
        for statement in tree.body
        if isinstance(statement, nodes.If | nodes.For)
        for output in statement.find_all(nodes.Output)
        for node in output.nodes
    )
    return not has_text and any(not isinstance(node, nodes.TemplateData) for node in printed)


def _starts_literal(node: jinja2.nodes.Node) -> bool:
    """Whether a part of a template is text that a list, a mapping or a boolean starts with."""
    from jinja2 import nodes

    text = node.data if isinstance(node, nodes.TemplateData) else getattr(node, "value", None)
    return isinstance(text, str) and (text.startswith(("[", "{")) or text in ("True", "False"))


def _redirects_text(tree: jinja2.nodes.Template) -> bool:
    """Whether some text is printed indirectly, as in macros, blocks and included files."""
    from jinja2 import nodes

    kinds = (nodes.Macro, nodes.CallBlock, nodes.FilterBlock, nodes.AssignBlock, nodes.Block)
    others = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
    recursive = any(loop.recursive for loop in tree.find_all(nodes.For))
    return recursive or any(True for _ in tree.find_all((*kinds, *others)))


def _with_placeholders(node: jinja2.nodes.Expr) -> jinja2.nodes.Expr:
    """Return the expression with calls that return placeholders in place of its values.

    Text of the template's author stays.
    """
    from jinja2 import nodes

    if _is_author_text(node):
        return node
    match node:
        case nodes.Filter(
            name="join", args=[] | [nodes.Const()], kwargs=[], node=nodes.Expr() as joined
        ):
            return _call(_JOIN, [joined, *node.args])
        case nodes.Concat():
            return nodes.Concat([_with_placeholders(part) for part in node.nodes])
        case nodes.Add(left=left, right=right) if _adds_author_text(node):
            return nodes.Concat([_addend(left), _addend(right)])
        case nodes.CondExpr(expr2=nodes.Expr() as other):
            return nodes.CondExpr(
                node.test, _with_placeholders(node.expr1), _with_placeholders(other)
            )
    is_json = isinstance(node, nodes.Filter) and node.name.rpartition(".")[2] in _JSON
    return _call(_HOLD, [node, nodes.Const(is_json)])


def _addend(node: jinja2.nodes.Expr) -> jinja2.nodes.Expr:
    """Return one side of `+` between texts, with calls that return placeholders."""
    from jinja2 import nodes

    if isinstance(node, nodes.Add) or _is_author_text(node):
        return _with_placeholders(node)
    return _call(_ADD, [node])


def _call(name: str, args: Sequence[jinja2.nodes.Expr]) -> jinja2.nodes.Expr:
    from jinja2 import nodes

    return nodes.Call(nodes.Name(name, "load"), list(args), [], None, None)


def _is_author_text(node: jinja2.nodes.Node | None) -> bool:
    """Whether the expression can only return text that its author typed in it."""
    from jinja2 import nodes

    match node:
        case nodes.TemplateData():
            return True
        case nodes.Const():
            return isinstance(node.value, str)
        case nodes.Call(node=nodes.Name(), args=[], kwargs=[]):
            return True  # a call of a joiner returns the author's separator
        case nodes.CondExpr():
            return _is_author_text(node.expr1) and (
                node.expr2 is None or _is_author_text(node.expr2)
            )
    return False


def _adds_author_text(node: jinja2.nodes.BinExpr) -> bool:
    """Whether one side of `+` is the author's text: then texts are added, not numbers."""
    from jinja2 import nodes

    sides = (node.left, node.right)
    return any(
        _is_author_text(side) or (isinstance(side, nodes.Add) and _adds_author_text(side))
        for side in sides
    )


class _Values:
    """The values of one rendering. A placeholder contains the value's index here."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.values: list[Any] = []
        self.are_json: list[bool] = []

    def hold(self, value: Any, is_json: bool = False) -> str:
        """Store a value and return its placeholder; "" for a value without text."""
        text = "" if value is None else str(value)
        if not text:
            return ""
        self.values.append(value)
        self.texts.append(text)
        self.are_json.append(is_json)
        return f"{VALUE}_{len(self.texts) - 1}_"

    def join(self, items: Any, between: Any = "") -> str:
        """Join the items as the filter `join` does.

        Each item becomes a placeholder; `between` stays.
        """
        return str(between).join(map(self._item, items))

    def _item(self, item: Any) -> str:
        return self.hold(str(item) if item is None else item)

    def add(self, value: Any) -> str:
        """Store a text that is added to another.

        Raises TypeError for other types, as `+` raises.
        """
        return self.hold("" + value)


def _parse(rendered: str, values: _Values) -> Any:
    """Return the list, mapping or boolean that a rendered text is.

    `ValueError`, `TypeError` or `SyntaxError` if it is another text.
    """
    pieces, end = [], 0
    for match in _QUOTED.finditer(rendered):
        prefix, string = match.groups()
        if prefix or not string:
            raise ValueError("comments and the prefixes r, f and b are not literals")
        pieces += [rendered[end : match.start()], _filled(string, values)]
        end = match.end()
    source = "".join((*pieces, rendered[end:]))
    value = _value(_parsed(source), values)
    if not isinstance(value, list | dict | bool):
        raise ValueError(source)
    return value


def _filled(string: str, values: _Values) -> str:
    """Return a quoted string with the values in it.

    Raises ValueError if one would end the quotes.
    """
    quote = string[0]

    def text_of(match: re.Match[str]) -> str:
        text = values.texts[int(match[1])]
        if not _QUOTED.fullmatch(f"{quote}{text}{quote}"):
            raise ValueError(text)
        return text

    return _PLACEHOLDER.sub(text_of, string)


def _parsed(source: str) -> ast.expr:
    return ast.parse(_ESCAPED.sub(_known_escape, source), mode="eval").body


_ESCAPED = regex.compile(r"\\(.)")


def _known_escape(match: re.Match[str]) -> str:
    """Return an escape of Python.

    Another backslash is doubled: Python would keep it, with a warning.
    """
    return match[0] if match[1] in "\\'\"abfnrtvxNuU01234567" else "\\" + match[0]


def _value(node: ast.expr | None, values: _Values | None) -> Any:
    """Return the value of a literal's syntax tree.

    Raises ValueError for other code. Without `values` it may contain no placeholders.
    """
    match node:
        case ast.Constant(value=str() | int() | float() | None as value):
            return value
        case ast.Name(id=name) if name in _WORDS:
            return _WORDS[name]
        case ast.Name(id=name) if values is not None and (match := _PLACEHOLDER.fullmatch(name)):
            return _item_value(values, int(match[1]))
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_value(item, values) for item in items]
        case ast.Dict(keys=keys, values=items):
            pairs = zip(keys, items, strict=True)
            return {_key(key, values): _value(item, values) for key, item in pairs}
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_number(operand, values)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _number(operand, values)
    raise ValueError("not a literal")


def _key(node: ast.expr | None, values: _Values | None) -> Any:
    if node is None:  # an item such as {**x}
        raise ValueError("not a literal")
    return _value(node, values)


def _number(node: ast.expr, values: _Values | None) -> int | float:
    value = _value(node, values)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("not a number")
    return value


def _item_value(values: _Values, index: int) -> Any:
    """Return a value that is a whole item, outside of quotes.

    Numbers, booleans, lists and dicts stay unchanged. Text is read as a number, a quoted string or
    a word such as `true`. Only text of the filter `to_json` may be a list or a mapping.
    """
    value = values.values[index]
    if isinstance(value, bool | int | float | list | dict):
        return value
    parsed = _value(_parsed(values.texts[index]), None)
    if isinstance(parsed, list | dict) and not values.are_json[index]:
        raise ValueError("text that is not from to_json may not be a list or a mapping")
    return parsed


def literals_in(node: jinja2.nodes.Expr | None) -> Mapping[str, Any]:
    """Return the strings in an expression that are a list, a mapping or a boolean.

    The result maps them to their values. As in Ansible, `{{ x | default('[]') }}` gives a list if x
    is undefined.
    """
    from jinja2 import nodes

    if node is None:
        return {}
    literals: dict[str, Any] = {}
    for const in (node, *node.find_all(nodes.Const)):
        if isinstance(const, nodes.Const) and _starts_literal(const) and VALUE not in const.value:
            try:
                literals[const.value] = _parse(const.value, _Values())
            except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                continue
    return literals
