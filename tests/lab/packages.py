"""The package repositories, in the layout of CentOS 7's and Docker's archives."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.lab import dockers
from tests.lab.cache import HERE, cached, digest
from tests.lab.commands import run
from tests.lab.keys import BASE_KEY, DOCKER_KEY, WRONG_KEY, keys
from tests.lab.rpms import Rpm, build_rpm, sign

OS, UPDATES, EXTRAS = (f"centos/7.9.2009/{part}/x86_64" for part in ("os", "updates", "extras"))
DOCKER = "linux/centos/7/x86_64/stable"


def repositories() -> Path:
    """Return the folder that the labs' web servers serve; it has `centos` and `linux`."""
    sources = ("dockers.py", "packages.py", "rpms.py", "packages")
    key = digest(*(HERE / name for name in sources), str(keys()))
    return cached("repos", key, _build) / "www"


def _build(draft: Path) -> None:
    scratch, www = draft / "scratch", draft / "www"
    dockers.unpack_debs(scratch)
    _fill(www / OS, _os_rpms(), BASE_KEY, scratch)
    _fill(www / UPDATES, [_dummy("lab-b", "2.0-1.el7"), _dummy("lab-a", "2.0-1.el7")],
          BASE_KEY, scratch)  # fmt: skip
    extras = [
        *dockers.distro_dependencies(),
        *dockers.ce_dependencies(),
        _dummy("epel-release", "7-11"),
    ]
    _fill(www / EXTRAS, [*extras, *dockers.distro_rpms(scratch)], BASE_KEY, scratch)
    build_rpm(Rpm("lab-unsigned", "1.0-1.el7"), scratch, www / EXTRAS)
    sign([build_rpm(Rpm("lab-wrongkey", "1.0-1.el7"), scratch, www / EXTRAS)], WRONG_KEY)
    _fill(www / DOCKER, dockers.ce_rpms(scratch), DOCKER_KEY, scratch)
    for repository in (OS, UPDATES, EXTRAS, DOCKER):
        run(["createrepo_c", "--quiet", www / repository])
    shutil.copy(keys() / "public" / BASE_KEY, www / "centos/RPM-GPG-KEY-CentOS-7")
    shutil.copy(keys() / "public" / DOCKER_KEY, www / "linux/centos/gpg")
    shutil.rmtree(scratch)


def _fill(repository: Path, rpms: list[Rpm], key: str, scratch: Path) -> None:
    build_folder = scratch / "rpmbuild" / repository.parent.name
    sign([build_rpm(rpm, build_folder, repository) for rpm in rpms], key)


def _dummy(name: str, evr: str, *requires: str) -> Rpm:
    """Return a small package. Its files come from the folder of its name, if there is one."""
    folder = HERE / "packages" / name
    files = (folder,) if folder.is_dir() else ()
    config = tuple(
        "/" + str(file.relative_to(folder)) for file in (folder / "etc").rglob("*")
        if file.is_file()
    )  # fmt: skip
    return Rpm(name, evr, requires=requires, files=files, config=config)


def _os_rpms() -> list[Rpm]:
    return [
        _dummy("lab-a", "1.0-1.el7", "lab-lib >= 1.0"),
        _dummy("lab-b", "1.0-1.el7"),
        _dummy("lab-lib", "1.0-1.el7"),
        _dummy("lab-broken-deps", "1.0-1.el7", "lab-nowhere"),
        Rpm("lab-badpost", "1.0-1.el7", scripts={"pre": "echo no >&2; exit 1"}),
        Rpm("lab-slow", "1.0-1.el7", scripts={"post": "sleep 30"}),
        _dummy("tree", "1.6.0-10.el7"),
        _dummy("jq", "1.6-2.el7"),
        _dummy("bash-completion", "1:2.1-8.el7"),
        _dummy("device-mapper-persistent-data", "0.8.5-3.el7_9.2"),
        _dummy("lvm2", "7:2.02.187-6.el7_9.5", "device-mapper-persistent-data"),
        _dummy("libcgroup", "0.41-21.el7"),
        _dummy("subscription-manager-rhsm-certificates", "1.24.52-2.el7.centos"),
        _dummy("chrony", "3.4-1.el7"),
        _dummy("firewalld", "0.6.3-13.el7_9"),
        _dummy("policycoreutils-python", "2.5-34.el7"),
        _dummy("yum-utils", "1.1.31-54.el7_8"),
    ]
