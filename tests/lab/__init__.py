"""Hosts that behave like CentOS 7, for tests, on one Debian 12 machine."""

from tests.lab.commands import LabError
from tests.lab.hosts import Host
from tests.lab.labs import Lab
from tests.lab.options import PASSWORD, USER, HostOptions

__all__ = ["PASSWORD", "USER", "Host", "HostOptions", "Lab", "LabError"]
