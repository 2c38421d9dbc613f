"""docker_container: keep a container: created as the task says, running, stopped or removed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from provisioner.modules.docker_container import conflicts, create, replacement
from provisioner.modules.docker_container.compare import Difference
from provisioner.modules.docker_container.namespaces import modes_by_id, namespace_owners
from provisioner.modules.docker_container.options import OPTIONS
from provisioner.modules.docker_container.parameters import ContainerParameters
from provisioner.modules.docker_container.plan import ContainerPlan
from provisioner.modules.docker_container.values import env_lines, exposed
from provisioner.modules.framework.base import TaskContext
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.shared.docker import commands
from provisioner.modules.shared.docker.client import CLIENT, is_container, is_image, read_answer
from provisioner.modules.shared.docker.references import is_id, with_tag
from provisioner.remote.shell import Program, Report, Value
from provisioner.result import Diff

BODY = (
    CLIENT
    + r"""
what="$verb container $name" on_failure=explain_run error=''
need_docker "$what" || return 0
if [ -n "$env_file" ]; then
    if [ -r "$env_file" ]; then report env_file "$(cat -- "$env_file")"
    elif [ "$look" = no ]; then fail "env_file: $env_file does not exist or can't be read"
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
eval "set -- $other_containers"
ask inspect "$name" ${image:+"$image"} "$@"
need_answer "$what" || return 0
report answer "$answer"
"""
)

CHANGES = CLIENT + load_body("docker_container/replace.sh") + load_body("shared/docker/commands.sh")
"""The body of the program that changes the container."""

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
"""The defaults of parameters with container_default_behavior: compatibility."""


class DockerContainer(ContainerParameters):
    """Create, start, stop or remove a container, and recreate it if its configuration differs."""

    body: ClassVar[str] = BODY

    _before: Mapping[str, Any] | None = None
    _differences: Sequence[Difference] = ()

    @classmethod
    def prepare_arguments(cls, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        if arguments.get("container_default_behavior") == "compatibility":
            return {**COMPATIBLE, **arguments}
        return arguments

    def validate(self) -> None:
        conflicts.check(self)
        create.create(self, self.name, self.image or "")
        exposed(self.exposed_ports or ())
        unknown = set(self.comparisons) - {*OPTIONS, "image", "networks", "*"}
        if unknown:
            raise ValueError(f"comparisons: {min(unknown)} can't be compared")
        if self.cleanup and self.detach is not False:
            raise ValueError("cleanup needs detach: false")

    @property
    def acts(self) -> bool:
        return self.restart or self.recreate or self.detach is False

    def program(self, context: TaskContext) -> Program:
        image = with_tag(self.image) if self.image and self.state != "absent" else ""
        owners = namespace_owners(self) if self.state != "absent" else ()
        variables: dict[str, Value] = {
            "name": self.name,
            "image": image,
            "env_file": self.env_file if self.state != "absent" else "",
            "verb": "remove" if self.state == "absent" else "start",
            "other_containers": [*replacement.leftover_names(self.name), *owners],
            "fetch": bool(image) and self.pull == "always" and not is_id(image),
        }
        return Program("docker_container", self.body, variables | self.client_variables())

    def edit(self, report: Report) -> Program | None:
        answer = read_answer(report)
        if answer is None:
            return None
        objects = answer.objects()
        containers = [*filter(is_container, objects)]
        self._before = next(filter(self._is_mine, containers), None)
        tidying, container = replacement.settle(self.name, self._before, containers)
        image = next(filter(is_image, objects), None)
        env = env_lines(report.get("env_file")) | (self.env or {})
        config = self.copy_with(env=env or self.env, **modes_by_id(self, objects))
        plan = ContainerPlan(config, container, image)
        needed = [*tidying, *plan.commands()]
        self._differences = plan.differences
        if not needed:
            return None
        lines, exported = create.environment(config.env or {})
        return commands.program(
            self,
            needed,
            subject=self.name,
            inspect=["inspect", "--type", "container", self.name],
            expect=self._expected_state(),
            changes_before=report.changes,
            environment=lines,
            exported=exported,
            cleanup=self.cleanup,
            body=CHANGES,
            **replacement.variables(config, container if plan.replaces else None),
        )

    def _is_mine(self, item: Mapping[str, Any]) -> bool:
        """Whether an object is this container: docker also finds ids that begin like its name."""
        by_id = len(self.name) >= 12 and str(item.get("Id")).startswith(self.name)
        return item.get("Name") == f"/{self.name}" or by_id

    def _expected_state(self) -> str:
        """Return the state to check at the end: see `expect` of commands.program."""
        if self.state == "absent":
            return "absent"
        if self.auto_remove or self.detach is False:
            return ""
        states = {"started": "running", "healthy": "running", "stopped": "stopped"}
        return states.get(self.state, "present")

    def returns(self, report: Report) -> dict[str, Any]:
        if self.state == "absent":
            return {"container": {}}
        answer = read_answer(report)
        containers = filter(is_container, answer.objects() if answer else ())
        after = next(filter(self._is_mine, containers), None)
        values: dict[str, Any] = {"container": after or dict(self._before or {})}
        if self.detach is False and "stdout" in report.records:
            values["container"] = {**values["container"], "Output": report.get("stdout")}
            values["status"] = int(report.get("rc") or 0)
        return values

    def diff(self, report: Report) -> tuple[Diff, ...]:
        if not self._differences or not report.changes:
            return ()
        before = {item.parameter: item.actual for item in self._differences}
        after = {item.parameter: item.desired for item in self._differences}
        return (Diff(_text(before), _text(after), f"before: {self.name}", f"after: {self.name}"),)


def _text(values: Mapping[str, Any]) -> str:
    return json.dumps(values, indent=4, sort_keys=True, default=str) + "\n"
