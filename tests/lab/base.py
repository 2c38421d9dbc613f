"""The two lowest layers of a host: Debian's file tree, and the skin that makes it look like EL7.

Each layer is a folder for overlayfs. It is built in a mount namespace of its own, so that an
interrupted build leaves no mount behind.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.lab.cache import HERE, cached, digest
from tests.lab.commands import ISOLATED, PLAIN_PATH, LabError, run
from tests.lab.keys import keys

SUITE = "bookworm"
TREE_PACKAGES = (
    "systemd", "systemd-sysv", "dbus", "openssh-server", "sudo", "rpm", "dnf",
    "dnf-plugins-core", "iproute2", "iptables", "nftables", "ca-certificates", "curl", "procps",
    "kmod", "libdevmapper1.02.1", "libseccomp2", "less", "file", "xz-utils", "bzip2", "unzip",
    "gnupg", "net-tools", "libnss-myhostname", "tcsh", "acl", "attr", "cron",
)  # fmt: skip
MACHINE_PACKAGES = (
    "systemd-container", "debootstrap", "rpm", "createrepo-c", "iproute2", "iptables", "nftables",
    "docker-registry", "skopeo", "umoci", "openssh-client", "gnupg", "gcc", "libc6-dev",
)  # fmt: skip
_CHROOT = (
    'mount -t overlay -o "lowerdir=$1,upperdir=$2,workdir=$3" lab "$4" && chroot "$4" "${@:5}"'
)


def install_machine_packages() -> None:
    """Install the packages that the lab needs on this machine. Their services are not started."""
    query = run(["dpkg-query", "-W", "-f=${Package} ${Status}\\n", *MACHINE_PACKAGES], check=False)
    installed = {line.split()[0] for line in query.stdout.splitlines() if " ok installed" in line}
    missing = [name for name in MACHINE_PACKAGES if name not in installed]
    if not missing:
        return
    quiet = {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    run(["apt-get", "update"], env=quiet)
    run(["apt-get", "install", "-y", "--no-install-recommends", *missing], env=quiet)
    if "docker-registry" in missing and Path("/run/systemd/system").is_dir():
        run(["systemctl", "disable", "--now", "docker-registry"], check=False)


def mirror() -> str:
    """Return the Debian mirror that this machine uses."""
    listing = run(["apt-get", "indextargets", "--format", "$(CODENAME) $(COMPONENT) $(REPO_URI)"])
    for line in listing.stdout.splitlines():
        words = line.split()
        if words[:2] == [SUITE, "main"]:
            return words[2]
    raise LabError(f"this machine has no apt source for {SUITE} main; the lab needs Debian 12")


def tree() -> Path:
    """Return Debian's file tree, made by debootstrap."""

    def build(draft: Path) -> None:
        include = "--include=" + ",".join(TREE_PACKAGES)
        command = ["debootstrap", "--variant=minbase", include, SUITE, str(draft), mirror()]
        run([*ISOLATED, *command])
        for unneeded in ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man"):
            shutil.rmtree(draft / unneeded, ignore_errors=True)

    return cached("tree", digest(SUITE, *TREE_PACKAGES), build)


def skin(stubs: Path) -> Path:
    """Return the layer that makes the tree look like EL7: names, users, sshd, sudo, yum."""
    source = HERE / "skin"
    below = [tree()]
    key = digest(source, keys(), *(str(path) for path in (*below, stubs)))

    def build(draft: Path) -> None:
        with Layer(draft, below) as layer:
            shutil.copytree(source / "root", layer.upper, symlinks=True, dirs_exist_ok=True)
            shutil.copytree(stubs, layer.upper / "lab-build/stubs")
            shutil.copytree(keys() / "public", layer.upper / "lab-build/keys")
            for name in ("skin.sh", "yum-plugin"):
                shutil.copy(source / name, layer.upper / "lab-build")
            layer.chroot(["/bin/bash", "/lab-build/skin.sh"])

    return cached("skin", key, build)


class Layer:
    """A layer under construction: `upper` is its folder; `chroot` runs commands in it."""

    def __init__(self, draft: Path, below: Sequence[Path]) -> None:
        self.upper = draft / "upper"
        self._draft = draft
        self._lower = ":".join(str(path) for path in below)

    def __enter__(self) -> Layer:
        for name in ("upper", "work", "root"):
            (self._draft / name).mkdir()
        return self

    def chroot(self, argv: Sequence[str]) -> None:
        work, root = self._draft / "work", self._draft / "root"
        mount = [*ISOLATED, "bash", "-c", _CHROOT, "lab"]
        clean = {"PATH": PLAIN_PATH, "LC_ALL": "C", "HOME": "/root"}
        run([*mount, self._lower, self.upper, work, root, *argv], env=clean)

    def __exit__(self, kind: object, *rest: object) -> None:
        if kind is None:
            shutil.rmtree(self.upper / "lab-build", ignore_errors=True)
            for name in ("work", "root"):
                shutil.rmtree(self._draft / name)
