"""Parse answers of the mysql command."""

from __future__ import annotations

from provisioner.modules.shared.mysql.client import rows


def test_escaped_characters_in_an_answer_are_decoded() -> None:
    assert rows("A\tb\nx\\ty\\\\n\t\n") == [{"a": "x\ty\\n", "b": ""}]
