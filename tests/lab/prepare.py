"""Write the files in which a host differs from its lower layers."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from pathlib import Path

from tests.lab.commands import LabError
from tests.lab.hosts import Host
from tests.lab.keys import host_keys
from tests.lab.network import gateway
from tests.lab.options import USER

_SUDOERS = {
    "nopasswd": f"{USER} ALL=(ALL) NOPASSWD: ALL\n",
    "password": f"{USER} ALL=(ALL) ALL\n",
    "none": "",
    "absent": "",
    "requiretty": f"Defaults requiretty\n{USER} ALL=(ALL) NOPASSWD: ALL\n",
}
_UNAME26 = """[Service]
ExecStart=
ExecStart=/usr/bin/setarch x86_64 --uname-2.6 /usr/sbin/sshd -D $OPTIONS
"""


def prepare(host: Host, web: str) -> None:
    """Write the host's files; `web` is the address of the lab's web server."""
    for name in ("upper", "docker"):
        (host.folder / name).mkdir(parents=True)
    _identity(host)
    _access(host)
    _disable_timers(host)
    write_file(host, "etc/yum.repos.d/CentOS-Base.repo", _repo_file(host.options.repos, web))
    if host.options.devicemapper_root:
        _devicemapper(host.folder / "docker")


def write_file(host: Host, name: str, text: str, mode: int = 0o644, owner: int = 0) -> None:
    """Write a file of a host that is not running.

    New folders get the mode and owner that they have in the lower layers.
    """
    path = host.upper / name
    _folders(host, Path(name).parent)
    path.write_text(text)
    path.chmod(mode)
    os.chown(path, owner, owner)


def _folders(host: Host, name: Path) -> None:
    path = host.upper / name
    if path.exists():
        return
    _folders(host, name.parent)
    path.mkdir()
    for layer in host.layers:
        if (layer / name).is_dir():
            status = (layer / name).stat()
            path.chmod(stat.S_IMODE(status.st_mode))
            os.chown(path, status.st_uid, status.st_gid)
            return


def _hide(host: Host, name: str) -> None:
    """Hide a file of the lower layers. overlayfs marks it with a 0:0 device."""
    _folders(host, Path(name).parent)
    os.mknod(host.upper / name, 0o600 | stat.S_IFCHR, os.makedev(0, 0))


def _read_below(host: Host, name: str) -> str:
    for layer in host.layers:
        if (layer / name).is_file():
            return (layer / name).read_text()
    raise LabError(f"no layer has the file {name}")


def _disable_timers(host: Host) -> None:
    """Disable cron jobs and timers: tests that compare all files would see what they change."""
    write_file(host, "etc/crontab", "")
    timers = host.upper / "etc/systemd/system"
    _folders(host, timers.relative_to(host.upper))
    (timers / "systemd-tmpfiles-clean.timer").symlink_to("/dev/null")


def _identity(host: Host) -> None:
    options = host.options
    write_file(host, "etc/hostname", f"{host.name}\n")
    machine_id = hashlib.md5(f"{host.folder}".encode(), usedforsecurity=False).hexdigest()
    write_file(host, "etc/machine-id", f"{machine_id}\n", 0o444)
    hosts = f"127.0.0.1 localhost localhost.localdomain\n{host.address} {host.name}\n"
    write_file(host, "etc/hosts", hosts)
    kernel = "" if options.uname26 else options.kernel
    settings = f"ADDRESS={host.address}\nGATEWAY={gateway(host.number)}\nKERNEL='{kernel}'\n"
    write_file(host, "etc/lab/host", settings)
    write_file(host, "etc/lab/kernel", f"{kernel}\n")
    write_file(host, "etc/lab/selinux", f"{options.selinux}\n")
    if options.boot_script:
        write_file(host, "etc/lab/boot-script", options.boot_script, 0o700)
    for file in host_keys(host.name).iterdir():
        mode = 0o644 if file.suffix == ".pub" else 0o600
        write_file(host, f"etc/ssh/{file.name}", file.read_text(), mode)


def _access(host: Host) -> None:
    options = host.options
    if _SUDOERS[options.sudo]:
        write_file(host, "etc/sudoers.d/lab", _SUDOERS[options.sudo], 0o440)
    if options.sudo == "absent":
        _hide(host, "usr/bin/sudo")
    if options.sudo in ("none", "absent"):
        groups = _read_below(host, "etc/group").replace(f"wheel:x:10:{USER}", "wheel:x:10:")
        write_file(host, "etc/group", groups)
    if options.login == "key":
        _folders(host, Path(f"home/{USER}"))
        public = host.key.with_suffix(".pub").read_text()
        write_file(host, f"home/{USER}/.ssh/authorized_keys", public, 0o600, 1000)
        folder = host.upper / f"home/{USER}/.ssh"
        folder.chmod(0o700)
        os.chown(folder, 1000, 1000)
    if options.shell != "/bin/bash":
        users = _read_below(host, "etc/passwd")
        old, new = f":/home/{USER}:/bin/bash", f":/home/{USER}:{options.shell}"
        write_file(host, "etc/passwd", users.replace(old, new))
    if options.uname26:
        write_file(host, "etc/systemd/system/sshd.service.d/uname26.conf", _UNAME26)


def _repo_file(kind: str, web: str) -> str:
    """Return CentOS-Base.repo. An unchanged EL7 has a dead mirrorlist since July 2024."""
    if kind == "none":
        return "# no repository here\n"
    root = f"{web}/gone" if kind == "404" else f"{web}/centos"
    return "\n".join(_section(part, kind, root) for part in ("os", "updates", "extras"))


def _section(part: str, kind: str, root: str) -> str:
    name = "base" if part == "os" else part
    base = f"baseurl={root}/7.9.2009/{part}/$basearch/"
    mirrors = "http://mirrorlist.centos.invalid/?release=$releasever&arch=$basearch"
    if kind == "dead-mirrorlist":
        source = f"mirrorlist={mirrors}&repo={part}&infra=$infra\n#{base}"
    else:
        source = base
    key = "file:///etc/pki/rpm-gpg/RPM-GPG-KEY-CentOS-7"
    title = f"CentOS-$releasever - {name.capitalize()}"
    return f"[{name}]\nname={title}\n{source}\ngpgcheck=1\ngpgkey={key}\n"


def _devicemapper(docker: Path) -> None:
    """Create what an engine of version 1.13 with devicemapper leaves behind."""
    for name in ("devicemapper/metadata", "devicemapper/devicemapper", "image/devicemapper"):
        (docker / name).mkdir(parents=True)
    (docker / "devicemapper/metadata/transaction-metadata").write_text(
        '{"open_transaction_id":0,"device_hash":"","device_id":0}'
    )
    (docker / "image/devicemapper/repositories.json").write_text('{"Repositories":{}}')
    shutil.chown(docker, 0, 0)
    docker.chmod(0o711)
