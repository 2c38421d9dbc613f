"""The network bridge of a lab; disconnecting and reconnecting hosts."""

from __future__ import annotations

from pathlib import Path

from tests.lab.commands import LabError, run

_LISTENING = "0A"


def bridge_name(number: int) -> str:
    return f"plab{number}"


def port_name(machine: str) -> str:
    """Return the name that systemd-nspawn gives to the bridge's side of a host's interface."""
    return f"vb-{machine}"


def gateway(number: int) -> str:
    return f"10.77.{number}.1"


def host_address(number: int, index: int) -> str:
    return f"10.77.{number}.{10 + index}"


def make_bridge(number: int) -> None:
    name = bridge_name(number)
    run(["ip", "link", "add", name, "type", "bridge"])
    run(["ip", "address", "add", f"{gateway(number)}/24", "dev", name])
    run(["ip", "link", "set", name, "up"])


def remove_bridge(number: int) -> None:
    if exists(bridge_name(number)):
        run(["ip", "link", "delete", bridge_name(number)], check=False)


def exists(interface: str) -> bool:
    return (Path("/sys/class/net") / interface).exists()


def free_number(used: set[int]) -> int:
    """Return an unused number for a lab. Its subnet is 10.77.NUMBER.0/24."""
    for number in range(1, 255):
        if not (number in used or exists(bridge_name(number)) or _is_served(number)):
            return number
    raise LabError("all 254 subnets of the lab are in use")


def _is_served(number: int) -> bool:
    """Return whether a server of a crashed lab still listens on the gateway's address."""
    local = f"01{number:02X}4D0A:"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(row[1].startswith(local) and row[3] == _LISTENING for row in rows)


def cut(machine: str, how: str) -> None:
    """Disconnect a host: "drop" loses every packet silently, "down" sets the link down."""
    if how == "drop":
        run(["ip", "link", "set", port_name(machine), "nomaster"])
    elif how == "down":
        run(["ip", "link", "set", port_name(machine), "down"])
    else:
        raise LabError(f'cut: "drop" or "down", not {how!r}')


def reconnect(machine: str, number: int) -> None:
    """Undo `cut`."""
    run(["ip", "link", "set", port_name(machine), "master", bridge_name(number), "up"])
