"""docker_volume: create or remove a volume."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import TaskContext
from provisioner.modules.framework.fields import parameter
from provisioner.modules.shared.docker import commands
from provisioner.modules.shared.docker.client import CLIENT, DockerModule, read_answer
from provisioner.modules.shared.docker.commands import DockerCommand
from provisioner.modules.shared.docker.fields import Texts
from provisioner.remote.shell import Program, Report

BODY = (
    CLIENT
    + r"""
error='' _what='' what="$verb volume $name"
need_docker "$what" || return 0
ask volume inspect "$name"
need_answer "$what" || return 0
report answer "$answer"
"""
)


class DockerVolume(DockerModule):
    """Create or remove a volume."""

    body: ClassVar[str] = BODY

    volume_name: str = parameter(aliases=("name",))
    """The volume's name."""
    state: Literal["absent", "present"] = "present"
    """Whether the volume exists."""
    driver: str = "local"
    """The volume's driver."""
    driver_options: Texts = parameter({})
    """Options of the driver, by name."""
    labels: Texts | None = None
    """Labels of the volume, by name."""
    recreate: Literal["always", "never", "options-changed"] = "never"
    """When to replace an existing volume, which deletes its data: `options-changed` does it if the
    driver, its options or the labels differ."""

    _before: Mapping[str, Any] | None = None

    @property
    def acts(self) -> bool:
        return self.state == "present" and self.recreate == "always"

    def program(self, context: TaskContext) -> Program:
        verb = "remove" if self.state == "absent" else "create"
        variables = {"name": self.volume_name, "verb": verb, **self.client_variables()}
        return Program("docker_volume", self.body, variables)

    def edit(self, report: Report) -> Program | None:
        answer = read_answer(report)
        if answer is None:
            return None
        self._before = self._find(answer.objects())
        needed = [*self._commands()]
        if not needed:
            return None
        return commands.program(
            self,
            needed,
            subject=self.volume_name,
            inspect=["volume", "inspect", self.volume_name],
            expect="absent" if self.state == "absent" else "present",
        )

    def _find(self, objects: list[dict[str, Any]]) -> Mapping[str, Any] | None:
        return next((item for item in objects if item.get("Name") == self.volume_name), None)

    def _commands(self) -> Iterator[DockerCommand]:
        name, reason = self.volume_name, ""
        if self.state == "present" and self._before is not None:
            differences = self._differences() if self.recreate == "options-changed" else []
            if self.recreate != "always" and not differences:
                return
            reason = f" to recreate it: {', '.join(differences) or 'recreate'}"
        if self._before is not None:
            yield DockerCommand(f"remove volume {name}{reason}", ["volume", "rm", name])
        if self.state == "present":
            arguments = ["volume", "create", f"--driver={self.driver}"]
            arguments += [f"--opt={key}={value}" for key, value in self.driver_options.items()]
            arguments += [f"--label={key}={value}" for key, value in (self.labels or {}).items()]
            yield DockerCommand(f"create volume {name}", [*arguments, name])

    def _differences(self) -> list[str]:
        """Return the names of the parameters that differ from the existing volume."""
        volume = self._before or {}
        differences = [] if self.driver == volume.get("Driver") else ["driver"]
        for parameter_name, key in (("driver_options", "Options"), ("labels", "Labels")):
            desired = getattr(self, parameter_name) or {}
            if not desired.items() <= (volume.get(key) or {}).items():
                differences.append(parameter_name)
        return differences

    def returns(self, report: Report) -> dict[str, Any]:
        if self.state == "absent":
            return {}
        answer = read_answer(report)
        volume = self._find(answer.objects() if answer else [])
        return {"volume": dict(volume or self._before or {})}
