"""Whether a host is a virtual machine or a container, or hosts them."""

from __future__ import annotations

import re
from typing import Any

from provisioner.facts.hardware import DMI
from provisioner.facts.raw import Raw

CONTAINERS = (
    ("docker", r"/docker(?:/|-[0-9a-f]+\.scope)"),
    ("docker", r"/(?:crio|cri-containerd)-[0-9a-f]+"),
    ("lxc", r"/lxc/|/machine\.slice/machine-lxc"),
    ("kubernetes", r"/kubepods"),
    ("podman", r"/libpod-[0-9a-f]+"),
)
"""Technique ▶ what /proc/1/cgroup shows inside of it."""

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
"""A field of the firmware's tables, what it says, and the technique that is."""


def virtualization(raw: Raw) -> dict[str, Any]:
    """virtualization_type, _role ("NA" on plain hardware), _tech_guest and _tech_host."""
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
    inside = {"docker", "podman", "lxc", "kubernetes", "openvz", "container"}
    return {*guest, "container"} if inside & set(guest) else set(guest)


def _guest(raw: Raw) -> list[str]:
    """All that it is a guest of, the innermost first."""
    groups = raw.text("/proc/1/cgroup")
    found = [name for name, pattern in CONTAINERS if re.search(pattern, groups)]
    if "/.dockerenv" in raw.present:
        found.append("docker")
    if "/run/.containerenv" in raw.present:
        found.append("podman")
    if "/proc/vz" in raw.present and "/proc/bc" not in raw.present:
        found.append("openvz")
    if container := raw.text("/run/systemd/container"):
        found.append(container if container in ("docker", "lxc", "podman") else "container")
    found += [name for key, pattern, name in MACHINES if re.fullmatch(pattern, _dmi(raw, key))]
    cpuinfo = raw.text("/proc/cpuinfo")
    if "QEMU" in cpuinfo:
        found.append("kvm")
    if "User Mode Linux" in cpuinfo:
        found.append("uml")
    if raw.text("/sys/hypervisor/type") == "xen" and not _rules_xen(raw):
        found.append("xen")
    return list(dict.fromkeys(found)) or (["kvm"] if _modules(raw) & {"virtio_net"} else [])


def _dmi(raw: Raw, key: str) -> str:
    return raw.text(f"{DMI}/{key}")


def _rules_xen(raw: Raw) -> bool:
    return "control_d" in raw.text("/proc/xen/capabilities")


def _modules(raw: Raw) -> set[str]:
    return {line.split(" ")[0] for line in raw.text("/proc/modules").splitlines()}


def _hosts(raw: Raw) -> list[str]:
    modules = _modules(raw)
    found = ["xen"] if _rules_xen(raw) else []
    found += ["kvm"] if "kvm" in modules or "/dev/kvm" in raw.present else []
    return found + (["virtualbox"] if "vboxdrv" in modules else [])
