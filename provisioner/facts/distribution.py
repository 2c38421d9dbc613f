"""Facts of the distribution, from its release files."""

from __future__ import annotations

import re
from typing import Any

from provisioner import regex
from provisioner.facts.parsing import parse_assignments
from provisioner.facts.raw_facts import RawFacts

FAMILIES = {
    "RedHat": "RedHat CentOS Fedora Scientific SLC Ascendos CloudLinux PSBM OracleLinux OVS OEL "
    "Amazon Amzn Virtuozzo XenServer Alibaba EulerOS openEuler AlmaLinux Rocky TencentOS "
    "EuroLinux Kylin MIRACLE",
    "Debian": "Debian Ubuntu Raspbian Neon Linux-Mint SteamOS Devuan Kali Cumulus Pop!_OS Parrot "
    "Uos Deepin OSMC",
    "Suse": "SLES SLED openSUSE SUSE SLES_SAP SUSE_LINUX openSUSE-Leap "
    "openSUSE-Tumbleweed ALP-Dolomite",
    "Archlinux": "Archlinux Antergos Manjaro",
    "Alpine": "Alpine",
    "Gentoo": "Gentoo Funtoo",
    "Flatcar": "Flatcar",
    "ClearLinux": "ClearLinux",
}
"""The distributions of each os_family."""

NAMES = {
    "almalinux": "AlmaLinux",
    "alpine": "Alpine",
    "amzn": "Amazon",
    "arch": "Archlinux",
    "centos": "CentOS",
    "debian": "Debian",
    "fedora": "Fedora",
    "flatcar": "Flatcar",
    "gentoo": "Gentoo",
    "ol": "OracleLinux",
    "opensuse-leap": "openSUSE Leap",
    "raspbian": "Raspbian",
    "rhel": "RedHat",
    "rocky": "Rocky",
    "scientific": "Scientific",
    "sled": "SLED",
    "sles": "SLES",
    "ubuntu": "Ubuntu",
}
"""Ansible's names of distributions, by the ID in os-release."""

FILES = {
    "OracleLinux": ("/etc/oracle-release", "OracleLinux"),
    "Amazon": ("/etc/os-release", "Amazon"),
    "Debian": ("/etc/os-release", "Debian"),
    "Raspbian": ("/etc/os-release", "Debian"),
    "Ubuntu": ("/etc/os-release", "Debian"),
    "SLES": ("/etc/os-release", "SUSE"),
    "SLED": ("/etc/os-release", "SUSE"),
    "openSUSE Leap": ("/etc/os-release", "SUSE"),
    "Flatcar": ("/etc/os-release", "Flatcar"),
}
"""The file that names a distribution, and its variety. Others use /etc/redhat-release."""

REDHAT_RELEASE = regex.compile(
    r"^(?P<name>.+?) release (?P<version>[\d.]+)?.*?(?:\((?P<code>.*)\))?$"
)
"""The first line of /etc/redhat-release."""


def distribution(raw: RawFacts) -> dict[str, Any]:
    """Return the facts distribution, distribution_version and the like, and os_family."""
    release = parse_assignments(raw.text("/etc/os-release", "/usr/lib/os-release"))
    redhat = REDHAT_RELEASE.match(_redhat(raw).partition("\n")[0])
    name = _name(release, redhat)
    version = _version(raw, name, release, redhat)
    facts: dict[str, Any] = {
        "distribution": name,
        "distribution_version": version or "NA",
        "distribution_major_version": version.split(".")[0] or "NA",
        "distribution_release": _code(name, release, redhat),
        "os_family": family(name),
    }
    if name == "Debian" and "." in version:
        facts["distribution_minor_version"] = version.split(".")[1]
    return facts | _file(name, release, redhat)


def family(name: str) -> str:
    """Return the os_family of a distribution; an unknown distribution is its own family."""
    key = name.replace(" ", "-")
    return next((each for each, names in FAMILIES.items() if key in names.split()), name)


def _redhat(raw: RawFacts) -> str:
    """Return the release file of Red Hat's family."""
    return raw.text("/etc/redhat-release", "/etc/centos-release", "/etc/system-release")


def _name(release: dict[str, str], redhat: re.Match[str] | None) -> str:
    """Return Ansible's name of the distribution."""
    if (name := NAMES.get(release.get("ID", ""))) is not None:
        return name
    if redhat is not None:
        words = redhat["name"]
        return "RedHat" if words.startswith("Red Hat") else words.split()[0]
    return release.get("NAME") or "Linux"


def _version(
    raw: RawFacts, name: str, release: dict[str, str], redhat: re.Match[str] | None
) -> str:
    """Return the version of the distribution.

    On EL the release file has the minor version, and os-release of CentOS does not.
    """
    short = release.get("VERSION_ID", "")
    if name == "Debian":
        exact = raw.text("/etc/debian_version")
        return exact if exact[:1].isdigit() else short
    if name == "Amazon" or redhat is None or not redhat["version"]:
        return short
    exact = ".".join(redhat["version"].split(".")[:2])
    return exact if not short or exact.startswith(short) else short


def _code(name: str, release: dict[str, str], redhat: re.Match[str] | None) -> str:
    """Return the name of the release: `Core`, `Maipo`, `jammy`."""
    if name == "CentOS" and redhat is not None and "Stream" in redhat["name"]:
        return "Stream"
    if name == "Fedora":
        return release.get("VERSION_CODENAME", "")
    if redhat is not None and redhat["code"] and name != "Amazon":
        return redhat["code"]
    if code := release.get("VERSION_CODENAME") or release.get("UBUNTU_CODENAME"):
        return code
    in_version = re.search(r"\((.+)\)", release.get("VERSION", ""))
    return in_version[1] if in_version else "NA"


def _file(name: str, release: dict[str, str], redhat: re.Match[str] | None) -> dict[str, Any]:
    """Return the facts about the file that names the distribution."""
    if redhat is not None and name not in FILES:
        is_stream = "Stream" in redhat["name"] and name == "CentOS"
        path, variety = (
            ("/etc/centos-release", "CentOS") if is_stream else ("/etc/redhat-release", "RedHat")
        )
    else:
        path, variety = FILES.get(name, ("/etc/os-release", "NA"))
    facts: dict[str, Any] = {
        "distribution_file_path": path,
        "distribution_file_variety": variety,
        "distribution_file_parsed": bool(release or redhat),
    }
    search = {"OracleLinux": "Oracle Linux", "RedHat": "Red Hat"}.get(name)
    return facts | ({"distribution_file_search_string": search} if search else {})


def package_manager(raw: RawFacts, facts: dict[str, Any]) -> str:
    """Return the fact pkg_mgr.

    On Red Hat's family it depends on the version, not on what is installed: EL7 may have dnf as
    well as yum.
    """
    kind, major = facts["os_family"], facts["distribution_major_version"]
    number = int(major) if major.isdigit() else 0
    if kind == "RedHat":
        if "/run/ostree-booted" in raw.present:
            return "atomic_container"
        limit = {"Fedora": 23, "Amazon": 2022}.get(facts["distribution"], 8)
        newest = facts["distribution"] == "Fedora" and number >= 41
        return "dnf5" if newest else "dnf" if number >= limit else "yum"
    managers = {"Debian": "apt", "Suse": "zypper", "Alpine": "apk", "Archlinux": "pacman"}
    return managers.get(kind) or next(
        (tool for path, tool in TOOLS.items() if path in raw.present), "unknown"
    )


TOOLS = {
    "/usr/bin/dnf": "dnf",
    "/usr/bin/yum": "yum",
    "/usr/bin/apt-get": "apt",
    "/usr/bin/zypper": "zypper",
    "/sbin/apk": "apk",
    "/usr/bin/pacman": "pacman",
    "/usr/bin/emerge": "portage",
}
"""Package managers by their path."""


def service_manager(raw: RawFacts) -> str:
    """Return the fact service_mgr, from the program that runs as PID 1."""
    if "/run/systemd/system" in raw.present:
        return "systemd"
    first = raw.text("/proc/1/comm").rpartition("/")[2]
    managers = {"runit-init": "runit", "svscan": "svc", "openrc-init": "openrc"}
    if (first and not first.endswith(("sh", "init"))) or first in managers:
        return managers.get(first, first)
    return "sysvinit" if "/etc/init.d" in raw.present else "service"
