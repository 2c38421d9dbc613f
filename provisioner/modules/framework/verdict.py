"""pydantic's judgement about arguments: conversions, several errors at once, JSON Schema.

The only file that imports pydantic: `quick` takes what needs no judgement.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

import pydantic
from pydantic import ValidationError
from pydantic_core import InitErrorDetails, core_schema

from provisioner.modules.framework.model import Model, Parameter


def values(model: type[Model], given: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the fields that are given, and of what else a class takes that is open.
    Raises ValidationError."""
    return _values(twin(model).model_validate(dict(given)))


def refusal(model: type[Model], given: Mapping[str, Any], error: Exception) -> Exception:
    """The ValidationError for what a method of the class found wrong with the whole."""
    if isinstance(error, ValidationError):
        return error
    kind = "assertion_error" if isinstance(error, AssertionError) else "value_error"
    details = InitErrorDetails(type=kind, loc=(), input=given, ctx={"error": error})
    return ValidationError.from_exception_data(model.__name__, [details])


def errors(error: ValueError) -> list[Any]:
    """What a ValidationError holds; raises anything else."""
    if not isinstance(error, ValidationError):
        raise error
    return list(error.errors())


def schema(model: type[Model], **options: Any) -> dict[str, Any]:
    """The JSON Schema of what may be given."""
    return twin(model).model_json_schema(**options)


def core_schema_of(model: type[Model], handler: Any) -> Any:
    """A nested class for pydantic: what its twin takes, made an object of it."""
    made = core_schema.no_info_after_validator_function
    return made(lambda found: model.model_made(_values(found)), handler(twin(model)))


@cache
def twin(model: type[Model]) -> type[pydantic.BaseModel]:
    """The same fields as a class of pydantic's."""
    fields: dict[str, Any] = {
        name: declared(model, field) for name, field in model.model_fields.items()
    }
    config = pydantic.ConfigDict(**model.model_config)  # type: ignore[typeddict-item]
    made: type[pydantic.BaseModel] = pydantic.create_model(
        model.__name__, __config__=config, __doc__=model.__doc__, __module__=__name__, **fields
    )
    return made


def declared(model: type[Model], field: Parameter) -> tuple[Any, Any]:
    """A field for pydantic: its type, and all else about it."""
    return _annotation(model, field), _field(field)


def _annotation(model: type[Model], field: Parameter) -> Any:
    after = [pydantic.AfterValidator(method) for method in model.validating("after", field.name)]
    before = [pydantic.BeforeValidator(method) for method in model.validating("before", field.name)]
    found = field.annotation
    for validator in (*after, *before):
        found = Annotated[found, validator]
    return found


def _field(field: Parameter) -> Any:
    options: dict[str, Any] = dict(field.limits)
    if field.aliases:
        options["validation_alias"] = pydantic.AliasChoices(*field.aliases)
    if field.factory is not None:
        return pydantic.Field(default_factory=field.factory, **options)
    return pydantic.Field(... if field.is_required() else field.default, **options)


def _values(found: pydantic.BaseModel) -> dict[str, Any]:
    return {name: getattr(found, name) for name in found.model_fields_set}
