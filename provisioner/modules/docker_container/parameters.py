"""docker_container's parameters: how the container is kept."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from provisioner.modules.docker_container.compare import Comparison
from provisioner.modules.docker_container.fields import ContainerConfig
from provisioner.modules.framework.fields import Before, parameter


def _pull_policy(value: Any) -> Any:
    words = {"true": "always", "yes": "always", "false": "missing", "no": "missing"}
    return words.get(str(value).lower(), value)


class ContainerParameters(ContainerConfig):
    """How a container is kept. See fields.py for what it is made of."""

    name: str
    """The container's name; an existing one is also found by its id."""
    image: str | None = None
    """The image, pulled where it is missing (an id is never pulled). Needed to make one; unset
    keeps an existing container's."""
    state: Literal["absent", "present", "healthy", "stopped", "started"] = "started"
    """started runs; stopped does not; present may do either; absent is removed. healthy is as
    started, and does not wait for the health check."""
    command_handling: Literal["compatibility", "correct"] = "correct"
    """Ignored: words stay words (correct)."""
    comparisons: dict[str, Comparison] = parameter({})
    """How strictly parameters are compared: strict, ignore or allow_more_present, by parameter; `*`
    is all others. By default values and lists have to be equal, and of dictionaries and sets there
    may be more."""
    container_default_behavior: Literal["compatibility", "no_defaults"] = "no_defaults"
    """compatibility gives unset parameters (detach, memory, privileged, …) their old defaults."""
    default_host_ip: str | None = None
    """The address of the host for published ports that name none."""
    detach: bool | None = None
    """false waits for the container's end: the task fails where its exit status is not 0."""
    cleanup: bool = False
    """With detach: false, remove the container when it has ended."""
    force_kill: bool = parameter(False, aliases=("forcekill",))
    """Kill it instead of stopping it."""
    healthy_wait_timeout: float | None = 300
    """Ignored."""
    ignore_image: bool = False
    """Do not make it anew because of another image: `comparisons: {image: ignore}`."""
    image_comparison: Literal["desired-image", "current-image"] = "desired-image"
    """Which image's environment, labels, ports and volumes count when comparing."""
    image_label_mismatch: Literal["ignore", "fail"] = "ignore"
    """Ignored: labels that only the image has are never a failure."""
    image_name_mismatch: Literal["recreate", "ignore"] = "ignore"
    """Whether it is made anew where its image is the same by another name."""
    keep_volumes: bool = True
    """Keep the anonymous volumes of a container that is removed."""
    kill_signal: str | None = None
    """The signal for force_kill."""
    networks_cli_compatible: bool = True
    """Make it in the first of `networks` only; false adds them to the default network."""
    output_logs: bool = False
    """Ignored: with detach: false the output is always returned."""
    paused: bool | None = None
    """Whether a running container is paused."""
    pull: Annotated[Literal["never", "missing", "always"], Before(_pull_policy)] = "missing"
    """When to pull the image; true is always, false is missing."""
    pull_check_mode_behavior: Literal["image_not_present", "always"] = "image_not_present"
    """Ignored: a check says that it would pull wherever it would."""
    purge_networks: bool = False
    """Leave all other networks: `comparisons: {networks: strict}`."""
    recreate: bool = False
    """Make it anew in any case."""
    removal_wait_timeout: float | None = None
    """Ignored: docker rm returns when the container is gone."""
    restart: bool = False
    """Restart it, if it was running."""
