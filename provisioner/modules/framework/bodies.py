"""Load the sh bodies of modules from .sh files.

A body of more than about 60 lines is a file beside its module. A piece that several modules use is
a file in modules/shared.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_MODULES = Path(__file__).parents[1]


def load_body(*names: str) -> str:
    """Return the text of these files, one after the other. Names are relative to modules/.

    The first line of a file is only for shellcheck and is left out. It excuses what shellcheck
    cannot see in one file: the module's parameters are set as variables, and the kernel calls
    functions by their name and reads variables that are set here.
    """
    return "".join(_text(name) for name in names)


@cache
def _text(name: str) -> str:
    return (_MODULES / name).read_text(encoding="utf-8").partition("\n")[2]
