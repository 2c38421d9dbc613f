"""Facts of virtualization: whether a host is a virtual machine or a container, or runs some."""

from __future__ import annotations

import re
from typing import Any

from provisioner.facts.hardware import DMI
from provisioner.facts.raw_facts import RawFacts

CONTAINERS = (
    ("docker", r"/docker(?:/|-[0-9a-f]+\.scope)"),
    ("docker", r"/(?:crio|cri-containerd)-[0-9a-f]+"),
    ("lxc", r"/lxc/|/machine\.slice/machine-lxc"),
    ("kubernetes", r"/kubepods"),
    ("podman", r"/libpod-[0-9a-f]+"),
)
"""Container technologies, with a pattern of /proc/1/cgroup inside of such a container."""

MACHINES = (
    ("product_name", r"KVM.*|Bochs|AHV|OpenShift Virtualization", "kvm"),
    ("product_name", r"oVirt Node", "RHEV"),
    ("product_name", r"RHEV Hypervisor", "RHEV"),
    ("product_name", r"VMware Virtual Platform|VMware7,1|VMware20,1", "VMware"),
    ("product_name", r"OpenStack (?:Nova|Compute)", "openstack"),
    ("bios_vendor", r"Xen", "xen"),
    ("bios_vendor", r"innotek GmbH", "virtualbox"),
    ("sys_vendor", r"Microsoft Corporation", "VirtualPC"),
    ("sys_vendor", r"Parallels.*", "parallels"),
    ("sys_vendor", r"OpenStack Foundation", "openstack"),
    ("sys_vendor", r"oVirt", "oVirt"),
    ("sys_vendor", r"QEMU|Amazon EC2|DigitalOcean|Google|Scaleway|Nutanix|Hetzner|KubeVirt", "kvm"),
)
"""Virtual machines: a value of the firmware, a pattern of it, and the technology."""


def virtualization(raw: RawFacts) -> dict[str, Any]:
    """Return the facts virtualization_type, _role, _tech_guest and _tech_host.

    Type and role are "NA" on hardware that runs no guests.
    """
    guest, host = _guest(raw), _hosts(raw)
    kind, role = "NA", "NA"
    if guest:
        kind, role = guest[0], "guest"
    elif host:
        kind, role = host[0], "host"
    return {
        "virtualization_type": kind,
        "virtualization_role": role,
        "virtualization_tech_guest": sorted(_with_container(guest)),
        "virtualization_tech_host": sorted(host),
    }


def _with_container(guest: list[str]) -> set[str]:
    """Return the technologies, with `container` if one of them is a container."""
    container_types = {"docker", "podman", "lxc", "kubernetes", "openvz", "container"}
    return {*guest, "container"} if container_types & set(guest) else set(guest)


def _guest(raw: RawFacts) -> list[str]:
    """Return the technologies that the host is a guest of, the innermost first."""
    groups = raw.text("/proc/1/cgroup")
    technologies = [name for name, pattern in CONTAINERS if re.search(pattern, groups)]
    if "/.dockerenv" in raw.present:
        technologies.append("docker")
    if "/run/.containerenv" in raw.present:
        technologies.append("podman")
    if "/proc/vz" in raw.present and "/proc/bc" not in raw.present:
        technologies.append("openvz")
    if container := raw.text("/run/systemd/container"):
        technologies.append(container if container in ("docker", "lxc", "podman") else "container")
    technologies += [
        name for key, pattern, name in MACHINES if re.fullmatch(pattern, _dmi(raw, key))
    ]
    cpuinfo = raw.text("/proc/cpuinfo")
    if "QEMU" in cpuinfo:
        technologies.append("kvm")
    if "User Mode Linux" in cpuinfo:
        technologies.append("uml")
    if raw.text("/sys/hypervisor/type") == "xen" and not _is_xen_host(raw):
        technologies.append("xen")
    return list(dict.fromkeys(technologies)) or (["kvm"] if _modules(raw) & {"virtio_net"} else [])


def _dmi(raw: RawFacts, key: str) -> str:
    """Return a value of the firmware."""
    return raw.text(f"{DMI}/{key}")


def _is_xen_host(raw: RawFacts) -> bool:
    """Whether the host runs Xen guests (dom0)."""
    return "control_d" in raw.text("/proc/xen/capabilities")


def _modules(raw: RawFacts) -> set[str]:
    """Return the loaded kernel modules."""
    return {line.split(" ")[0] for line in raw.text("/proc/modules").splitlines()}


def _hosts(raw: RawFacts) -> list[str]:
    """Return the technologies with which the host runs guests."""
    modules = _modules(raw)
    technologies = ["xen"] if _is_xen_host(raw) else []
    technologies += ["kvm"] if "kvm" in modules or "/dev/kvm" in raw.present else []
    return technologies + (["virtualbox"] if "vboxdrv" in modules else [])
