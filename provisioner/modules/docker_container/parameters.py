"""The parameters of docker_container that say how a container is kept."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from provisioner.modules.docker_container.compare import Comparison
from provisioner.modules.docker_container.fields import ContainerConfig
from provisioner.modules.framework.fields import Before, parameter


def _pull_policy(value: Any) -> Any:
    """Convert the booleans of older playbooks."""
    words = {"true": "always", "yes": "always", "false": "missing", "no": "missing"}
    return words.get(str(value).lower(), value)


class ContainerParameters(ContainerConfig):
    """The parameters of docker_container; fields.py has those that a container is created with."""

    name: str
    """The container's name. An existing container is also found by its id."""
    image: str | None = None
    """The image. It is pulled if it is missing, unless it is given by id. Needed to create a
    container; by default an existing container keeps its image."""
    state: Literal["absent", "present", "healthy", "stopped", "started"] = "started"
    """`started` runs the container, `stopped` stops it, `present` only makes sure that it exists,
    `absent` removes it. `healthy` is the same as `started`: it does not wait for the health
    check."""
    command_handling: Literal["compatibility", "correct"] = "correct"
    """Ignored: the words of a command are always kept as they are (`correct`)."""
    comparisons: dict[str, Comparison] = parameter({})
    """How strictly parameters are compared with an existing container, by parameter; `*` is for all
    others. Values: `strict`, `ignore`, `allow_more_present`. By default single values and lists
    must be equal; dictionaries and sets may hold more."""
    container_default_behavior: Literal["compatibility", "no_defaults"] = "no_defaults"
    """`compatibility` gives parameters that are not set (detach, memory, privileged and others) the
    defaults of older versions of Ansible."""
    default_host_ip: str | None = None
    """The host's address for published ports that name none."""
    detach: bool | None = None
    """`false` waits until the container ends. The task fails if its exit status is not 0."""
    cleanup: bool = False
    """With `detach: false`, remove the container after it has ended."""
    force_kill: bool = parameter(False, aliases=("forcekill",))
    """Kill the container instead of stopping it."""
    healthy_wait_timeout: float | None = 300
    """Ignored: `state: healthy` does not wait."""
    ignore_image: bool = False
    """Do not recreate the container because of another image; the same as `comparisons: {image:
    ignore}`."""
    image_comparison: Literal["desired-image", "current-image"] = "desired-image"
    """The image whose environment, labels, ports and volumes are expected in the container: the one
    of the task, or the one that the container was created from."""
    image_label_mismatch: Literal["ignore", "fail"] = "ignore"
    """Ignored: labels that only the image has never make the task fail."""
    image_name_mismatch: Literal["recreate", "ignore"] = "ignore"
    """Whether to recreate the container if its image is the same under another name."""
    keep_volumes: bool = True
    """Keep the anonymous volumes of a container that is removed."""
    kill_signal: str | None = None
    """With `force_kill`, the signal to send; by default KILL."""
    networks_cli_compatible: bool = True
    """Ignored: the container is always created in the first of `networks`. Add `bridge` to them to
    keep it in the default network."""
    output_logs: bool = False
    """Ignored: with `detach: false` the output is always returned."""
    paused: bool | None = None
    """Whether the running container is paused."""
    pull: Annotated[Literal["never", "missing", "always"], Before(_pull_policy)] = "missing"
    """When to pull the image: `always`, if it is `missing`, or `never`. The values true and false
    mean `always` and `missing`."""
    pull_check_mode_behavior: Literal["image_not_present", "always"] = "image_not_present"
    """Ignored: check mode reports every pull that would be done."""
    purge_networks: bool = False
    """Disconnect the container from networks that are not in `networks`; the same as `comparisons:
    {networks: strict}`."""
    recreate: bool = False
    """Recreate the container even if nothing differs."""
    removal_wait_timeout: float | None = None
    """Ignored: `docker rm` returns when the container is gone."""
    restart: bool = False
    """Restart the container if it was running already."""
