"""Parse the lists of rpm and yum, for the parameter `list`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from provisioner.remote.shell import Report


def listing(report: Report) -> list[dict[str, str]]:
    """Return the packages or repositories that the body has listed."""
    if "repos" in report.records:
        return list(_repositories(report.get("repos")))
    packages = [
        _entry(*line.split(), "installed") for line in report.get("installed_list").splitlines()
    ]
    state = "available"
    words: list[str] = []
    for line in report.get("list").splitlines():
        if re.fullmatch(r"[A-Z][a-z]+ (Packages|Upgrades)|Obsoleting Packages", line):
            state, words = ("updates" if line.startswith("Up") else line.split()[0].lower()), []
            continue
        words += line.split()  # yum 3.4 breaks a long line into two
        while len(words) >= 3:
            package, evr, repository = words[:3]
            del words[:3]
            packages.append(_listed(package, evr, repository, state))
    return packages


def _listed(package: str, evr: str, repository: str, state: str) -> dict[str, str]:
    name, _, arch = package.rpartition(".")
    epoch, _, number = evr.rpartition(":")
    version, _, release = number.partition("-")
    return _entry(name, epoch or "0", version, release, arch, repository.lstrip("@"), state)


def _entry(
    name: str, epoch: str, version: str, release: str, arch: str, *rest: str
) -> dict[str, str]:
    state = rest[-1]
    nevra = f"{name}-{epoch}:{version}-{release}.{arch}"
    return {
        "name": name,
        "epoch": epoch,
        "version": version,
        "release": release,
        "arch": arch,
        "repo": rest[0],
        "yumstate": "installed" if state == "installed" else "available",
        "nevra": nevra,
        "envra": f"{epoch}:{name}-{version}-{release}.{arch}",
    }


def _repositories(text: str) -> Iterable[dict[str, str]]:
    for line in text.splitlines():
        match = re.match(r"!?([^\s/]+)\S*\s.*?\b(enabled|disabled)\b", line)
        if match:
            yield {"repoid": match[1], "state": match[2]}
