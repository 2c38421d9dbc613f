"""The packages of both docker editions: EL7's 1.13 from extras, and Docker CE.

Names, versions, dependencies and conflicts are the real ones. The programs are Debian's.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.lab.cache import HERE
from tests.lab.commands import run
from tests.lab.rpms import Rpm

STATIC = HERE / "packages"
DEBS = ("docker.io", "containerd", "runc", "tini")

_DISTRO = "2:1.13.1-209.git7d71120.el7.centos"
_DISTRO_EVR = f" = {_DISTRO}"
_CE_GROUP = "getent group docker >/dev/null || groupadd --system docker"
_DISTRO_USER = (
    "getent group dockerroot >/dev/null || groupadd --system dockerroot\n"
    "getent passwd dockerroot >/dev/null || useradd --system -g dockerroot -M "
    "-d /var/lib/docker -s /sbin/nologin dockerroot"
)
_RELOAD = "systemctl daemon-reload >/dev/null 2>&1 || :"
_PREUN = (
    "[ $1 -gt 0 ] && exit 0\n"
    "systemctl --no-reload disable docker >/dev/null 2>&1\n"
    "systemctl stop docker >/dev/null 2>&1 || :"
)
_OLD_NAMES = ("docker-io", "docker-engine-cs", "docker-ee")
_ENGINE_OBSOLETES = ("docker-ce-selinux", "docker-engine-selinux", "docker-engine")

_DISTRO_FILES = {
    "usr/libexec/docker/dockerd": "usr/sbin/dockerd",
    "usr/libexec/docker/docker-proxy-current": "usr/sbin/docker-proxy",
    "usr/libexec/docker/docker-init-current": "usr/bin/tini-static",
    "usr/libexec/docker/docker-runc-current": "usr/sbin/runc",
    "usr/libexec/docker/runc": "usr/sbin/runc",
    "usr/libexec/docker/containerd": "usr/bin/containerd",
    "usr/libexec/docker/containerd-shim": "usr/bin/containerd-shim",
    "usr/libexec/docker/containerd-shim-runc-v2": "usr/bin/containerd-shim-runc-v2",
    "usr/libexec/docker/ctr": "usr/bin/ctr",
}
_CONTAINERD_FILES = {
    "usr/bin/containerd": "usr/bin/containerd",
    "usr/bin/containerd-shim": "usr/bin/containerd-shim",
    "usr/bin/containerd-shim-runc-v1": "usr/bin/containerd-shim-runc-v1",
    "usr/bin/containerd-shim-runc-v2": "usr/bin/containerd-shim-runc-v2",
    "usr/bin/ctr": "usr/bin/ctr",
    "usr/bin/runc": "usr/sbin/runc",
}
_CE_FILES = {
    "usr/bin/dockerd": "usr/sbin/dockerd",
    "usr/bin/docker-proxy": "usr/sbin/docker-proxy",
    "usr/bin/docker-init": "usr/bin/tini-static",
}


def unpack_debs(scratch: Path) -> Path:
    """Download Debian's packages with apt and unpack them into one folder."""
    folder = scratch / "debs"
    folder.mkdir(parents=True)
    run(["apt-get", "download", *DEBS], cwd=folder)
    for deb in folder.glob("*.deb"):
        run(["dpkg", "-x", deb, scratch / "debian"])
    return scratch / "debian"


def _collect(scratch: Path, name: str, files: Mapping[str, str]) -> Path:
    folder = scratch / "payload" / name
    for target, source in files.items():
        path = folder / target
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(scratch / "debian" / source, path)
    return folder


def distro_rpms(scratch: Path) -> list[Rpm]:
    """Return EL7's docker 1.13.1 from extras."""
    engine = _collect(scratch, "docker", _DISTRO_FILES)
    client = _collect(scratch, "docker-client", {"usr/bin/docker-current": "usr/bin/docker"})
    settings = tuple(f"/etc/sysconfig/docker{part}" for part in ("", "-network", "-storage"))
    return [
        Rpm(
            "docker", _DISTRO,
            requires=(
                f"docker-common{_DISTRO_EVR}", f"docker-client{_DISTRO_EVR}",
                "container-selinux >= 2:2.68", "container-storage-setup >= 0.9.0-1",
                "oci-register-machine >= 1:0-5.13", "oci-systemd-hook >= 1:0.1.4-9",
                "oci-umount >= 2:2.0.0-1", "atomic-registries", "containers-common",
                "subscription-manager-rhsm-certificates", "systemd", "xz",
                "libseccomp >= 2.3", "device-mapper-libs >= 7:1.02.97",
            ),
            obsoletes=("docker-storage-setup < 0.5.0-3", "docker-selinux < 2:1.12.1-36"),
            files=(STATIC / "docker", engine),
            config=(*settings, "/etc/docker/daemon.json"),
            scripts={"pre": _DISTRO_USER, "post": _RELOAD,
                     "preun": _PREUN},
        ),
        Rpm("docker-client", _DISTRO, requires=(f"docker-common{_DISTRO_EVR}",), files=(client,)),
        Rpm("docker-common", _DISTRO, files=(STATIC / "docker-common",)),
    ]  # fmt: skip


def distro_dependencies() -> list[Rpm]:
    """Return empty packages for the dependencies of EL7's docker."""
    return [
        Rpm("container-storage-setup", "0.11.0-2.git5eaf76c.el7", arch="noarch"),
        Rpm("oci-register-machine", "1:0-6.git2b44233.el7"),
        Rpm("oci-systemd-hook", "1:0.2.0-1.git05e6923.el7_6"),
        Rpm("oci-umount", "2:2.5-3.el7"),
        Rpm("atomic-registries", "1:1.22.1-33.gitb507039.el7_8"),
        Rpm("containers-common", "1:0.1.40-11.el7_8"),
    ]


def ce_dependencies() -> list[Rpm]:
    """Return empty packages for what Docker CE needs from extras."""
    selinux = "2:2.119.2-1.911c772.el7_8"
    return [
        Rpm("container-selinux", selinux, arch="noarch",
            requires=("selinux-policy >= 3.13.1-216", "selinux-policy-targeted")),
        Rpm("slirp4netns", "0.4.3-4.el7_8"),
        Rpm("fuse-overlayfs", "0.7.2-6.el7_8", requires=("fuse3-libs",)),
        Rpm("fuse3-libs", "3.6.1-4.el7"),
    ]  # fmt: skip


def ce_rpms(scratch: Path) -> list[Rpm]:
    """Return Docker CE's last packages for EL7, and the engine before the last."""
    containerd = (STATIC / "containerd.io", _collect(scratch, "containerd.io", _CONTAINERD_FILES))
    return [
        *_ce_engine(scratch, "26.1.4-1.el7"),
        *_ce_engine(scratch, "26.1.3-1.el7"),
        Rpm(
            "containerd.io", "1.6.33-3.1.el7", provides=("containerd", "runc"),
            requires=("container-selinux >= 2:2.74", "libseccomp"),
            conflicts=("containerd", "runc"), obsoletes=("containerd", "runc"),
            files=containerd, config=("/etc/containerd/config.toml",), scripts={"post": _RELOAD},
        ),
        Rpm("docker-buildx-plugin", "0.14.1-1.el7"),
        Rpm("docker-compose-plugin", "2.27.1-1.el7"),
    ]  # fmt: skip


def _ce_engine(scratch: Path, evr: str) -> list[Rpm]:
    engine = _collect(scratch, "docker-ce", _CE_FILES)
    cli = _collect(scratch, "docker-ce-cli", {"usr/libexec/docker/docker": "usr/bin/docker"})
    return [
        Rpm(
            "docker-ce", f"3:{evr}",
            requires=(
                "container-selinux >= 2:2.74", "containerd.io >= 1.6.24", "docker-ce-cli",
                "docker-ce-rootless-extras", "iptables", "libcgroup", "libseccomp >= 2.3",
                "systemd", "tar", "xz", "device-mapper-libs >= 7:1.02.90",
            ),
            conflicts=("docker", *_OLD_NAMES), obsoletes=_ENGINE_OBSOLETES,
            files=(STATIC / "docker-ce", engine),
            scripts={"post": f"{_CE_GROUP}\n{_RELOAD}",
                     "preun": _PREUN},
        ),
        Rpm(
            "docker-ce-cli", f"1:{evr}",
            requires=("docker-buildx-plugin", "docker-compose-plugin"),
            conflicts=("docker", *_OLD_NAMES),
            files=(STATIC / "docker-ce-cli", cli), scripts={"post": _CE_GROUP},
        ),
        Rpm("docker-ce-rootless-extras", evr, requires=(
            "docker-ce", "slirp4netns >= 0.4", "fuse-overlayfs >= 0.7")),
    ]  # fmt: skip
