"""The JSON Schema of playbooks, for editors: of the keywords and of the modules' parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from inspect import getdoc
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from provisioner.loading import keywords as kw
from provisioner.modules import COLLECTIONS, MODULES, find_module
from provisioner.modules.framework.base import Module
from provisioner.modules.framework.fields import Before, Parameters, descriptions, fields

Schema = dict[str, Any]

_TEMPLATE: Schema = {"type": "string", "pattern": r"\{[{%]"}
_FLAG: Schema = {
    "anyOf": [
        {"enum": [True, False, 0, 1, None]},
        {"type": "string", "pattern": r"^([yY]es|YES|[nN]o|NO|[oO]n|ON|[oO]ff|OFF)$|\{[{%]"},
    ]
}
_NAMES: Schema = {"type": ["string", "array", "null"]}
_MAPPING: Schema = {"type": ["object", "string", "null"]}
_NUMBER: Schema = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^\d|\{[{%]"}]}
_TASKS: Schema = {"$ref": "#/definitions/tasks"}
_TEXT: Schema = {"type": ["string", "number", "boolean", "null"]}

_KEYWORDS: Mapping[str, Schema] = {
    **dict.fromkeys(kw.FLAGS | {"gather_facts", "force_handlers"}, _FLAG),
    **dict.fromkeys(("block", "rescue", "always", "tasks", "pre_tasks", "post_tasks"), _TASKS),
    **dict.fromkeys(("async", "poll", "retries", "delay", "timeout", "throttle", "port"), _NUMBER),
    **dict.fromkeys(("name", "become_user", "remote_user", "connection", "register"), _TEXT),
    "handlers": _TASKS,
    "vars": {"type": ["object", "array", "null"]},
    "module_defaults": _MAPPING,
    "args": _MAPPING,
    "loop_control": _MAPPING,
    "tags": _NAMES,
    "notify": _NAMES,
    "listen": _NAMES,
    "collections": _NAMES,
    "hosts": {"type": ["string", "array"]},
    "roles": {"type": ["array", "null"], "items": {"type": ["string", "object"]}},
    "vars_files": _NAMES,
    "vars_prompt": {"type": ["array", "null"], "items": {"type": "object", "required": ["name"]}},
    "serial": {"type": ["integer", "string", "array"]},
    "become_method": {"anyOf": [{"enum": ["sudo", "su"]}, _TEMPLATE]},
    "order": {"anyOf": [{"enum": [*kw.ORDERS, None]}, _TEMPLATE]},
}


def playbook_schema() -> Schema:
    """Return a JSON Schema (draft 7) that accepts every playbook that can be loaded."""
    definitions: Schema = {
        "play": _mapping(kw.PLAY, required=["hosts"]),
        "import": _mapping({*kw.IMPORT_PLAYBOOK, "name", "vars", "tags", "when"}),
        "block": _mapping(kw.BLOCK, required=["block"]),
        "tasks": {
            "type": ["array", "null"],
            "items": {
                "if": {"type": "object", "required": ["block"]},
                "then": {"$ref": "#/definitions/block"},
                "else": {"$ref": "#/definitions/task"},
            },
        },
    }
    task = definitions["task"] = _mapping(kw.TASK)
    task["patternProperties"] = {"^with_": {}}
    for name, module in _modules():
        definitions |= _definitions(name, module)
        reference = {"$ref": f"#/definitions/module_{name}"}
        task["properties"][name] = reference
        task["properties"] |= {f"{collection}{name}": reference for collection in COLLECTIONS}
    imports = [{"required": [key]} for key in kw.IMPORT_PLAYBOOK]
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Playbook of provision",
        "type": "array",
        "items": {
            "if": {"type": "object", "anyOf": imports},
            "then": {"$ref": "#/definitions/import"},
            "else": {"$ref": "#/definitions/play"},
        },
        "definitions": definitions,
    }


def _mapping(names: Any, **more: Any) -> Schema:
    properties = {name: _KEYWORDS.get(name, {}) for name in sorted(names)}
    return {"type": "object", "properties": properties, "additionalProperties": False, **more}


def _modules() -> Iterator[tuple[str, type[Module]]]:
    for name in MODULES:
        yield name, find_module(name)
    yield "import_tasks", find_module("include_tasks")
    yield "import_role", find_module("include_role")


def _definitions(name: str, module: type[Module]) -> Schema:
    """Return the definitions of a module's arguments and of nested parameters.

    No parameter is required, because it may be in `args` or `module_defaults`.
    """
    definitions: Schema = {}
    properties = _properties(name, module, definitions)
    if module.free_form in properties:
        properties["_raw_params"] = properties[module.free_form]
    whole: Schema = {
        "description": getdoc(module) or "",
        "type": ["object", "string", "null", *(["array"] if module.free_form else [])],
        "properties": properties,
        "additionalProperties": module.accepts_any(),
    }
    return {f"module_{name}": whole, **definitions}


def _properties(name: str, parameters: type[Parameters], definitions: Schema) -> Schema:
    """Return the schemas of the parameters. An alias has the same schema as its parameter."""
    texts = descriptions(parameters)
    properties: Schema = {}
    for attribute, field in fields(parameters).items():
        text = texts.get(attribute, "")
        schema = _schema(field.annotation, name, definitions)
        if not field.required and _is_json(field.default):
            schema = {**schema, "default": field.default}
        properties[field.name] = {**schema, "description": text}
        for alias in field.aliases:
            properties[alias] = {**schema, "description": f"Alias of {field.name}. {text}".strip()}
    return properties


def _is_json(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | list | dict)


def _schema(annotation: Any, name: str, definitions: Schema) -> Schema:
    """Return the schema of a type. It accepts templates and the values that are converted, too."""
    origin, parts = get_origin(annotation) or annotation, get_args(annotation)
    if origin is Annotated:
        accepted = [mark.accepts for mark in parts[1:] if isinstance(mark, Before) and mark.accepts]
        return _schema(accepted[0] if accepted else parts[0], name, definitions)
    if origin is Literal:
        return {"anyOf": [{"enum": [*parts]}, _TEMPLATE]}
    if origin in (Union, UnionType):
        return {"anyOf": [_schema(part, name, definitions) for part in parts]}
    if origin in (list, tuple):
        items = _schema(parts[0], name, definitions)
        return {"type": ["array", "string", "number", "object", "null"], "items": items}
    if origin in (dict, Mapping):
        values = _schema(parts[1], name, definitions)
        return {"type": ["object", "string", "null"], "additionalProperties": values}
    if isinstance(origin, type) and issubclass(origin, Parameters):
        return {"anyOf": [{"$ref": _nested(origin, name, definitions)}, _TEMPLATE]}
    return _SIMPLE.get(origin, {})


def _nested(parameters: type[Parameters], name: str, definitions: Schema) -> str:
    """Return a reference to the definition of nested parameters, which is added."""
    key = f"module_{name}_{parameters.__name__}"
    if key not in definitions:
        definitions[key] = {
            "type": ["object", "string", "null"],
            "properties": _properties(name, parameters, definitions),
            "additionalProperties": False,
        }
    return f"#/definitions/{key}"


_SIMPLE: Mapping[Any, Schema] = {
    str: _TEXT,
    bool: _FLAG,
    int: _NUMBER,
    float: _NUMBER,
    NoneType: {"type": "null"},
}
