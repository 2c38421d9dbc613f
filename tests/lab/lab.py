#!/usr/bin/env python3
"""The command line of the lab: build, up, down, inventory, sh, list, clean."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

if __package__ in (None, ""):
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.lab.build import build
from tests.lab.commands import LabError
from tests.lab.labs import DEFAULT_NAME, Lab, clean, down_all, lab_names
from tests.lab.options import HostOptions


def main() -> int:
    options = _parser().parse_args()
    try:
        return int(options.action(options))
    except (LabError, ValueError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab.py", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, action: object, text: str) -> argparse.ArgumentParser:
        subparser = commands.add_parser(name, help=text, description=text)
        subparser.set_defaults(action=action)
        subparser.add_argument("--name", default=DEFAULT_NAME, help="the lab's name")
        return subparser

    command("build", _build, "build the parts that all labs share (cached)")
    up = command("up", _up, "start a lab of COUNT hosts and wait until ssh answers")
    up.add_argument("count", type=int)
    up.add_argument(
        "-o", "--option", action="append", default=[], metavar="[HOST:]NAME=VALUE",
        help="an option of one host or of all hosts; see README.md",
    )  # fmt: skip
    down = command("down", _down, "stop a lab and delete it")
    down.add_argument("--all", action="store_true", help="every lab, also crashed ones")
    command("inventory", _inventory, "print the lab's inventory")
    sh = command("sh", _sh, "run a command on a host as root, without ssh")
    sh.add_argument("host")
    sh.add_argument("words", nargs=argparse.REMAINDER, metavar="command")
    command("clean", _clean, "delete parts built by older versions")
    command("list", _list, "list all labs and hosts")
    return parser


def _build(options: argparse.Namespace) -> int:
    for part, path in build().to_json().items():
        print(f"{part}: {path}")
    return 0


def _up(options: argparse.Namespace) -> int:
    names = [f"el7-{index}" for index in range(1, options.count + 1)]
    words: dict[str, list[str]] = {name: [] for name in names}
    for option in options.option:
        host, colon, word = option.partition(":")
        if colon and host in words:
            words[host].append(word)
        else:
            for name in names:
                words[name].append(option)
    hosts = {name: HostOptions.from_words(given) for name, given in words.items()}
    lab = Lab.up(hosts, options.name)
    print(f"inventory: {lab.inventory}\nssh: ssh -F {lab.ssh_config} {names[0]}")
    return 0


def _down(options: argparse.Namespace) -> int:
    if options.all:
        down_all()
    else:
        Lab.load(options.name).down()
    return 0


def _inventory(options: argparse.Namespace) -> int:
    print(Lab.load(options.name).inventory.read_text(), end="")
    return 0


def _sh(options: argparse.Namespace) -> int:
    host = Lab.load(options.name)[options.host]
    command = " ".join(options.words) or "exec bash -i"
    return subprocess.run(host.command(command), check=False).returncode


def _clean(options: argparse.Namespace) -> int:
    for path in clean():
        print(f"deleted {path}")
    return 0


def _list(options: argparse.Namespace) -> int:
    for name in lab_names():
        for host in Lab.load(name).hosts.values():
            print(f"{name} {host.name} {host.address} {'up' if host.is_running() else 'down'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
