"""Templates are a type, made only by the loader; rendering is native, sandboxed and strict.

A template that is one `{{ expression }}` gives the expression's own value; any other gives text.
There is no guessing afterwards: "1.10" stays a string.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, wraps
from pathlib import Path
from types import GeneratorType
from typing import TYPE_CHECKING, Any, NoReturn

from provisioner.loading.where import Where, nearest

if TYPE_CHECKING:
    import jinja2

MAX_TEXT = 32 * 1024 * 1024
"""Bytes that one template may render to; more is a mistake or an attack."""


@dataclass(frozen=True, slots=True)
class Template:
    """A text with Jinja in it, or with `expression` a bare expression (`when`, `until`)."""

    source: str
    where: Where
    expression: bool = False

    def __str__(self) -> str:
        return self.source


class TemplateError(Exception):
    """A template can't be rendered; `where` is the template's place."""

    def __init__(self, reason: str, where: Where | None = None) -> None:
        super().__init__(reason)
        self.reason, self.where = reason, where


class UndefinedError(TemplateError):
    """A template needs a variable that is not there."""


def is_template(text: str) -> bool:
    """Whether a loader makes a `Template` of it."""
    return "{" in text and ("{{" in text or "{%" in text or "{#" in text)


class Omit:
    """The value of `omit`: an argument that is it is left out."""

    def __repr__(self) -> str:
        return "omit"


OMIT = Omit()


@cache
def environment() -> jinja2.Environment:
    """The one Jinja environment of text in playbooks."""
    return make_environment({"keep_trailing_newline": True})


def make_environment(options: Mapping[str, Any]) -> jinja2.Environment:
    """A strict, sandboxed environment; `options` are Jinja's."""
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    from provisioner.language.filters import FILTERS
    from provisioner.language.tests import TESTS

    class Sandbox(ImmutableSandboxedEnvironment):
        """With a bound to what `*` and `**` may make: a typing error must not eat the memory."""

        intercepted_binops = frozenset({"*", "**"})

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            if _size_of(operator, left, right) > MAX_TEXT:
                raise TemplateError(f"`{operator}` makes more than {MAX_TEXT >> 20} MiB")
            return super().call_binop(context, operator, left, right)

    made = Sandbox(
        undefined=_undefined(), extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"], **options
    )
    made.finalize = _finalize
    made.filters.update(FILTERS)
    made.tests.update(TESTS)
    made.filters.update({name: _listed(made.filters[name]) for name in _GENERATORS})
    made.globals.clear()
    return made


def _size_of(operator: str, left: Any, right: Any) -> float:
    """About how many bytes an operation gives."""
    if operator == "**":
        whole = isinstance(left, int) and isinstance(right, int)
        return left.bit_length() * abs(right) / 8 if whole else 0
    for many, times in ((left, right), (right, left)):
        if isinstance(many, str | list | tuple) and isinstance(times, int):
            return len(many) * max(0, times)
    return 0


def namespace() -> Any:
    """Jinja's `namespace`, which templates count with in loops."""
    from jinja2.utils import Namespace

    return Namespace


_GENERATORS = ("map", "select", "reject", "selectattr", "rejectattr", "batch", "slice", "unique")


def _listed(generator: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that gives a list where Jinja's own gives a generator."""

    @wraps(generator)
    def listed(*args: Any, **kwargs: Any) -> list[Any]:
        return list(generator(*args, **kwargs))

    return listed


def _finalize(value: Any) -> Any:
    return "" if value is None else value


@cache
def _undefined() -> type[jinja2.StrictUndefined]:
    from jinja2 import StrictUndefined

    class Missing(StrictUndefined):
        """Undefined that stays so under attributes, for `a.b.c | default(1)`."""

        __slots__ = ()

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            return self

        def __getitem__(self, key: Any) -> Any:
            return self

        def _fail_with_undefined_error(self, *args: Any, **kwargs: Any) -> NoReturn:
            raise self._undefined_exception(self._undefined_message)

        __iter__ = __str__ = __len__ = _fail_with_undefined_error
        __eq__ = __ne__ = __bool__ = __hash__ = _fail_with_undefined_error

    return Missing


class _Compiled:
    """A template's code: `render(scope)` gives its value."""

    def __init__(self, source: str, expression: bool) -> None:
        from jinja2 import nodes

        env = environment()
        tree = _parsed(source, expression)
        node = _only_expression(tree)
        self.native = node is not None
        if node is not None:
            assign = nodes.Assign(nodes.Name("result", "store"), node, lineno=1)
            tree = nodes.Template([assign], lineno=1)
            tree.set_environment(env)
        self._template = env.from_string(tree)

    def render(self, scope: Mapping[str, Any]) -> Any:
        context = self._template.new_context(scope, shared=True)  # type: ignore[arg-type]
        if self.native:
            deque(self._template.root_render_func(context), 0)
            return _whole(context.vars["result"])
        return join(self._template.root_render_func(context))


def _whole(value: Any) -> Any:
    """A native value, refused when it is undefined, has something undefined in it, or is huge."""
    from jinja2 import Undefined

    if isinstance(value, GeneratorType | range):
        value = list(value)
    inside = value if isinstance(value, list) else value.values() if type(value) is dict else ()
    for item in (value, *inside):
        if isinstance(item, _undefined()):
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
    from jinja2 import nodes
    from jinja2.parser import Parser

    if not expression:
        return environment().parse(source)
    parser = Parser(environment(), source, state="variable")
    node = parser.parse_expression()
    if not parser.stream.eos:
        parser.fail(f"unexpected {parser.stream.current.value!r}", parser.stream.current.lineno)
    tree = nodes.Template([nodes.Output([node], lineno=1)], lineno=1)
    tree.set_environment(environment())
    return tree


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


@cache
def _compile(source: str, expression: bool) -> _Compiled:
    return _Compiled(source, expression)


def check(template: Template) -> TemplateError | None:
    """What is wrong with a template's syntax, before anything is rendered."""
    from jinja2 import TemplateSyntaxError

    try:
        tree = _parsed(template.source, template.expression)
    except TemplateSyntaxError as error:
        return TemplateError(_syntax_reason(error), template.where)
    for kind, name, known in _names(tree):
        if name not in known:
            reason = f'there is no {kind} "{name}" {nearest(name, known)}'
            return TemplateError(reason.strip(), template.where)
    return None


def _names(tree: jinja2.nodes.Template) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """The filters and tests of a template, with those that there are."""
    from jinja2 import nodes

    for node in tree.find_all((nodes.Filter, nodes.Test)):
        if isinstance(node, nodes.Filter):
            yield "filter", node.name, environment().filters
        elif isinstance(node, nodes.Test):
            yield "test", node.name, environment().tests


def _syntax_reason(error: jinja2.TemplateSyntaxError) -> str:
    reason = error.message or "template syntax error"
    for kind, known in (("filter", environment().filters), ("test", environment().tests)):
        if reason.startswith(f"No {kind} named "):
            name = reason.split("'")[1]
            return " ".join((f'there is no {kind} "{name}"', nearest(name, known))).strip()
    return f"template syntax: {reason}"


def render(template: Template, scope: Mapping[str, Any]) -> Any:
    """The template's value with the variables of `scope`; `TemplateError` with its place."""
    from jinja2 import TemplateError as JinjaError
    from jinja2 import TemplateSyntaxError
    from jinja2 import UndefinedError as JinjaUndefined

    try:
        return _compile(template.source, template.expression).render(scope)
    except TemplateSyntaxError as error:
        raise TemplateError(_syntax_reason(error), template.where) from None
    except JinjaUndefined as error:
        where = error.__dict__.get("where") or template.where
        raise UndefinedError(_undefined_reason(str(error), scope), where) from None
    except TemplateError as error:
        raise type(error)(error.reason, error.where or template.where) from None
    except JinjaError as error:
        raise TemplateError(str(error), template.where) from None
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, OSError) as error:
        raise TemplateError(f"{type(error).__name__}: {error}", template.where) from None
    except RecursionError:
        raise TemplateError("it recurses without end", template.where) from None
    except MemoryError:
        raise TemplateError("it needs more memory than there is", template.where) from None


def missing(reason: str, where: Where | None) -> Any:
    """The value of a variable that can't be had: whoever uses it gets the reason and the place,
    `default` and the tests for being defined take it as undefined."""
    from jinja2 import UndefinedError as JinjaUndefined

    def raised(text: str | None) -> JinjaUndefined:
        error = JinjaUndefined(text)
        error.__dict__["where"] = where
        return error

    return _undefined()(hint=reason, exc=raised)  # type: ignore[arg-type]


def reason_of(value: Any) -> tuple[str, Where | None]:
    """Why a value is missing, and where."""
    error = value._undefined_exception(value._undefined_message)
    return str(error), error.__dict__.get("where")


def is_missing(value: Any) -> bool:
    return isinstance(value, _undefined())


def render_file(path: Path, scope: Mapping[str, Any], options: Mapping[str, Any]) -> str:
    """A template file's text. Compiled once for each version of the file and set of options.

    It may include, import and extend files beside it; `TemplateError` has the file and line.
    """
    from jinja2 import TemplateError as JinjaError
    from jinja2 import TemplateSyntaxError
    from jinja2 import UndefinedError as JinjaUndefined

    try:
        stat = path.stat()
        key = (str(path), stat.st_mtime_ns, stat.st_size)
        template = _file_template(key, tuple(sorted(options.items())))
        context = template.new_context(scope, shared=True)  # type: ignore[arg-type]
        text = join(template.root_render_func(context))
        # As Ansible: a newline that trim_blocks took from the end comes back.
        return text if not _ends_in_newline(key) or text.endswith("\n") else f"{text}\n"
    except TemplateSyntaxError as error:
        name = error.filename or str(path)
        raise TemplateError(_syntax_reason(error), Where(name, error.lineno, 1)) from None
    except JinjaUndefined as error:
        place = Where(str(path), _line_in(error, path), 1)
        raise TemplateError(_undefined_reason(str(error), scope), place) from None
    except UnicodeDecodeError:
        raise TemplateError("the template is not UTF-8", Where(str(path))) from None
    except (JinjaError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        place = Where(str(path), _line_in(error, path), 1)
        raise TemplateError(f"{type(error).__name__}: {error}", place) from None


@cache
def _ends_in_newline(key: tuple[str, int, int]) -> bool:
    return Path(key[0]).read_bytes().endswith(b"\n")


@cache
def _file_template(
    key: tuple[str, int, int], options: tuple[tuple[str, Any], ...]
) -> jinja2.Template:
    from jinja2 import FileSystemLoader

    path = Path(key[0])
    made = make_environment({"keep_trailing_newline": True, **dict(options)})
    made.loader = FileSystemLoader([path.parent, path.parent.parent])
    return made.get_template(path.name)


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
    return reason


def deep(value: Any, rendered: Callable[[Template], Any]) -> Any:
    """`value` with every template in it replaced by what `rendered` gives; `omit` is left out."""
    if isinstance(value, Template):
        return rendered(value)
    if isinstance(value, dict):
        pairs = ((key, deep(item, rendered)) for key, item in value.items())
        return {key: item for key, item in pairs if item is not OMIT}
    if isinstance(value, list | tuple):
        items = (deep(item, rendered) for item in value)
        return [item for item in items if item is not OMIT]
    return value


def templates_in(value: Any) -> Iterator[Template]:
    """Every template anywhere in `value`."""
    if isinstance(value, Template):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from templates_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from templates_in(item)
