"""template: render a jinja2 template of the controller to a file on the host."""

from __future__ import annotations

from typing import Any, Literal

from provisioner.modules.framework.base import ModuleError, TaskContext
from provisioner.modules.shared.content import WrittenFile
from provisioner.remote.shell import Program

OPTIONS = (
    "block_start_string",
    "block_end_string",
    "variable_start_string",
    "variable_end_string",
    "comment_start_string",
    "comment_end_string",
    "trim_blocks",
    "lstrip_blocks",
    "newline_sequence",
)


class TemplateModule(WrittenFile):
    """Render a template of the controller to a file on the host."""

    src: str
    """The template, in `templates/` of the role or beside the playbook."""
    block_start_string: str = "{%"
    """The string that begins a block."""
    block_end_string: str = "%}"
    """The string that ends a block."""
    variable_start_string: str = "{{"
    """The string that begins an expression."""
    variable_end_string: str = "}}"
    """The string that ends an expression."""
    comment_start_string: str = "{#"
    """The string that begins a comment."""
    comment_end_string: str = "#}"
    """The string that ends a comment."""
    trim_blocks: bool = True
    """Remove the newline after a block."""
    lstrip_blocks: bool = False
    """Remove spaces and tabs before a block."""
    newline_sequence: Literal["\n", "\r", "\r\n", "\\n", "\\r", "\\r\\n"] = "\n"
    """The line ending of the file."""
    output_encoding: str = "utf-8"
    """The encoding of the file. The template itself is UTF-8."""

    def program(self, context: TaskContext) -> Program:
        path = context.find("templates", self.src)
        text = context.render(path, self.options(), {"template_destpath": self.dest})
        try:
            content = text.encode(self.output_encoding or "utf-8", "surrogateescape")
        except (LookupError, UnicodeEncodeError) as error:
            raise ModuleError(
                f"{path} can't be written as {self.output_encoding}: {error}"
            ) from None
        return self.written(content, path, name=path.name)

    def options(self) -> dict[str, Any]:
        options = {name: getattr(self, name) for name in OPTIONS}
        sequence = self.newline_sequence.replace("\\n", "\n").replace("\\r", "\r")
        return options | {"newline_sequence": sequence}
