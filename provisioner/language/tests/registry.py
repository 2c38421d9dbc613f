"""TESTS: what a template can put after `is`, besides the tests of Jinja itself."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from functools import wraps
from typing import Any

from jinja2 import Undefined, pass_context
from jinja2.exceptions import TemplateRuntimeError

from provisioner.language import versions
from provisioner.language.filters.text import pattern_of, text_of, to_bool
from provisioner.language.tests.net import NET
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
    """Whether the version is equal to another, or as `operator` says: <, <=, >, >=, ==, !=."""
    if value in (None, "") or version in (None, ""):
        raise TemplateRuntimeError("one of the two versions is empty")
    if strict is not None and version_type is not None:
        raise TemplateRuntimeError("give strict or version_type, not both")
    kind = version_type or ("strict" if strict else "loose")
    try:
        return versions.compare(text_of(value), operator, text_of(version), kind)
    except ValueError as error:
        raise TemplateRuntimeError(str(error)) from None


def match(value: Any, pattern: str, ignorecase: bool = False, multiline: bool = False) -> bool:
    """Whether the text begins with what a pattern describes."""
    return pattern_of(pattern, ignorecase, multiline).match(text_of(value)) is not None


def search(value: Any, pattern: str, ignorecase: bool = False, multiline: bool = False) -> bool:
    """Whether a pattern is found anywhere in the text."""
    return pattern_of(pattern, ignorecase, multiline).search(text_of(value)) is not None


def regex(
    value: Any,
    pattern: str,
    ignorecase: bool = False,
    multiline: bool = False,
    match_type: str = "search",
) -> bool:
    """Whether a pattern is found; `match_type` is search, match or fullmatch."""
    if match_type not in ("search", "match", "fullmatch"):
        raise TemplateRuntimeError("match_type is search, match or fullmatch")
    compiled = pattern_of(pattern, ignorecase, multiline)
    return getattr(compiled, match_type)(text_of(value)) is not None


def _result(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    raise TemplateRuntimeError(
        f"the result of a task is needed (a registered variable), not {type(value).__name__}"
    )


def failed(result: Any) -> bool:
    """Whether the task of a registered result failed."""
    return bool(_result(result).get("failed", False))


def succeeded(result: Any) -> bool:
    """Whether the task of a registered result did not fail."""
    return not failed(result)


def changed(result: Any) -> bool:
    """Whether the task of a registered result changed something, in one of its loops at least."""
    found = _result(result)
    if "changed" not in found and isinstance(found.get("results"), list):
        items = (item for item in found["results"] if isinstance(item, Mapping))
        return any(item.get("changed", False) for item in items)
    return bool(found.get("changed", False))


def skipped(result: Any) -> bool:
    """Whether the task of a registered result was skipped."""
    return bool(_result(result).get("skipped", False))


def started(result: Any) -> bool:
    """Whether an asynchronous task has begun."""
    return bool(_result(result).get("started", 1))


def finished(result: Any) -> bool:
    """Whether an asynchronous task is over."""
    return bool(_result(result).get("finished", 1))


def unreachable(result: Any) -> bool:
    """Whether the host could not be reached for the task."""
    return bool(_result(result).get("unreachable", False))


def reachable(result: Any) -> bool:
    """Whether the host could be reached for the task."""
    return not unreachable(result)


def subset(value: Iterable[Any], other: Iterable[Any]) -> bool:
    """Whether the other list has all items of this one."""
    there = list(other)
    return all(item in there for item in value)


def superset(value: Iterable[Any], other: Iterable[Any]) -> bool:
    """Whether this list has all items of the other one."""
    return subset(other, value)


def contains(value: Container[Any], item: Any) -> bool:
    """Whether the list, text or dict has the item."""
    return item in value


def every(value: Iterable[Any]) -> bool:
    """Whether all items are true."""
    return all(value)


def some(value: Iterable[Any]) -> bool:
    """Whether at least one item is true."""
    return any(value)


def truthy(value: Any, convert_bool: bool = False) -> bool:
    """Whether the value is true as Python sees it; with `convert_bool` "no" and "off" are not."""
    if convert_bool and isinstance(value, str):
        word = value.lower()
        if word in ("no", "off", "false", "0", "n", "f") or to_bool(word):
            return bool(to_bool(word))
    return bool(value)


def falsy(value: Any, convert_bool: bool = False) -> bool:
    """Whether the value is false as Python sees it; with `convert_bool` also "no" and "off"."""
    return not truthy(value, convert_bool)


def nan(value: Any) -> bool:
    """Whether the value is the float that is not a number."""
    return isinstance(value, float) and value != value


def vault_encrypted(value: Any) -> bool:
    """Whether the text is encrypted by vault, or stands under `!vault`."""
    encrypted = isinstance(value, str) and value.startswith(VAULT_HEADER)
    return encrypted or isinstance(value, OpenedText)


def uri(value: Any, schemes: Iterable[str] | None = None) -> bool:
    """Whether the text can be read as a URI (a scheme may be left out), with one of `schemes`."""
    from urllib.parse import urlsplit

    try:
        scheme = urlsplit(value).scheme
        return schemes is None or scheme in list(schemes)
    except (ValueError, AttributeError, TypeError):
        return False


def url(value: Any, schemes: Iterable[str] | None = None) -> bool:
    """Whether the text is a URL, with a host."""
    from urllib.parse import urlsplit

    if not uri(value, schemes):
        return False
    parts = urlsplit(value)
    return bool(parts.netloc) or parts.scheme == "file"


def urn(value: Any) -> bool:
    """Whether the text is a URN."""
    return uri(value, ["urn"])


def _guarded(name: str, function: Test, fresh: bool = False) -> Test:
    """`function` that is strict about undefined values and names the test in its errors."""

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
    def asked_anew(_context: Any, *args: Any, **options: Any) -> bool:
        return guarded(*args, **options)

    return asked_anew if fresh else guarded


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
"""Tests that depend on their arguments only."""

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
"""Every test by its short and its full name; those of collections have full names only."""
