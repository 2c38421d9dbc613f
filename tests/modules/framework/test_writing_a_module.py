"""The code in docs/writing-a-module.md works."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from provisioner import modules
from provisioner.modules.framework.fields import descriptions
from tests.modules.conftest import Host

PAGE = Path(__file__).parents[3] / "docs/writing-a-module.md"
NAMES = ["provisioner.modules.symlink", "tests.modules.test_symlink"]


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[ModuleType]]:
    """The module and the tests on the page, imported under the names that they have there."""
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    monkeypatch.setitem(modules.MODULES, "symlink", "symlink:Symlink")
    imported = []
    for name, block in zip(NAMES, blocks, strict=True):
        path = tmp_path / f"{name}.py"
        path.write_text(block)
        spec = spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        imported.append(module)
    modules.find_module.cache_clear()
    yield imported
    modules.find_module.cache_clear()


def test_the_tests_on_the_page_pass(code: list[ModuleType], host: Host) -> None:
    tests = [test for name, test in vars(code[1]).items() if name.startswith("test_")]
    assert len(tests) == 3
    for test in tests:
        test(*[host] * len(inspect.signature(test).parameters))


def test_the_module_on_the_page_is_documented(code: list[ModuleType]) -> None:
    texts = descriptions(code[0].Symlink)
    assert texts["target"] == "Where the link points to."
    assert texts.keys() == {"path", "target", "state"}
