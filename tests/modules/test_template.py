"""The module template."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.base import ModuleError
from tests.modules.conftest import FakeContext, Host


class RenderingContext(FakeContext):
    """Remembers the options of the last rendering."""

    options: Mapping[str, Any]

    def find(self, folder: str, name: str) -> Path:
        assert folder == "templates"
        return self.folder / name

    def render(
        self, path: Path, options: Mapping[str, Any], more: Mapping[str, Any] | None = None
    ) -> str:
        self.options = options
        return path.read_text().replace("{{ x }}", "ü")


def test_a_template_is_written_once(host: Host) -> None:
    (host.context.folder / "t.conf.j2").write_text("x = {{ x }}\n")
    host.context = RenderingContext(host.context.folder)
    arguments = {"src": "t.conf.j2", "dest": f"{host.root}/t.conf", "mode": "preserve"}
    (host.context.folder / "t.conf.j2").chmod(0o640)
    assert host.look("template", **arguments).changes == (f"create {host.root}/t.conf",)
    assert host.run("template", **arguments).changes
    assert (host.root / "t.conf").read_text() == "x = ü\n"
    assert (host.root / "t.conf").stat().st_mode & 0o777 == 0o640
    assert not host.run("template", **arguments).changes


def test_in_a_directory_the_file_has_the_name_of_the_template(host: Host) -> None:
    (host.context.folder / "t.j2").write_text("x")
    host.run("template", src="t.j2", dest=str(host.root))
    assert (host.root / "t.j2").read_text() == "x"


def test_the_encoding_is_used_and_an_unknown_one_is_a_failure(host: Host) -> None:
    (host.context.folder / "t").write_text("{{ x }}")
    host.context = RenderingContext(host.context.folder)
    dest = f"{host.root}/t"
    host.run("template", src="t", dest=dest, output_encoding="latin-1")
    assert (host.root / "t").read_bytes() == b"\xfc"
    for encoding in ("ascii", "none-such"):
        with pytest.raises(ModuleError, match=encoding):
            host.run("template", src="t", dest=dest, output_encoding=encoding)


def test_the_defaults_of_the_options_are_those_of_ansible() -> None:
    model = find_module("template").from_arguments(
        {"src": "a", "dest": "/b", "newline_sequence": "\\r\\n"}
    )
    assert model.options() == {  # type: ignore[attr-defined]
        "block_start_string": "{%",
        "block_end_string": "%}",
        "variable_start_string": "{{",
        "variable_end_string": "}}",
        "comment_start_string": "{#",
        "comment_end_string": "#}",
        "trim_blocks": True,
        "lstrip_blocks": False,
        "newline_sequence": "\r\n",
    }
