"""The registry of a lab, and the storage folder with the hello-world image that it serves."""

from __future__ import annotations

import json
import socket
from pathlib import Path

from tests.lab.cache import HERE, cached, digest
from tests.lab.commands import run
from tests.lab.processes import kill_recorded, start_process, wait_for_server

_IMAGE = "library/hello-world"


def hello_image() -> Path:
    """Return a registry's storage folder that contains hello-world."""
    return cached("image", digest(HERE / "hello", HERE / "registry.py"), _build) / "storage"


def registry_config(storage: Path, address: str) -> str:
    """Return the registry's settings as JSON, which is YAML as well."""
    settings = {
        "version": "0.1",
        "log": {"level": "warn"},
        "storage": {"filesystem": {"rootdirectory": str(storage)}},
        "http": {"addr": address},
    }
    return json.dumps(settings)


def start_registry(folder: Path, storage: Path, address: str) -> None:
    """Start a registry and wait until it accepts connections."""
    config = folder / "registry.json"
    config.write_text(registry_config(storage, address))
    record = folder / "registry.pid"
    log = folder / "registry.log"
    start_process(["docker-registry", "serve", config], log, record)
    wait_for_server(record, address, log)


def _build(draft: Path) -> None:
    layout = _layout(draft)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    start_registry(draft, draft / "storage", address)
    try:
        target = f"docker://{address}/{_IMAGE}:latest"
        copy = ["skopeo", "copy", "--insecure-policy", "--dest-tls-verify=false"]
        run([*copy, "--format", "v2s2", f"oci:{layout}:latest", target])
    finally:
        kill_recorded(draft / "registry.pid")


def _layout(draft: Path) -> Path:
    layout, bundle = draft / "oci", draft / "bundle"
    image = f"{layout}:latest"
    run(["umoci", "init", "--layout", layout])
    run(["umoci", "new", "--image", image])
    run(["umoci", "unpack", "--image", image, bundle])
    program = bundle / "rootfs/hello"
    run(["gcc", "-static", "-Os", "-s", "-o", program, HERE / "hello/hello.c"])
    run(["umoci", "repack", "--image", image, bundle])
    run(["umoci", "config", "--image", image, "--config.cmd", "/hello"])
    return layout
