"""Empty packages with the names and versions of EL7's base packages.

The files on a host are Debian's. These packages answer `rpm -q systemd` and fulfil dependencies.
"""

from __future__ import annotations

from pathlib import Path

from tests.lab.cache import HERE, cached, digest
from tests.lab.rpms import Rpm, build_rpm

_RELEASE = ("system-release = 7-9.2009.1.el7.centos", "system-release(releasever) = 7",
            "redhat-release = 7-9.2009.1.el7.centos")  # fmt: skip
_NAMES = (
    "coreutils=8.22-24.el7_9.2", "curl=7.29.0-59.el7_9.2",
    "device-mapper=7:1.02.170-6.el7_9.5", "device-mapper-libs=7:1.02.170-6.el7_9.5",
    "glibc=2.17-326.el7_9.3", "grep=2.20-3.el7", "iproute=4.11.0-30.el7",
    "iptables=1.4.21-35.el7", "kernel=3.10.0-1160.119.1.el7",
    "libseccomp=2.3.1-4.el7", "openssh-server=7.4p1-23.el7_9", "policycoreutils=2.5-34.el7",
    "procps-ng=3.3.10-28.el7", "rpm=4.11.3-48.el7_9", "sed=4.2.2-7.el7",
    "selinux-policy=3.13.1-268.el7_9.2", "selinux-policy-targeted=3.13.1-268.el7_9.2",
    "shadow-utils=2:4.6-5.el7", "sudo=1.8.23-10.el7_9.3", "systemd=219-78.el7_9.9",
    "tar=2:1.26-35.el7", "xz=5.2.2-2.el7_9", "yum=3.4.3-168.el7.centos",
)  # fmt: skip


def _stub(words: str) -> Rpm:
    name, _, evr = words.partition("=")
    return Rpm(name, evr)


def stub_rpms() -> Path:
    """Return the folder of the empty packages."""
    release = Rpm("centos-release", "7-9.2009.1.el7.centos", provides=_RELEASE)
    bash = Rpm("bash", "4.2.46-35.el7_9", provides=("/bin/sh", "/bin/bash"))
    rpms = [release, bash, *(_stub(words) for words in _NAMES)]

    def build(draft: Path) -> None:
        for rpm in rpms:
            build_rpm(rpm, draft / "scratch", draft / "rpms")

    return cached("stubs", digest(HERE / "rpms.py", *map(repr, rpms)), build) / "rpms"
