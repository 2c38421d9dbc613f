"""docker_volume: a volume is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import TaskContext
from provisioner.modules.framework.fields import parameter
from provisioner.modules.shared.docker import steps
from provisioner.modules.shared.docker.client import ASK, DockerModule, answer
from provisioner.modules.shared.docker.fields import Texts
from provisioner.modules.shared.docker.steps import Step
from provisioner.remote.shell import Program, Report

BODY = (
    ASK
    + r"""
complaint='' _what='' what="$verb volume $name"
installed "$what" || return 0
ask volume inspect "$name"
answered "$what" || return 0
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
        variables = {"name": self.volume_name, "verb": verb, **self.asking()}
        return Program("docker_volume", self.body, variables)

    def edit(self, report: Report) -> Program | None:
        found = answer(report)
        if found is None:
            return None
        self._before = self._mine(found.objects())
        plan = [*self._steps()]
        if not plan:
            return None
        return steps.program(
            self,
            plan,
            subject=self.volume_name,
            inspect=["volume", "inspect", self.volume_name],
            proof="gone" if self.state == "absent" else "there",
        )

    def _mine(self, objects: list[dict[str, Any]]) -> Mapping[str, Any] | None:
        return next((item for item in objects if item.get("Name") == self.volume_name), None)

    def _steps(self) -> Iterator[Step]:
        name, why = self.volume_name, ""
        if self.state == "present" and self._before is not None:
            different = self._differences() if self.recreate == "options-changed" else []
            if self.recreate != "always" and not different:
                return
            why = f" to make it anew: {', '.join(different) or 'recreate'}"
        if self._before is not None:
            yield Step(f"remove volume {name}{why}", ["volume", "rm", name])
        if self.state == "present":
            words = ["volume", "create", f"--driver={self.driver}"]
            words += [f"--opt={key}={value}" for key, value in self.driver_options.items()]
            words += [f"--label={key}={value}" for key, value in (self.labels or {}).items()]
            yield Step(f"create volume {name}", [*words, name])

    def _differences(self) -> list[str]:
        there = self._before or {}
        found = [] if self.driver == there.get("Driver") else ["driver"]
        for key, now in (("driver_options", "Options"), ("labels", "Labels")):
            if not (getattr(self, key) or {}).items() <= (there.get(now) or {}).items():
                found.append(key)
        return found

    def returns(self, report: Report) -> dict[str, Any]:
        if self.state == "absent":
            return {}
        found = answer(report)
        return {"volume": dict(self._mine(found.objects() if found else []) or self._before or {})}
