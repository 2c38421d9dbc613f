"""Replace a container by a new one, and finish or undo a replacement that was interrupted.

The steps, by replace.sh: the new container is created as `NAME.provision-new` while the old one
still runs. Then the old one is stopped and renamed to `NAME.provision-old`, the new one gets the
name and is started. If docker refuses any of this, or the new container ends at once with an error,
the new one is removed and the old one is back as it was. Otherwise the old one is removed.

A run that was killed in between leaves one or both of these names. The next run decides by them:

- `NAME.provision-new`: the new container was never put in place. It is removed.
- `NAME.provision-old`, and `NAME` was started: only the removal of the old container is missing.
- `NAME.provision-old`, and `NAME` is missing or was never started: the old container served last.
  It gets its name back, and a `NAME` is removed.

After that it compares the container as usual, and replaces it again where it differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from provisioner.modules.docker_container.create import first_network
from provisioner.modules.docker_container.namespaces import namespace_owners
from provisioner.modules.docker_container.parameters import ContainerParameters
from provisioner.modules.shared.docker.commands import DockerCommand
from provisioner.modules.shared.docker.references import is_id, with_tag
from provisioner.remote.shell import Value

Container = Mapping[str, Any]

_OWN_NETWORKS = ("default", "bridge", "host", "none")
"""Network modes that need no network of that name to be created."""


def new_name(name: str) -> str:
    """Return the name of the new container until it is put in place."""
    return f"{name}.provision-new"


def old_name(name: str) -> str:
    """Return the name of the old container until it is removed."""
    return f"{name}.provision-old"


def leftover_names(name: str) -> tuple[str, str]:
    """Return the names that an interrupted replacement may leave."""
    return new_name(name), old_name(name)


def settle(
    name: str, container: Container | None, containers: Iterable[Container]
) -> tuple[Sequence[DockerCommand], Container | None]:
    """Return what finishes or undoes an interrupted replacement, and the container after it.

    `container` is the one that has the name now, `containers` are all that docker described.
    """
    by_name = {str(item.get("Name")).lstrip("/"): item for item in containers}
    new, old = by_name.get(new_name(name)), by_name.get(old_name(name))
    commands = []
    if new is not None:
        commands.append(_remove(new, f"remove {new_name(name)}, left by an interrupted run"))
    if old is not None and container is not None and _was_started(container):
        commands.append(_remove(old, f"remove {old_name(name)}, left by an interrupted run"))
    elif old is not None:
        if container is not None:
            commands.append(_remove(container, f"remove {name}, which was never started"))
        what = f"rename {old_name(name)} back to {name}, after an interrupted run"
        commands.append(DockerCommand(what, ["rename", str(old["Id"]), name]))
        container = {**old, "Name": f"/{name}"}
    return commands, container


def _was_started(container: Container) -> bool:
    return (container.get("State") or {}).get("Status") != "created"


def _remove(container: Container, what: str) -> DockerCommand:
    return DockerCommand(what, ["rm", "--force", str(container["Id"])])


def needs(config: ContainerParameters) -> Iterator[DockerCommand]:
    """Yield the checks of what a new container needs, in docker's words of types."""
    networks = [first_network(config) or "", *(network.name for network in config.networks or ())]
    needed = {
        "network": [
            name
            for name in networks
            if name and name not in _OWN_NETWORKS and not name.startswith("container:")
        ],
        "running": [
            *(link.partition(":")[0] for link in config.links or ()),
            *namespace_owners(config),
        ],
        "container": [text.partition(":")[0] for text in config.volumes_from or ()],
    }
    for kind, names in needed.items():
        if names:
            yield DockerCommand("", ["need", kind, *dict.fromkeys(names)], "call")


def needs_image(config: ContainerParameters) -> Iterator[DockerCommand]:
    """Yield the check that the image is on the host, where it can't or must not be pulled."""
    image = with_tag(config.image or "")
    if config.pull == "never" or is_id(image):
        yield DockerCommand("", ["need", "image", image], "call")


def variables(config: ContainerParameters, container: Container | None) -> dict[str, Value]:
    """Return the variables of replace.sh for the container that is replaced; None for none."""
    old = container or {}
    state, host_config = old.get("State") or {}, old.get("HostConfig") or {}
    return {
        "replaces": container is not None,
        "new_name": new_name(config.name),
        "kept_name": old_name(config.name),
        "old_container": str(old.get("Id")),
        "old_name": str(old.get("Name")).lstrip("/"),
        "old_paused": bool(state.get("Paused")),
        "old_vanishes": bool(host_config.get("AutoRemove")),
    }
