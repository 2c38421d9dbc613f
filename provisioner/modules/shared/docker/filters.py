"""Docker's filters, as the modules take them that speak of all of a kind."""

from __future__ import annotations

from typing import Annotated, Any

from provisioner.modules.framework.fields import Before
from provisioner.modules.shared.docker.client import DockerModule
from provisioner.modules.shared.docker.values import text_of


def _lists(value: Any) -> Any:
    """Each filter may have one value or several."""
    if not isinstance(value, dict):
        return value
    return {
        str(key): tuple(map(text_of, item if isinstance(item, list | tuple) else (item,)))
        for key, item in value.items()
    }


Filters = Annotated[dict[str, tuple[str, ...]], Before(_lists)]


class Filtered(DockerModule):
    """A module that speaks of the containers, images, networks and volumes that filters choose."""

    containers_filters: Filters | None = None
    """Filters for containers, as in `docker ps --filter`: {label: [a=b], status: exited, until:
    24h}."""
    images_filters: Filters | None = None
    """Filters for images. docker_prune with {dangling: false} also removes unused images that have
    a name."""
    networks_filters: Filters | None = None
    """Filters for networks, as in `docker network ls --filter`."""
    volumes_filters: Filters | None = None
    """Filters for volumes, as in `docker volume ls --filter`."""


def filters(given: Filters | None) -> list[str]:
    """The words for docker's `--filter`."""
    return [f"--filter={key}={item}" for key, items in (given or {}).items() for item in items]
