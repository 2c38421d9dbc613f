"""`loop`, `with_LOOKUP` and `loop_control` ▶ `Loop`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.errors import LoadError
from provisioner.language.play import Loop
from provisioner.language.plugins.local_plugins import Brings, nothing
from provisioner.language.templating.template import Template
from provisioner.loading import keyword_values
from provisioner.loading import keywords as kw
from provisioner.loading.yaml_file import YamlMap, place_of
from provisioner.where import Where, nearest


def load_loop(source: YamlMap, brings: Brings = nothing) -> Loop | None:
    """The loop of a task's mapping; a `LoadError` for what can't be one.

    "loop_control" without a loop says nothing, as with Ansible: roles leave it behind.
    """
    control = _control(source)
    lookups = [key for key in source if str(key).startswith("with_")]
    given = [*(["loop"] if "loop" in source else []), *lookups]
    if not given:
        return None
    if len(given) > 1:
        raise LoadError("a task has one loop at most", source.keys_at[given[1]])
    named = str(given[0]).removeprefix("with_")
    if given[0] != "loop":
        _check_lookup(named, source.keys_at[given[0]], brings)
    return Loop(
        items=source[given[0]],
        lookup=None if given[0] == "loop" else named,
        variable=str(control.get("loop_var", "item")),
        index_variable=control.get("index_var"),
        label=control.get("label"),
        pause=control.get("pause"),
        extended=bool(control.get("extended", False)),
        extended_allitems=bool(control.get("extended_allitems", True)),
        name_templates={
            name: control[key] for key, name in _NAMES if isinstance(control.get(key), Template)
        },
    )


def _control(source: YamlMap) -> Mapping[str, Any]:
    control: Mapping[str, Any] = source.get("loop_control") or {}
    if not isinstance(control, Mapping):
        raise LoadError('"loop_control" is a mapping', source.values_at["loop_control"])
    for key in control:
        if key not in _CONTROL:
            place = getattr(control, "keys_at", {}).get(key)
            raise kw.unknown(key, _CONTROL, "loop_control", place)
    for key in ("loop_var", "index_var"):
        name = control.get(key)
        if isinstance(name, Template) or name is None:
            continue
        if not isinstance(name, str) or not name.isidentifier():
            reason = f"{key}: {keyword_values.shown(name)} can't be a variable's name"
            raise LoadError(reason, place_of(control, key))
    return control


def _check_lookup(name: str, where: Where, brings: Brings) -> None:
    from provisioner.language.lookups.registry import LOOKUPS, exists

    if not (exists(name) or brings("lookup", name)):
        hint = nearest(name, LOOKUPS)
        raise LoadError(f'there is no lookup "{name}" to loop with', where, hint)


_NAMES = (("loop_var", "variable"), ("index_var", "index_variable"))


_CONTROL = frozenset(["loop_var", "index_var", "label", "pause", "extended", "extended_allitems"])
