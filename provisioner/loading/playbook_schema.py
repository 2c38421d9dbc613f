"""The JSON Schema of playbooks, for editors: made from the keywords and the modules' models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from provisioner.loading import keywords as kw
from provisioner.modules import COLLECTIONS, MODULES, find_module
from provisioner.modules.framework import arguments
from provisioner.modules.framework.base import Module

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
    """A JSON Schema (draft 7) that accepts every playbook which can run, but for files it needs."""
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
    """The module's arguments, and what its fields refer to. Nothing is required: `args` and
    `module_defaults` may give it."""
    made = module.model_json_schema(by_alias=False)
    below = {f"module_{name}_{key}": value for key, value in made.pop("$defs", {}).items()}
    fields = made.get("properties", {})
    properties = {
        alias: _widened(fields[field], name)
        for alias, field in arguments.names(module).items()
        if field in fields
    }
    if module.free_form in properties:
        properties["_raw_params"] = properties[module.free_form]
    whole: Schema = {
        "description": made.get("description", ""),
        "type": ["object", "string", "null", *(["array"] if module.free_form else [])],
        "properties": properties,
        "additionalProperties": module.open or module.ignores,
    }
    return {f"module_{name}": whole} | {key: _widened(part, name) for key, part in below.items()}


def _widened(schema: Any, name: str) -> Any:
    """What a playbook may write where a model has `schema`: templates and YAML's own types too."""
    if not isinstance(schema, dict):
        return schema
    said = {key: schema[key] for key in ("description", "default") if key in schema}
    if "$ref" in schema:
        reference = f"#/definitions/module_{name}_{schema['$ref'].rpartition('/')[2]}"
        return {**said, "anyOf": [{"$ref": reference}, _TEMPLATE]}
    if "anyOf" in schema:
        return {**said, "anyOf": [_widened(part, name) for part in schema["anyOf"]]}
    if "enum" in schema or "const" in schema:
        known = {key: schema[key] for key in ("enum", "const") if key in schema}
        return {**said, "anyOf": [known, _TEMPLATE]}
    match schema.get("type"):
        case "boolean":
            return {**said, **_FLAG}
        case "integer" | "number":
            return {**said, **_NUMBER}
        case "string":
            return {**said, **_TEXT}
        case "array":
            items = _widened(schema.get("items", {}), name)
            whole = {"type": ["array", "string", "number", "object", "null"], "items": items}
            return {**said, **whole}
        case "object":
            return {**said, **_object(schema, name)}
        case "null":
            return {"type": "null"}
    return said


def _object(schema: Mapping[str, Any], name: str) -> Schema:
    fields = {key: _widened(part, name) for key, part in schema.get("properties", {}).items()}
    found: Schema = {"type": ["object", "string", "null"], "properties": fields}
    more = schema.get("additionalProperties", True)
    found["additionalProperties"] = _widened(more, name)
    return found
