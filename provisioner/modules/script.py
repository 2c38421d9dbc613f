"""script: run a script of the controller on the host."""

from __future__ import annotations

import shlex
from hashlib import sha256
from typing import Any, ClassVar

from provisioner.modules.framework.base import Module, ModuleError, TaskContext
from provisioner.modules.framework.bodies import load_body
from provisioner.remote.shell import Program, Report


class Script(Module):
    """Send a script of the controller to the host, run it there and delete it."""

    free_form: ClassVar[str | None] = "cmd"
    body: ClassVar[str] = load_body("shared/exists.sh", "shared/creates.sh", "script.sh")

    missing_message: ClassVar[str] = "one of the following is required: _raw_params, cmd"

    strip_empty_ends: ClassVar[bool] = False
    skips: ClassVar[bool] = True

    cmd: str
    """The path of the script, in `files/` of the role or beside the playbook, and its arguments."""
    executable: str | None = None
    """The interpreter. The default is that of the script's first line (`#!`), or /bin/sh."""
    creates: str | None = None
    """A path or glob. If it exists, the script is not run."""
    removes: str | None = None
    """A path or glob. If it does not exist, the script is not run."""
    chdir: str | None = None
    """The directory to run the script in."""
    decrypt: bool = True
    """Accepted and ignored: the script is always decrypted."""

    def validate(self) -> None:
        if not shlex.split(self.cmd):
            raise ValueError("cmd must name a script")

    @property
    def acts(self) -> bool:
        return not (self.creates or self.removes)

    def program(self, context: TaskContext) -> Program:
        name, *arguments = shlex.split(self.cmd)
        try:
            file = context.content(context.find("files", name))
            content = file if isinstance(file, bytes) else file.read_bytes()
        except OSError as error:
            raise ModuleError(f"can't read the script {name}: {error.strerror}") from error
        variables = {
            "arguments": tuple(arguments),
            "interpreter": self._interpreter(content),
            "what": self.cmd,
            "creates": self.creates,
            "removes": self.removes,
            "chdir": self.chdir,
            "content_size": len(content),
            "content_sha256": sha256(content).hexdigest(),
        }
        return Program("script", self.body, variables, content)

    def _interpreter(self, content: bytes) -> tuple[str, ...]:
        """Return the words before the script's path. After `#!` all arguments are one word."""
        if self.executable:
            return tuple(shlex.split(self.executable))
        first = content.split(b"\n", 1)[0].decode("utf-8", "surrogateescape")
        words = first[2:].strip().split(None, 1) if first.startswith("#!") else []
        return tuple(word.strip() for word in words) or ("/bin/sh",)

    def returns(self, report: Report) -> dict[str, Any]:
        if "skip" not in report.records:
            ran = "rc" in report.records
            failure = {"changed": ran, "msg": "non-zero return code" if ran else ""}
            return failure if report.failed else {}
        reason = f"skipped, since {report.get('skip')}"
        option = "creates" if report.get("skip").endswith(" exists") else "removes"
        message = f"{report.get('skip')}, matching {option} option"
        return {"rc": 0, "stdout": reason, "msg": message}
