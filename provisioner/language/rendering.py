"""Templates ▶ values: native, compiled once, with the place of whatever is wrong.

A template that is one `{{ expression }}` gives the expression's own value; one that builds a list
or a mapping by statements and then gives nothing but that gives it, too; any other gives text.
There is no guessing afterwards: "1.10" stays a string.
"""

from __future__ import annotations

import re
from ast import literal_eval
from collections import deque
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from provisioner.language import elsewhere, ownplugins, simple
from provisioner.language.building import VALUE, assigned, building
from provisioner.language.ownplugins import Brings, nothing
from provisioner.language.sandbox import (
    environment,
    make_environment,
    missing_type,
)
from provisioner.language.template import MAX_TEXT, Template, TemplateError, UndefinedError
from provisioner.language.written import Written, has_literal, is_candidate, own_values
from provisioner.loading.where import Where, nearest

if TYPE_CHECKING:
    import jinja2


class _Compiled:
    """A template's code: `render(scope)` gives its value."""

    def __init__(self, source: str, expression: bool) -> None:
        from jinja2 import nodes

        env = environment()
        tree = _parsed(source, expression)
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


class _Simple:
    """A template of text, names and plain filters."""

    def __init__(self, parts: list[jinja2.nodes.Expr]) -> None:
        self._parts = parts

    def render(self, scope: Mapping[str, Any]) -> Any:
        values = (simple.value(part, scope) for part in self._parts)
        if len(self._parts) == 1:
            return _whole(next(values))
        return join("" if value is None else str(value) for value in values)


class _Ended:
    """An expression with white space behind it, as `x: >` in YAML makes it."""

    def __init__(self, source: str) -> None:
        expression = source.rstrip()
        self._code, self._end = _compile(expression, False), source[len(expression) :]

    def render(self, scope: Mapping[str, Any]) -> Any:
        value = self._code.render(scope)
        if type(value) in (list, dict) or (type(value) is bool and self._end == "\n"):
            return value
        return join(iter(["" if value is None else str(value), self._end]))


class _Lists:
    """A template that may write a list or a mapping."""

    def __init__(self, source: str) -> None:
        self._code = Written(environment().parse(_escaped(source)))

    def render(self, scope: Mapping[str, Any]) -> Any:
        return _whole(self._code.render(scope, join))


def _whole(value: Any) -> Any:
    """A native value, refused when it is undefined, has something undefined in it, or is huge."""
    from jinja2 import Undefined

    if isinstance(value, GeneratorType | range):
        value = list(value)
    inside = value if isinstance(value, list) else value.values() if type(value) is dict else ()
    for item in (value, *inside):
        if isinstance(item, missing_type()):
            item._fail_with_undefined_error()
    if isinstance(value, Undefined):  # `x if false` without an else
        return ""
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise TemplateError(f"it renders to more than {MAX_TEXT >> 20} MiB")
        return value if type(value) is str else str.__str__(value)  # Markup of tojson
    return value


def join(parts: Iterator[str]) -> str:
    """The rendered text, refused when it grows past all sense."""
    pieces, size = [], 0
    for part in parts:
        size += len(part)
        if size > MAX_TEXT:
            raise TemplateError(f"it renders to more than {MAX_TEXT >> 20} MiB")
        pieces.append(part)
    return "".join(pieces)


@cache
def _parsed(source: str, expression: bool) -> jinja2.nodes.Template:
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


@cache
def needs(template_source: str, expression: bool) -> frozenset[str]:
    """The variables without which a template can't be rendered: those that it names, but for what
    it sets itself, and for what it guards with `default` or a test for being defined."""
    from jinja2 import nodes

    tree = _parsed(template_source, expression)
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
def _compile(source: str, expression: bool) -> _Compiled | _Simple | _Ended | _Lists:
    if expression:
        return _Compiled(source, expression)
    tree = _parsed(source, expression)
    if source.rstrip().endswith("}}") and _ends_in_space(tree):
        return _Ended(source)
    if has_literal(source):
        node = _only_expression(tree)
        if node is None and is_candidate(tree, source):
            return _Lists(source)
        if own_values(node):
            return _Compiled(source, expression)
    parts = simple.expressions(tree)
    return _Simple(parts) if parts else _Compiled(source, expression)


def check(template: Template, brings: Brings = nothing) -> TemplateError | None:
    """What is wrong with a template, before anything is rendered: its syntax, or a name that
    neither Ansible has nor, as `brings` says, the playbook."""
    from jinja2 import TemplateSyntaxError

    try:
        tree = _parsed(template.source, template.expression)
    except TemplateSyntaxError as error:
        return TemplateError(_syntax_reason(error), template.where)
    for kind, name, known in _names(tree):
        if name not in known and not elsewhere.known(kind, name) and not brings(kind, name):
            reason = f'there is no {kind} "{name}" {nearest(name, known)}'
            return TemplateError(reason.strip(), template.where)
    return None


def _names(
    tree: jinja2.nodes.Template,
) -> Iterator[tuple[elsewhere.Kind, str, Mapping[str, Any]]]:
    """The filters, tests and lookups of a template, with those that there are."""
    from jinja2 import nodes

    from provisioner.language.lookups import LOOKUPS

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

    from provisioner.language.lookups import short_name

    match call.node, call.args:
        case nodes.Name(name="lookup" | "query" | "q"), [nodes.Const(value=str(name)), *_]:
            return short_name(name)
    return ""


def _syntax_reason(
    error: jinja2.TemplateSyntaxError, scope: Mapping[str, Any] | None = None
) -> str:
    reason = error.message or "template syntax error"
    return _lacking(reason, scope) or f"template syntax: {reason}"


def _lacking(reason: str, scope: Mapping[str, Any] | None) -> str:
    """What Jinja says of a filter or test that is not here, told as what it is; "" for others."""
    kinds: tuple[tuple[elsewhere.Kind, Mapping[str, Any]], ...]
    kinds = (("filter", environment().filters), ("test", environment().tests))
    for kind, known in kinds:
        if reason.startswith(f"No {kind} named "):
            name = reason.split("'")[1]
            if elsewhere.known(kind, name):
                return elsewhere.reason(kind, name)
            own = ownplugins.reason(kind, name, scope or {})
            return own or f'there is no {kind} "{name}" {nearest(name, known)}'.strip()
    return ""


def render(template: Template, scope: Mapping[str, Any]) -> Any:
    """The template's value with the variables of `scope`; `TemplateError` with its place."""
    from jinja2 import TemplateError as JinjaError
    from jinja2 import TemplateSyntaxError
    from jinja2 import UndefinedError as JinjaUndefined

    try:
        value = _compile(template.source, template.expression).render(scope)
        if value is None:
            return _nothing(template, scope)
        ends = template.source.endswith("\n") and type(value) is str
        return value + newlines_lost(template.source, value) if ends else value
    except TemplateSyntaxError as error:
        raise TemplateError(_syntax_reason(error, scope), template.where) from None
    except JinjaUndefined as error:
        where = error.__dict__.get("where") or template.where
        raise UndefinedError(_undefined_reason(str(error), scope), where) from None
    except TemplateError as error:
        raise type(error)(error.reason, error.where or template.where) from None
    except JinjaError as error:
        reason = _lacking(str(error), scope) or str(error)
        raise TemplateError(reason, template.where) from None
    except ERRORS as error:
        raise TemplateError(_error_reason(error), template.where) from None


def _nothing(template: Template, scope: Mapping[str, Any]) -> str | None:
    """As in Ansible: an expression's None is no text, but for a variable of which just that is said
    (`x: null` in `{{ x }}`)."""
    if template.expression:
        return None
    name = _ONLY_NAME.fullmatch(template.source)
    written = getattr(scope, "written", scope.get)  # a `Scope`, or a dict
    return None if name and name[1] in scope and written(name[1]) is None else ""


_ONLY_NAME = re.compile(r"\{\{\s*(\w+)\s*\}\}")


ERRORS = (
    ArithmeticError, LookupError, TypeError, ValueError, AttributeError, OSError, RecursionError,
    SyntaxError, MemoryError,
)  # fmt: skip
"""What an expression may raise, and Python when it compiles what Jinja made of a template."""


def _error_reason(error: Exception) -> str:
    from jinja2 import TemplateError as JinjaError

    if isinstance(error, RecursionError | SyntaxError):
        return "it recurses without end, or is nested too deeply"
    if isinstance(error, MemoryError):
        return "it needs more memory than there is"
    if isinstance(error, JinjaError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def render_file(
    path: Path,
    scope: Mapping[str, Any],
    options: Mapping[str, Any],
    folders: tuple[Path, ...] = (),
    plain: bytes | None = None,
) -> str:
    """A template file's text. Compiled once for each version of the file and set of options.

    It may include, import and extend files of `folders` (of its own if there are none), those of
    the first prevail; `plain` is what is in it where it is encrypted. `TemplateError` has the file
    and line.
    """
    from jinja2 import TemplateError as JinjaError
    from jinja2 import TemplateSyntaxError
    from jinja2 import UndefinedError as JinjaUndefined

    try:
        stat = path.stat()
        key = (str(path), stat.st_mtime_ns, stat.st_size)
        template = _file_template(key, tuple(sorted(options.items())), folders, plain)
        context = template.new_context(scope, shared=True)  # type: ignore[arg-type]
        text = join(template.root_render_func(context))
        newline = str(options.get("newline_sequence", "\n"))
        return text + newline * len(newlines_lost(_final_newlines(key, plain), text))
    except TemplateSyntaxError as error:
        name = error.filename or str(path)
        raise TemplateError(_syntax_reason(error, scope), Where(name, error.lineno, 1)) from None
    except JinjaUndefined as error:
        place = Where(str(path), _line_in(error, path), 1)
        raise TemplateError(_undefined_reason(str(error), scope), place) from None
    except UnicodeDecodeError:
        raise TemplateError("the template is not UTF-8", Where(str(path))) from None
    except (JinjaError, *ERRORS) as error:
        place = Where(str(path), _line_in(error, path), 1)
        raise TemplateError(_error_reason(error), place) from None


def newlines_lost(source: str, text: str) -> str:
    """As Ansible: newlines at a template's end that Jinja and trim_blocks take come back."""
    missing = len(source) - len(source.rstrip("\n")) - (len(text) - len(text.rstrip("\n")))
    return "\n" * max(0, missing)


@cache
def _final_newlines(key: tuple[str, int, int], plain: bytes | None) -> str:
    """Those at the end of a file."""
    source = Path(key[0]).read_bytes() if plain is None else plain
    return "\n" * (len(source) - len(source.rstrip(b"\n")))


_HEADER = "#jinja2:"
"""Begins a first line that sets options of Jinja, as in `#jinja2: trim_blocks: False`."""


def _header(source: str) -> tuple[dict[str, Any], str]:
    """The options that a template's first line sets, and what comes behind it."""
    if not source.startswith(_HEADER):
        return {}, source
    line, _, rest = source.removeprefix(_HEADER).partition("\n")
    pairs = (word.partition(":") for word in line.split(","))
    return {name.strip(): literal_eval(value.strip()) for name, _, value in pairs}, rest


@cache
def _file_template(
    key: tuple[str, int, int],
    options: tuple[tuple[str, Any], ...],
    folders: tuple[Path, ...],
    plain: bytes | None,
) -> jinja2.Template:
    from jinja2 import FileSystemLoader

    path = Path(key[0])
    source = path.read_bytes() if plain is None else plain
    header, body = _header(source.decode("utf-8"))
    made = make_environment({"keep_trailing_newline": False, **dict(options), **header})
    made.loader = FileSystemLoader(folders or (path.parent,))
    code = made.compile(body, path.name, str(path))
    return made.template_class.from_code(made, code, made.make_globals(None))


def _line_in(error: Exception, path: Path) -> int:
    """The template's line of an error: Jinja's code keeps a map from its own lines."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if template is not None and template.filename == str(path):
            line = template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return line


def _undefined_reason(reason: str, scope: Mapping[str, Any]) -> str:
    if reason.endswith("is undefined") and "'" in reason:
        name = reason.split("'")[1]
        hint = nearest(name, (key for key in scope if isinstance(key, str)))
        return f'the variable "{name}" is undefined. {hint}'.strip()
    return reason.replace("'provisioner.language.variables.Scope object'", "the host")
