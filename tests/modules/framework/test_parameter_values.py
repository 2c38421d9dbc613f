"""Every parameter of every module: which values it accepts, and what they become."""

from __future__ import annotations

import pytest

from provisioner.modules.framework.fields import Parameters
from tests.modules.framework.parameter_values import classes, recorded, results

RECORDED = recorded()


@pytest.mark.parametrize("cls", list(classes()), ids=lambda cls: cls.__name__)
def test_each_value_of_each_parameter_becomes_what_is_recorded(cls: type[Parameters]) -> None:
    for name, row in results(cls).items():
        assert row == RECORDED.get(name), f"{name}: see tests/modules/framework/parameter_values.py"


def test_no_parameter_is_lost() -> None:
    assert RECORDED.keys() == {name for cls in classes() for name in results(cls)}
