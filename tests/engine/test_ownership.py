"""Objects of the engine own their state: only their own methods change it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ENGINE = Path(__file__).resolve().parents[2] / "provisioner" / "engine"
FILES = sorted(ENGINE.glob("*.py"))

MUTATORS = frozenset(
    {
        "add", "append", "appendleft", "clear", "difference_update", "discard", "extend",
        "extendleft", "insert", "intersection_update", "pop", "popitem", "popleft", "remove",
        "reverse", "rotate", "setdefault", "sort", "subtract", "symmetric_difference_update",
        "update",
    }
)  # fmt: skip
"""The methods by which lists, dicts, sets, deques and counters are changed."""


def foreign_writes(source: str) -> list[str]:
    """The statements and calls that change an attribute of another object than `self`."""
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        for changed in changed_by(node)
        if is_foreign(changed)
    ]


def changed_by(node: ast.AST) -> Iterator[ast.expr]:
    """Return the expressions that a statement or call changes."""
    match node:
        case ast.Assign(targets=targets) | ast.Delete(targets=targets):
            for target in targets:
                yield from unpacked(target)
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            yield target
        case ast.For(target=target) | ast.comprehension(target=target):
            yield from unpacked(target)
        case ast.withitem(optional_vars=ast.expr() as target):
            yield from unpacked(target)
        case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[changed, *_]):
            yield ast.Attribute(changed, "any")
        case ast.Call(func=ast.Attribute(attr="__setattr__"), args=[changed, *_]):
            yield ast.Attribute(changed, "any")
        case ast.Call(func=ast.Attribute(value=changed, attr=method)) if method in MUTATORS:
            yield changed


def unpacked(target: ast.expr) -> Iterator[ast.expr]:
    """The single targets of an assignment to a tuple or list."""
    match target:
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts:
                yield from unpacked(part)
        case ast.Starred(value=part):
            yield part
        case _:
            yield target


def is_foreign(changed: ast.expr) -> bool:
    """Whether the expression is an attribute, or part of one, of another object than `self`."""
    while isinstance(changed, ast.Subscript):
        changed = changed.value
    if isinstance(changed, ast.Call):
        return isinstance(changed.func, ast.Name) and changed.func.id == "vars"
    if not isinstance(changed, ast.Attribute) or changed.attr == "__dict__":
        return isinstance(changed, ast.Attribute)
    return not (isinstance(changed.value, ast.Name) and changed.value.id == "self")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_file_of_the_engine_changes_the_state_of_another_object(file: Path) -> None:
    assert not foreign_writes(file.read_text())


@pytest.mark.parametrize(
    "line",
    [
        "self._position.failing = True",
        "self._position.at += 1",
        "del self._position.lists[1:]",
        "self._play_world.jobs[name] = module",
        "self._state.handlers.append(task)",
        "self._state.ran.setdefault(key, value)",
        "state.facts_gathered = True",
        "flow.lines.append(line)",
        "a, state.out = 1, None",
        "for state.name in names: pass",
        "setattr(state, name, value)",
        "object.__setattr__(state, name, value)",
        "vars(state).update(values)",
        "state.__dict__[name] = value",
    ],
)
def test_a_change_of_another_objects_state_is_found(line: str) -> None:
    assert foreign_writes(line)


@pytest.mark.parametrize(
    "line",
    [
        "self.failing = True",
        "self._lists[0] = tasks",
        "del self._lists[1:]",
        "self._reports.append(report)",
        "object.__setattr__(self, name, value)",
        "self._loop.begin(items, started)",
        "names = self._state.facts.copy()",
        "names[0] = 1",
        "members.setdefault(group, []).append(host)",
    ],
)
def test_a_change_of_the_objects_own_state_is_allowed(line: str) -> None:
    assert not foreign_writes(line)
