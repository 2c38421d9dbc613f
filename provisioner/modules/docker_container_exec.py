"""docker_container_exec: run a command in a container."""

from __future__ import annotations

import shlex
from typing import Any, ClassVar

from provisioner.modules.framework.base import TaskContext
from provisioner.modules.shared.docker.client import CLIENT, DockerModule
from provisioner.modules.shared.docker.fields import Texts
from provisioner.remote.shell import Program, Report

BODY = (
    CLIENT
    + r"""
if [ "$look" = yes ]; then report check ''; return; fi
error='' _what="run a command in container $container"
need_docker "$_what" || return 0
# fail_if_docker_failed: fail if docker itself failed, and not the command in the container.
fail_if_docker_failed() {
    error=$(stderr | tail -n 3)
    case $error in
        *'No such container'*) fail "there is no container $container: start it first" ;;
        *'is not running'*) fail "the container $container is not running: start it first" ;;
        *'is paused'*) fail "the container $container is paused: unpause it first" ;;
    esac
    ! unreachable || fail "$_what: $no_daemon ($error)"
}
exec_in_container() {
    export_variables
    eval "set -- $options"
    if [ -n "$chdir" ]; then
        # docker exec has no --workdir before 17.09.
        case $(cli exec --help) in
            *--workdir*) set -- "$@" "--workdir=$chdir" && chdir='' ;;
        esac
    fi
    set -- exec "$@" "$container"
    # shellcheck disable=SC2016
    [ -z "$chdir" ] || set -- "$@" /bin/sh -c 'cd "$0" && exec "$@"' "$chdir"
    eval "set -- \"\$@\" $argv"
    if [ -n "$input" ]; then printf '%s' "$input" | cli "$@"; else cli "$@"; fi
}
export_variables() {
    eval "set -- $exported"
    for pair in "$@"; do export "${pair?}"; done
}
run exec_in_container || true
case $status in 1 | 125 | 126 | 127 | 128) fail_if_docker_failed ;; esac
report rc "$status"
output
changed "$_what"
"""
)


class DockerContainerExec(DockerModule):
    """Run a command in a running container."""

    body: ClassVar[str] = BODY

    container: str
    """The container's name or id."""
    argv: tuple[str, ...] | None = None
    """The command as a list of words. Give either `argv` or `command`."""
    command: str | None = None
    """The command as one line. It is split into words like in a shell, but no shell runs it."""
    chdir: str | None = None
    """The directory in the container to run the command in; by default the container's own."""
    detach: bool = False
    """Start the command in the background and do not wait for its end."""
    env: Texts | None = None
    """Environment variables to add, by name. They reach docker through its own environment, which
    only root and the same user can read."""
    user: str | None = None
    """The user in the container to run the command as; by default the container's own."""
    stdin: str | None = None
    """The text that the command reads on its standard input."""
    stdin_add_newline: bool = True
    """Add a newline at the end of `stdin`."""
    strip_empty_ends: bool = True
    """Remove newlines at the ends of stdout and stderr."""
    tty: bool = False
    """Give the command a terminal."""

    def validate(self) -> None:
        if (self.argv is None) == (self.command is None):
            raise ValueError("give either argv or command")
        if self.detach and self.stdin is not None:
            raise ValueError("stdin can't be used with detach: true")
        invalid = [key for key in self.env or {} if not key.isidentifier()]
        if invalid:
            raise ValueError(f"env: {invalid[0]} is not a valid name of a shell variable")

    @property
    def acts(self) -> bool:
        return True

    def words(self) -> list[str]:
        """Return the words of the command."""
        return list(self.argv) if self.argv is not None else shlex.split(self.command or "")

    def program(self, context: TaskContext) -> Program:
        options = [f"--env={key}" for key in self.env or {}]
        options += [f"--user={self.user}"] if self.user else []
        switches = {"--detach": self.detach, "--tty": self.tty, "--interactive": bool(self.stdin)}
        options += [key for key, on in switches.items() if on]
        newline = "\n" if self.stdin is not None and self.stdin_add_newline else ""
        return Program(
            "docker_exec",
            self.body,
            {
                "container": self.container,
                "argv": self.words(),
                "options": options,
                "exported": [f"{key}={value}" for key, value in (self.env or {}).items()],
                "chdir": self.chdir,
                "input": (self.stdin or "") + newline,
                **self.client_variables(),
            },
        )

    def returns(self, report: Report) -> dict[str, Any]:
        return {"exec_id": report.get("stdout").strip()} if self.detach else {}
