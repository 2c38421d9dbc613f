"""TESTS: the tests of templates (after `is`), in addition to the tests of Jinja."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from functools import wraps
from typing import Any

from jinja2 import Undefined, pass_context
from jinja2.exceptions import TemplateRuntimeError

from provisioner.language import versions
from provisioner.language.filters.text import compile_pattern, to_bool, to_text
from provisioner.language.tests.addresses import NET
from provisioner.language.tests.paths import DISK, is_abs
from provisioner.language.yaml_values import VAULT_HEADER, OpenedText

Test = Callable[..., bool]


def version(
    value: Any,
    version: Any,
    operator: str = "eq",
    strict: bool | None = None,
    version_type: str | None = None,
) -> bool:
    """Whether the version is equal to another one, or related to it by `operator`.

    Operators are <, <=, >, >=, == and !=, or lt, le, gt, ge, eq and ne. `version_type` is loose,
    strict, semver, semantic or pep440; loose is the default. The rules are those of
    ansible.builtin.version.
    """
    if value in (None, "") or version in (None, ""):
        raise TemplateRuntimeError("one of the two versions is empty")
    if strict is not None and version_type is not None:
        raise TemplateRuntimeError("strict and version_type exclude each other")
    kind = version_type or ("strict" if strict else "loose")
    try:
        return versions.compare(to_text(value), operator, to_text(version), kind)
    except ValueError as error:
        raise TemplateRuntimeError(str(error)) from None


def match(value: Any, pattern: str, ignorecase: bool = False, multiline: bool = False) -> bool:
    """Whether the text begins with a match of the pattern."""
    return compile_pattern(pattern, ignorecase, multiline).match(to_text(value)) is not None


def search(value: Any, pattern: str, ignorecase: bool = False, multiline: bool = False) -> bool:
    """Whether the text contains a match of the pattern."""
    return compile_pattern(pattern, ignorecase, multiline).search(to_text(value)) is not None


def regex(
    value: Any,
    pattern: str,
    ignorecase: bool = False,
    multiline: bool = False,
    match_type: str = "search",
) -> bool:
    """Whether the text contains a match of the pattern.

    `match_type` is search, match (at the beginning of the text) or fullmatch (the whole text).
    """
    if match_type not in ("search", "match", "fullmatch"):
        raise TemplateRuntimeError("match_type must be search, match or fullmatch")
    compiled = compile_pattern(pattern, ignorecase, multiline)
    return getattr(compiled, match_type)(to_text(value)) is not None


def _require_result(value: Any) -> Mapping[str, Any]:
    """Return the result of a task. Raises an error for other values."""
    if isinstance(value, Mapping):
        return value
    raise TemplateRuntimeError(f"a registered task result is needed, not a {type(value).__name__}")


def failed(result: Any) -> bool:
    """Whether the task of a registered result failed."""
    return bool(_require_result(result).get("failed", False))


def succeeded(result: Any) -> bool:
    """Whether the task of a registered result did not fail."""
    return not failed(result)


def changed(result: Any) -> bool:
    """Whether the task of a registered result changed something.

    A loop has changed something if one of its items has.
    """
    values = _require_result(result)
    if "changed" not in values and isinstance(values.get("results"), list):
        items = (item for item in values["results"] if isinstance(item, Mapping))
        return any(item.get("changed", False) for item in items)
    return bool(values.get("changed", False))


def skipped(result: Any) -> bool:
    """Whether the task of a registered result was skipped."""
    return bool(_require_result(result).get("skipped", False))


def started(result: Any) -> bool:
    """Whether an asynchronous task has started."""
    return bool(_require_result(result).get("started", 1))


def finished(result: Any) -> bool:
    """Whether an asynchronous task has finished."""
    return bool(_require_result(result).get("finished", 1))


def unreachable(result: Any) -> bool:
    """Whether the host of a registered result was unreachable."""
    return bool(_require_result(result).get("unreachable", False))


def reachable(result: Any) -> bool:
    """Whether the host of a registered result was reachable."""
    return not unreachable(result)


def subset(value: Iterable[Any], other: Iterable[Any]) -> bool:
    """Whether the other list contains all items of this one."""
    others = list(other)
    return all(item in others for item in value)


def superset(value: Iterable[Any], other: Iterable[Any]) -> bool:
    """Whether this list contains all items of the other one."""
    return subset(other, value)


def contains(value: Container[Any], item: Any) -> bool:
    """Whether the list, text or dict contains the item."""
    return item in value


def every(value: Iterable[Any]) -> bool:
    """Whether all items of the list are true."""
    return all(value)


def some(value: Iterable[Any]) -> bool:
    """Whether at least one item of the list is true."""
    return any(value)


def truthy(value: Any, convert_bool: bool = False) -> bool:
    """Whether the value is true by Python's rules.

    With `convert_bool`, the texts no, off, false, 0, n and f are false.
    """
    if convert_bool and isinstance(value, str):
        word = value.lower()
        if word in ("no", "off", "false", "0", "n", "f") or to_bool(word):
            return bool(to_bool(word))
    return bool(value)


def falsy(value: Any, convert_bool: bool = False) -> bool:
    """Whether the value is false by Python's rules.

    With `convert_bool`, the texts no, off, false, 0, n and f are false.
    """
    return not truthy(value, convert_bool)


def nan(value: Any) -> bool:
    """Whether the value is the floating-point number NaN."""
    return isinstance(value, float) and value != value


def vault_encrypted(value: Any) -> bool:
    """Whether the text is encrypted by a vault, or was encrypted under `!vault`."""
    encrypted = isinstance(value, str) and value.startswith(VAULT_HEADER)
    return encrypted or isinstance(value, OpenedText)


def uri(value: Any, schemes: Iterable[str] | None = None) -> bool:
    """Whether the text is a URI, with one of `schemes` if they are given.

    A URI may have no scheme, as in ansible.builtin.uri.
    """
    from urllib.parse import urlsplit

    try:
        scheme = urlsplit(value).scheme
        return schemes is None or scheme in list(schemes)
    except (ValueError, AttributeError, TypeError):
        return False


def url(value: Any, schemes: Iterable[str] | None = None) -> bool:
    """Whether the text is a URL: a URI with a host, or with the scheme file."""
    from urllib.parse import urlsplit

    if not uri(value, schemes):
        return False
    parts = urlsplit(value)
    return bool(parts.netloc) or parts.scheme == "file"


def urn(value: Any) -> bool:
    """Whether the text is a URN."""
    return uri(value, ["urn"])


def _guarded(name: str, function: Test, fresh: bool = False) -> Test:
    """Return the function with checks for undefined arguments.

    Its error messages contain the test's name. With `fresh`, Jinja calls it in every rendering.
    Jinja calls other tests with constant arguments when it compiles a template.
    """

    @wraps(function)
    def guarded(*args: Any, **options: Any) -> bool:
        for value in (*args, *options.values()):
            if isinstance(value, Undefined):
                value._fail_with_undefined_error()
        try:
            return function(*args, **options)
        except TemplateRuntimeError as error:
            raise TemplateRuntimeError(f"{name}: {error}") from None
        except (AttributeError, LookupError, OSError, TypeError, ValueError) as error:
            raise TemplateRuntimeError(f"{name}: {error}") from None

    @pass_context
    @wraps(function)
    def called_each_time(_context: Any, *args: Any, **options: Any) -> bool:
        return guarded(*args, **options)

    return called_each_time if fresh else guarded


PURE: dict[str, Test] = {
    "all": every,
    "any": some,
    **dict.fromkeys(("changed", "change"), changed),
    "contains": contains,
    **dict.fromkeys(("failed", "failure"), failed),
    "falsy": falsy,
    "finished": finished,
    **dict.fromkeys(("is_abs", "abs"), is_abs),
    **dict.fromkeys(("isnan", "nan"), nan),
    "match": match,
    "reachable": reachable,
    "regex": regex,
    "search": search,
    **dict.fromkeys(("skipped", "skip"), skipped),
    "started": started,
    **dict.fromkeys(("subset", "issubset"), subset),
    **dict.fromkeys(("succeeded", "success", "successful"), succeeded),
    **dict.fromkeys(("superset", "issuperset"), superset),
    "truthy": truthy,
    "unreachable": unreachable,
    "uri": uri,
    "url": url,
    "urn": urn,
    "vault_encrypted": vault_encrypted,
    **dict.fromkeys(("version", "version_compare"), version),
}
"""Tests that depend on nothing but their arguments."""

TESTS: dict[str, Test] = {
    prefix + name: test
    for tests, fresh, prefixes in (
        (PURE, False, ("", "ansible.builtin.")),
        (DISK, True, ("", "ansible.builtin.")),
        (NET, True, ("ansible.utils.",)),
    )
    for name, test in ((name, _guarded(name, each, fresh)) for name, each in tests.items())
    for prefix in prefixes
}
"""Every test by its short and its full name. Tests of collections have full names only."""
