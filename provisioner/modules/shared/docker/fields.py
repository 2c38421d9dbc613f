"""Types of parameters that several docker modules have."""

from __future__ import annotations

from typing import Annotated, Any

from provisioner.modules.framework.base import Words
from provisioner.modules.framework.fields import After, Before
from provisioner.modules.shared.docker.values import bytes_of, text_of


def _texts(value: Any) -> Any:
    """Convert the values of a mapping to text; true and false are in lower case."""
    if isinstance(value, dict):
        return {str(key): text_of(item) for key, item in value.items()}
    return value


def _size(value: Any) -> Any:
    """Return a size as text; ValueError if it is none."""
    bytes_of(str(value))
    return str(value)


Texts = Annotated[dict[str, str], Before(_texts)]


Size = Annotated[str, Before(_size)]


def _not_empty(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise ValueError("at least one name is required")
    return names


Names = Annotated[Words, After(_not_empty)]
