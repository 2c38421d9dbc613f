"""What is fuzzed: each target reads bytes, and may raise only the exceptions of its promise."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from provisioner.errors import LoadError, MalformedReport, ProvisionError
from provisioner.language.scope import Scope
from provisioner.language.templating.render import render
from provisioner.language.templating.template import Template, TemplateError
from provisioner.loading import host_patterns, saved_runs, vault, yaml_file
from provisioner.loading.inventory import load_inventory
from provisioner.remote.report_parser import parse
from provisioner.remote.shell import Program
from provisioner.remote.ssh import config, known_hosts
from provisioner.remote.streams import Records
from provisioner.where import Where

_FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-"))
_INVENTORY = load_inventory("web1,web2,db1,10.0.0.1,")
_VAULT = vault.Vault((vault.Secret("default", b"password"),))
_MARK = b"1234 end 0 "
_SCOPE = Scope([{"a": "text", "n": 3, "items": [1, 2, {"b": None}], "host": {"name": "web1"}}])


@dataclass(frozen=True)
class Target:
    """`read` may raise only the exceptions in `allowed`."""

    read: Callable[[bytes], object]
    allowed: tuple[type[Exception], ...]


def _file(data: bytes, name: str) -> Path:
    path = _FOLDER / name
    path.write_bytes(data)
    return path


def _inventory(data: bytes) -> object:
    names = ("hosts", "hosts.yml", "hosts.toml")
    return load_inventory(str(_file(data, names[len(data) % len(names)])))


def _pattern(data: bytes) -> object:
    return host_patterns.select(_INVENTORY, data.decode("utf-8", "replace"))


def _template(data: bytes) -> object:
    return render(Template(data.decode("utf-8", "replace"), Where("f.yml", 1, 1)), _SCOPE)


def _report(data: bytes) -> object:
    return parse(data)


def _stream(data: bytes) -> object:
    """Read a report that arrives in pieces; the first byte is the size of the pieces."""
    size, sent = (data[0] if data else 0) + 1, data[1:] + _MARK + b"0\0"
    program = Program("t", "", content=b"0123456789")
    records, buffer = Records(_MARK, program, lambda _done, _size: None), bytearray()
    for start in range(0, len(sent), size):
        records.add(buffer, sent[start : start + size])
        list(records.take(buffer))
        if records.end >= 0:
            break
    return records.report(buffer, 0)


def _ssh_config(data: bytes) -> object:
    path = _file(data, "config")
    config.forget()
    return config.lookup(config.read((str(path),)), "web1", "root")


def _known_hosts(data: bytes) -> object:
    known_hosts.forget()
    files = known_hosts.KnownHostsFiles((str(_file(data, "known_hosts")),))
    entries = files.entries_for("web1", 22)
    return entries.key_types, entries.check(known_hosts.HostKey("ssh-ed25519", b"key"))


TARGETS: Mapping[str, Target] = {
    "yaml": Target(lambda data: yaml_file.parse(data, "f.yml"), (LoadError,)),
    "inventory": Target(_inventory, (ProvisionError,)),
    "pattern": Target(_pattern, (ProvisionError,)),
    "template": Target(_template, (TemplateError,)),
    "report": Target(_report, (MalformedReport,)),
    "stream": Target(_stream, (MalformedReport,)),
    "ssh_config": Target(_ssh_config, (config.ConfigError,)),
    "known_hosts": Target(_known_hosts, (OSError,)),
    "vault": Target(_VAULT.open, (LoadError,)),
    "saved_run": Target(lambda data: saved_runs.events(_file(data, "run.json")), (LoadError,)),
}
