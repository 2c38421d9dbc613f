"""slurp: read a file of the host into a variable."""

from __future__ import annotations

from typing import Any, ClassVar

from provisioner.modules.framework.base import Module
from provisioner.modules.framework.fields import parameter
from provisioner.remote.shell import LARGE_REPORT_LIMIT, Report

BODY = r"""
expand src
report source "$src"
if [ ! -r "$src" ]; then
    case $(LC_ALL=C cat -- "$src" 2>&1) in
        *' denied'*) fail "file is not readable: $src (this user may not: add become)" ;;
        *) fail "file not found: $src" ;;
    esac
fi
[ ! -d "$src" ] || fail "source is a directory and must be a file: $src"
content=$(base64 -w 0 <"$src") || fail "unable to slurp file: $src"
report content "$content"
"""


class Slurp(Module):
    """Read a file of the host. `content` is returned in base64."""

    body: ClassVar[str] = BODY
    report_limit: ClassVar[int] = LARGE_REPORT_LIMIT

    src: str = parameter(aliases=("path",))
    """The file."""

    def returns(self, report: Report) -> dict[str, Any]:
        if "content" not in report.records:
            return {}
        return {
            "content": report.get("content"),
            "source": report.get("source"),
            "encoding": "base64",
        }
