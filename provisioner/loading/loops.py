"""Load the loop of a task: `loop`, `with_LOOKUP` and `loop_control`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.errors import LoadError
from provisioner.language.play import Loop
from provisioner.language.plugins.local_plugins import HasPlugin, no_plugins
from provisioner.language.templating.template import Template
from provisioner.language.yaml_values import YamlMap, place_of
from provisioner.loading import keyword_values
from provisioner.loading import keywords as kw
from provisioner.where import Where, nearest


def load_loop(source: YamlMap, has_plugin: HasPlugin = no_plugins) -> Loop | None:
    """Return the loop of a task, None if it has none. Raises LoadError for a wrong loop.

    As in Ansible, `loop_control` without a loop is ignored.
    """
    control = _control(source)
    lookups = [key for key in source if str(key).startswith("with_")]
    keys = [*(["loop"] if "loop" in source else []), *lookups]
    if not keys:
        return None
    if len(keys) > 1:
        raise LoadError("a task can have only one loop", source.keys_at[keys[1]])
    key = keys[0]
    lookup = None if key == "loop" else str(key).removeprefix("with_")
    if lookup is not None:
        _check_lookup(lookup, source.keys_at[key], has_plugin)
    return Loop(
        items=source[key],
        lookup=lookup,
        variable=str(control.get("loop_var", "item")),
        index_variable=control.get("index_var"),
        label=control.get("label"),
        pause=control.get("pause"),
        extended=bool(control.get("extended", False)),
        extended_allitems=bool(control.get("extended_allitems", True)),
        name_templates={
            field: control[option]
            for option, field in _NAMES
            if isinstance(control.get(option), Template)
        },
    )


def _control(source: YamlMap) -> Mapping[str, Any]:
    control: Mapping[str, Any] = source.get("loop_control") or {}
    if not isinstance(control, Mapping):
        raise LoadError('"loop_control" must be a mapping', source.values_at["loop_control"])
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


def _check_lookup(name: str, where: Where, has_plugin: HasPlugin) -> None:
    from provisioner.language.lookups.registry import LOOKUPS, exists

    if not (exists(name) or has_plugin("lookup", name)):
        hint = nearest(name, LOOKUPS)
        raise LoadError(f'there is no lookup "{name}" to loop with', where, hint)


_NAMES = (("loop_var", "variable"), ("index_var", "index_variable"))


_CONTROL = frozenset(["loop_var", "index_var", "label", "pause", "extended", "extended_allitems"])
