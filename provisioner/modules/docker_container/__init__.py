"""docker_container: a container is there, as asked, and runs or rests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from provisioner.modules.docker_container import create
from provisioner.modules.docker_container.compare import Difference
from provisioner.modules.docker_container.joined import identified, joined
from provisioner.modules.docker_container.options import OPTIONS
from provisioner.modules.docker_container.parameters import ContainerParameters
from provisioner.modules.docker_container.plan import Plan
from provisioner.modules.docker_container.values import env_lines, exposed, ports
from provisioner.modules.framework.base import TaskContext
from provisioner.modules.shared.docker import steps
from provisioner.modules.shared.docker.client import ASK, answer, is_container, is_image
from provisioner.modules.shared.docker.references import full, is_id
from provisioner.remote.shell import Program, Report, Value
from provisioner.result import Diff

BODY = (
    ASK
    + r"""
what="$verb container $name" on_failure=explain_run complaint=''
installed "$what" || return 0
if [ -n "$env_file" ]; then
    if [ -r "$env_file" ]; then report env_file "$(cat -- "$env_file")"
    elif [ "$look" = no ]; then fail "env_file: $env_file is not there or can't be read"
    fi
fi
if [ "$fetch" = yes ]; then
    _what="pull image $image"
    if [ "$look" = no ]; then
        run cli pull "$image" || broken "$_what" "exit $status"
    fi
    case $look$(stdout 2>/dev/null) in
        *'Image is up to date'*) ;;
        *) changed "$_what" ;;
    esac
fi
_what=''
eval "set -- $joined"
ask inspect "$name" ${image:+"$image"} "$@"
answered "$what" || return 0
report answer "$answer"
"""
)

COMPATIBLE = {
    "auto_remove": False,
    "detach": True,
    "init": False,
    "interactive": False,
    "memory": "0",
    "paused": False,
    "privileged": False,
    "read_only": False,
    "tty": False,
}
"""The values of unset parameters under container_default_behavior: compatibility."""


class DockerContainer(ContainerParameters):
    """Keep a container: there or not, made as asked, running or stopped."""

    body: ClassVar[str] = BODY

    _before: Mapping[str, Any] | None = None
    _differences: Sequence[Difference] = ()

    @classmethod
    def prepare_arguments(cls, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        if arguments.get("container_default_behavior") == "compatibility":
            return {**COMPATIBLE, **arguments}
        return arguments

    def validate(self) -> None:
        create.create(self, self.name, self.image or "")
        exposed(self.exposed_ports or ())
        for _ in ports(self.published_ports or ()):
            pass
        unknown = set(self.comparisons) - {*OPTIONS, "image", "networks", "*"}
        if unknown:
            raise ValueError(f"comparisons: {min(unknown)} can't be compared")
        if self.cleanup and self.detach is not False:
            raise ValueError("cleanup needs detach: false")

    @property
    def acts(self) -> bool:
        return self.restart or self.recreate or self.detach is False

    def program(self, context: TaskContext) -> Program:
        image = full(self.image) if self.image and self.state != "absent" else ""
        variables: dict[str, Value] = {
            "name": self.name,
            "image": image,
            "env_file": self.env_file if self.state != "absent" else "",
            "verb": "remove" if self.state == "absent" else "start",
            "joined": [*joined(self)] if self.state != "absent" else [],
            "fetch": bool(image) and self.pull == "always" and not is_id(image),
        }
        return Program("docker_container", self.body, variables | self.asking())

    def edit(self, report: Report) -> Program | None:
        found = answer(report)
        if found is None:
            return None
        objects = found.objects()
        self._before = next(filter(self._is_mine, filter(is_container, objects)), None)
        image = next(filter(is_image, objects), None)
        merged = env_lines(report.get("env_file")) | (self.env or {})
        update = {"env": merged or self.env, **identified(self, objects)}
        config = self.copy_with(**update)
        plan = [*Plan(config, self._before, image, self._note).steps()]
        if not plan:
            return None
        lines, more = create.environment(config.env or {})
        return steps.program(
            self,
            plan,
            subject=self.name,
            inspect=["inspect", "--type", "container", self.name],
            proof=self._proof(),
            before=report.changes,
            environment=lines,
            exported=more,
            cleanup=self.cleanup,
        )

    def _is_mine(self, item: Mapping[str, Any]) -> bool:
        """docker also finds ids that merely begin like the name."""
        by_id = len(self.name) >= 12 and str(item.get("Id")).startswith(self.name)
        return item.get("Name") == f"/{self.name}" or by_id

    def _note(self, differences: Sequence[Difference]) -> None:
        self._differences = differences

    def _proof(self) -> str:
        if self.state == "absent" or self.auto_remove:
            return "gone" if self.state == "absent" else ""
        if self.detach is False:
            return ""
        return {"started": "running", "healthy": "running", "stopped": "stopped"}.get(
            self.state, "there"
        )

    def returns(self, report: Report) -> dict[str, Any]:
        if self.state == "absent":
            return {"container": {}}
        found = answer(report)
        items = [*filter(self._is_mine, filter(is_container, found.objects() if found else ()))]
        values: dict[str, Any] = {"container": items[0] if items else dict(self._before or {})}
        if self.detach is False and "stdout" in report.records:
            values["container"] = {**values["container"], "Output": report.get("stdout")}
            values["status"] = int(report.get("rc") or 0)
        return values

    def diff(self, report: Report) -> tuple[Diff, ...]:
        if not self._differences or not report.changes:
            return ()
        before = {item.option: item.actual for item in self._differences}
        after = {item.option: item.wanted for item in self._differences}
        return (Diff(_text(before), _text(after), f"before: {self.name}", f"after: {self.name}"),)


def _text(values: Mapping[str, Any]) -> str:
    return json.dumps(values, indent=4, sort_keys=True, default=str) + "\n"
