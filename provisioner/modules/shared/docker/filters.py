"""The parameters for docker's filters, in docker_host_info and docker_prune."""

from __future__ import annotations

from typing import Annotated, Any

from provisioner.modules.framework.fields import Before
from provisioner.modules.shared.docker.client import DockerModule
from provisioner.modules.shared.docker.values import text_of


def _lists(value: Any) -> Any:
    """Convert a mapping of filters; each filter has one value or a list of them."""
    if not isinstance(value, dict):
        return value
    return {
        str(key): tuple(map(text_of, item if isinstance(item, list | tuple) else (item,)))
        for key, item in value.items()
    }


Filters = Annotated[dict[str, tuple[str, ...]], Before(_lists)]


class Filtered(DockerModule):
    """A module with filters for containers, images, networks and volumes."""

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


def filter_options(filters: Filters | None) -> list[str]:
    """Return the `--filter` options of the docker command."""
    return [f"--filter={key}={item}" for key, items in (filters or {}).items() for item in items]
