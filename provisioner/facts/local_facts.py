"""Local facts: files in /etc/ansible/facts.d on the host."""

from __future__ import annotations

import configparser
import json
from typing import Any

from provisioner.facts.raw_facts import RawFacts


def local(raw: RawFacts) -> dict[str, Any]:
    """Return the local facts by the name of their file: JSON, or INI with sections of strings."""
    facts: dict[str, Any] = {}
    for entry in raw.local:
        path, _, rest = entry.partition("\n")
        status, _, text = rest.partition("\n")
        name = path.rpartition("/")[2].removesuffix(".fact")
        facts[name] = _value(path, status, text)
    return facts


def _value(path: str, status: str, text: str) -> Any:
    """Return the value of one file, or a message if it can't be read.

    The messages are Ansible's.
    """
    if status == "missing":
        return f"Could not stat fact ({path}): a broken symbolic link"
    if status != "0":
        return f"Failure executing fact script ({path}), rc: {status}, err: {text.strip()}"
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except configparser.Error:
        return f"error loading facts as JSON or ini - please check content: {path}"
    return {section: dict(parser.items(section)) for section in parser.sections()}
