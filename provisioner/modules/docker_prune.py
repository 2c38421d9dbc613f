"""docker_prune: remove objects that are not used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from provisioner.modules.framework.base import TaskContext
from provisioner.modules.shared.docker.client import CLIENT
from provisioner.modules.shared.docker.filters import Filtered, Filters, filter_options
from provisioner.modules.shared.docker.values import rounded_bytes
from provisioner.remote.shell import Program, Report, quote

BODY = (
    CLIENT
    + r"""
if [ "$look" = yes ]; then report check ''; return; fi
on_failure=explain_run error=''
need_docker 'prune' || return 0
eval "set -- $commands"
for command in "$@"; do
    eval "set -- $command"
    key=$1 _what="prune $1"
    shift
    run cli "$@" || broken "$_what" "exit $status"
    pruned=$(stdout)
    report "pruned_$key" "$pruned"
    case $pruned in
        '' | 'Total reclaimed space: 0'*B) ;;
        *) changed "$_what" ;;
    esac
done
"""
)

KINDS = {"containers": "container", "images": "image", "networks": "network", "volumes": "volume"}


class DockerPrune(Filtered):
    """Remove containers, images, networks and volumes that are not used."""

    body: ClassVar[str] = BODY

    containers: bool = False
    """Remove containers that are not running."""
    images: bool = False
    """Remove images that have no name and that no container uses."""
    networks: bool = False
    """Remove networks that no container is connected to."""
    volumes: bool = False
    """Remove volumes that no container uses."""
    builder_cache: bool = False
    """Remove the cache of image builds (Docker 18.09 and later)."""
    builder_cache_all: bool = False
    """With `builder_cache`, remove the whole cache, not only its dangling parts."""
    builder_cache_filters: Filters | None = None
    """With `builder_cache`, filters for the parts of the cache to remove."""
    builder_cache_keep_storage: str | None = None
    """With `builder_cache`, how much of the cache to keep, such as `10GB`."""

    @property
    def acts(self) -> bool:
        return True

    def program(self, context: TaskContext) -> Program:
        commands = [" ".join(map(quote, arguments)) for arguments in self._commands()]
        return Program("docker_prune", self.body, {"commands": commands, **self.client_variables()})

    def _commands(self) -> Iterator[list[str]]:
        """Yield the docker commands to run, each after the key of its return value."""
        for key, kind in KINDS.items():
            if not getattr(self, key):
                continue
            filters = dict(getattr(self, f"{key}_filters") or {})
            all_option = []
            if key == "images" and "dangling" in filters:
                # Docker 1.13 has --all instead of this filter.
                named_too = filters.pop("dangling")[-1].lower() == "false"
                all_option = ["--all"] if named_too else []
            yield [key, kind, "prune", "--force", *all_option, *filter_options(filters)]
        if self.builder_cache:
            arguments = ["builder_cache", "builder", "prune", "--force"]
            arguments += ["--all"] if self.builder_cache_all else []
            keep = self.builder_cache_keep_storage
            arguments += [f"--keep-storage={keep}"] if keep else []
            yield [*arguments, *filter_options(self.builder_cache_filters)]

    def returns(self, report: Report) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key in (*KINDS, "builder_cache"):
            if f"pruned_{key}" not in report.records:
                continue
            text = report.get(f"pruned_{key}")
            lines = [line for line in text.splitlines() if line and ":" not in line[-1:]]
            reclaimed = [line for line in lines if line.startswith("Total")]
            if key != "builder_cache":
                values[key] = [line.rpartition(" ")[2] for line in lines if line not in reclaimed]
            if key != "networks":
                sizes = (line.rpartition(":")[2] for line in reclaimed)
                values[f"{key}_space_reclaimed"] = sum(map(rounded_bytes, sizes))
        return values
