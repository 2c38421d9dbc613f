"""Every parameter of every module: which values it accepts, and what they become."""

from __future__ import annotations

import json

from tests.modules.framework import parameter_values


def test_each_value_of_each_parameter_becomes_what_is_recorded() -> None:
    recorded = {
        name: entry["results"]
        for entry in json.loads(parameter_values.RECORD.read_text())
        for name in entry["fields"]
    }
    differences = {
        name: [pair for pair in zip(recorded.get(name, []), row, strict=False) if len({*pair}) > 1]
        for name, row in parameter_values.results().items()
        if recorded.get(name) != row
    }
    assert not differences
