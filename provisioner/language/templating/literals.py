"""Lists and mappings that a template writes as text: `"[{% for x in l %}'{{ x }}',{% endfor %}]"`.

As in Ansible, such a text is the list. Only the author of the playbook gives it its structure:
the text is read with a name in place of each value, so a value is inside of quotes or one whole
item whatever it holds. One that would break out of its quotes leaves the whole a text.
docs/decisions/0003 says what is taken for what.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from provisioner import regex
from provisioner.language.templating.building import VALUE
from provisioner.language.templating.environment import environment

if TYPE_CHECKING:
    import jinja2

MAX_LITERAL = 1024 * 1024
"""Characters of the longest text that is read: Python's parser takes a thousand times as much."""

_KEPT, _JOINED, _ADDED = (f"{VALUE}_{word}" for word in ("kept", "joined", "added"))
_MARK = regex.compile(rf"{VALUE}_(\d+)_")
_QUOTED = regex.compile(r"""(\w?)('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")|#""")
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None}
_JSON = frozenset({"to_json", "to_nice_json", "tojson"})


class LiteralTemplate:
    """The code of a template that may write a list, a mapping or a boolean."""

    def __init__(self, tree: jinja2.nodes.Template) -> None:
        from jinja2 import nodes

        for output in tree.find_all(nodes.Output):
            output.nodes = [_marked(node) for node in output.nodes]
        self._template = environment().from_string(tree)

    def render(
        self,
        scope: Mapping[str, Any],
        join: Callable[[Iterator[str]], str],
    ) -> Any:
        """What is written; the text where that is no list, mapping or boolean."""
        kept = _Values()
        context = self._template.new_context(scope, shared=True)  # type: ignore[arg-type]
        context.vars.update({_KEPT: kept.keep, _JOINED: kept.join, _ADDED: kept.add})
        marked = join(self._template.root_render_func(context))
        whole = _MARK.fullmatch(marked.rstrip())
        if whole and isinstance(value := kept.values[int(whole[1])], list | dict | bool):
            return value
        text = _MARK.sub(lambda mark: kept.texts[int(mark[1])], marked)
        if not marked.startswith(("[", "{", "True", "False")) or len(text) > MAX_LITERAL:
            return join(iter([text]))
        try:
            return _read(marked, kept)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return text


_LITERAL = regex.compile(r"\[|(?<!\{)\{(?![{#])|True|False")


def has_literal(source: str) -> bool:
    """Whether a template's source has a statement, or what a list, a mapping or a boolean begins
    with: most have not, and looking at their trees costs more."""
    return _LITERAL.search(source) is not None


def is_candidate(tree: jinja2.nodes.Template, source: str) -> bool:
    """Whether a template may write a list, a mapping or a boolean."""
    from jinja2 import nodes

    begins = any(map(_begins, tree.find_all((nodes.TemplateData, nodes.Const))))
    return (begins or _chooses(tree)) and VALUE not in source and not _collects(tree)


def _chooses(tree: jinja2.nodes.Template) -> bool:
    """Whether it may give one of several values, as in `{% if … %}{{ a }}{% else %}{{ b }}…`."""
    from jinja2 import nodes

    texts = [part for part in tree.body if isinstance(part, nodes.Output)]
    said = any(
        isinstance(node, nodes.TemplateData) and node.data.strip()
        for node in (node for output in texts for node in output.nodes)
    )
    inside = (
        node
        for choice in tree.body
        if isinstance(choice, nodes.If | nodes.For)
        for output in choice.find_all(nodes.Output)
        for node in output.nodes
    )
    return not said and any(not isinstance(node, nodes.TemplateData) for node in inside)


def _begins(node: jinja2.nodes.Node) -> bool:
    from jinja2 import nodes

    text = node.data if isinstance(node, nodes.TemplateData) else getattr(node, "value", None)
    return isinstance(text, str) and (text.startswith(("[", "{")) or text in ("True", "False"))


def _collects(tree: jinja2.nodes.Template) -> bool:
    """Whether text that it writes goes elsewhere first, as that of a macro does."""
    from jinja2 import nodes

    kinds = (nodes.Macro, nodes.CallBlock, nodes.FilterBlock, nodes.AssignBlock, nodes.Block)
    others = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
    recursive = any(loop.recursive for loop in tree.find_all(nodes.For))
    return recursive or any(True for _ in tree.find_all((*kinds, *others)))


def _marked(node: jinja2.nodes.Expr) -> jinja2.nodes.Expr:
    """The expression with its values kept, but for what its author wrote himself."""
    from jinja2 import nodes

    if _is_own(node):
        return node
    match node:
        case nodes.Filter(
            name="join", args=[] | [nodes.Const()], kwargs=[], node=nodes.Expr() as joined
        ):
            return _called(_JOINED, [joined, *node.args])
        case nodes.Concat():
            return nodes.Concat([_marked(part) for part in node.nodes])
        case nodes.Add(left=left, right=right) if _has_own(node):
            return nodes.Concat([_added(left), _added(right)])
        case nodes.CondExpr(expr2=nodes.Expr() as other):
            return nodes.CondExpr(node.test, _marked(node.expr1), _marked(other))
    is_json = isinstance(node, nodes.Filter) and node.name.rpartition(".")[2] in _JSON
    return _called(_KEPT, [node, nodes.Const(is_json)])


def _added(node: jinja2.nodes.Expr) -> jinja2.nodes.Expr:
    from jinja2 import nodes

    if isinstance(node, nodes.Add) or _is_own(node):
        return _marked(node)
    return _called(_ADDED, [node])


def _called(name: str, args: Sequence[jinja2.nodes.Expr]) -> jinja2.nodes.Expr:
    from jinja2 import nodes

    return nodes.Call(nodes.Name(name, "load"), list(args), [], None, None)


def _is_own(node: jinja2.nodes.Node | None) -> bool:
    """Whether all that the expression can give is written in it."""
    from jinja2 import nodes

    match node:
        case nodes.TemplateData():
            return True
        case nodes.Const():
            return isinstance(node.value, str)
        case nodes.Call(node=nodes.Name(), args=[], kwargs=[]):
            return True  # of a joiner: what it gives is the author's, too
        case nodes.CondExpr():
            return _is_own(node.expr1) and (node.expr2 is None or _is_own(node.expr2))
    return False


def _has_own(node: jinja2.nodes.BinExpr) -> bool:
    """Whether text of the author is added: then it is text that is added, and no numbers."""
    from jinja2 import nodes

    sides = (node.left, node.right)
    return any(_is_own(side) or (isinstance(side, nodes.Add) and _has_own(side)) for side in sides)


class _Values:
    """The values of one rendering, in the order of their marks."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.values: list[Any] = []
        self.are_json: list[bool] = []

    def keep(self, value: Any, is_json: bool = False) -> str:
        """The mark that stands for a value; nothing for what gives no text."""
        text = "" if value is None else str(value)
        if not text:
            return ""
        self.values.append(value)
        self.texts.append(text)
        self.are_json.append(is_json)
        return f"{VALUE}_{len(self.texts) - 1}_"

    def join(self, items: Any, between: Any = "") -> str:
        """As the filter does: what stands between the items is the author's."""
        return str(between).join(map(self._item, items))

    def _item(self, item: Any) -> str:
        return self.keep(str(item) if item is None else item)

    def add(self, value: Any) -> str:
        """A text that is added to one."""
        return self.keep("" + value)


def _read(marked: str, kept: _Values) -> Any:
    """The list, mapping or boolean that is written; ValueError or SyntaxError for anything else."""
    pieces, end = [], 0
    for found in _QUOTED.finditer(marked):
        prefix, literal = found.groups()
        if prefix or not literal:
            raise ValueError("neither a comment nor r'', f'' or b'' is expected")
        pieces += [marked[end : found.start()], _filled(literal, kept)]
        end = found.end()
    source = "".join((*pieces, marked[end:]))
    value = _value(_parsed(source), kept)
    if not isinstance(value, list | dict | bool):
        raise ValueError(source)
    return value


def _filled(literal: str, kept: _Values) -> str:
    """A text in quotes with its values; ValueError for one that would not stay in the quotes."""
    quote = literal[0]

    def text(mark: re.Match[str]) -> str:
        found = kept.texts[int(mark[1])]
        if not _QUOTED.fullmatch(f"{quote}{found}{quote}"):
            raise ValueError(found)
        return found

    return _MARK.sub(text, literal)


def _parsed(source: str) -> ast.expr:
    return ast.parse(_ESCAPED.sub(_known_escape, source), mode="eval").body


_ESCAPED = regex.compile(r"\\(.)")


def _known_escape(found: re.Match[str]) -> str:
    """A backslash that escapes nothing stands for itself; Python would warn of it."""
    return found[0] if found[1] in "\\'\"abfnrtvxNuU01234567" else "\\" + found[0]


def _value(node: ast.expr | None, kept: _Values | None) -> Any:
    match node:
        case ast.Constant(value=str() | int() | float() | None as value):
            return value
        case ast.Name(id=name) if name in _WORDS:
            return _WORDS[name]
        case ast.Name(id=name) if kept is not None and (mark := _MARK.fullmatch(name)):
            return _kept_value(kept, int(mark[1]))
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_value(item, kept) for item in items]
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return {_key(key, kept): _value(value, kept) for key, value in pairs}
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_number(operand, kept)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _number(operand, kept)
    raise ValueError("it is no literal")


def _key(node: ast.expr | None, kept: _Values | None) -> Any:
    if node is None:  # {**x}
        raise ValueError("it is no literal")
    return _value(node, kept)


def _number(node: ast.expr, kept: _Values | None) -> int | float:
    value = _value(node, kept)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("it is no number")
    return value


def _kept_value(kept: _Values, index: int) -> Any:
    """A value outside of quotes: one that is no text as it is; of texts those that are one whole
    number, quoted text or word, and whatever the author had made JSON of."""
    value = kept.values[index]
    if isinstance(value, bool | int | float | list | dict):
        return value
    found = _value(_parsed(kept.texts[index]), None)
    if isinstance(found, list | dict) and not kept.are_json[index]:
        raise ValueError("only what its author made JSON of may have a structure")
    return found


def own_values(node: jinja2.nodes.Expr | None) -> Mapping[str, Any]:
    """Of the texts in an expression those that write a list, a mapping or a boolean, with that: as
    in Ansible, `{{ x | default('[]') }}` gives a list where x is not there."""
    from jinja2 import nodes

    if node is None:
        return {}
    found: dict[str, Any] = {}
    for const in (node, *node.find_all(nodes.Const)):
        if isinstance(const, nodes.Const) and _begins(const) and VALUE not in const.value:
            try:
                found[const.value] = _read(const.value, _Values())
            except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                continue
    return found
