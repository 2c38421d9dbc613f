#!/usr/bin/env python3
"""The lab's web server: webserver.py FOLDER ADDRESS PORT FAULTS.

It serves a folder. The JSON file FAULTS maps the beginning of a path to a fault, for example
{"/linux/": {"status": 404}}. The faults are: "status" answers with that status; "stall" sends that
many bytes, then nothing more; "truncate" sends that many bytes and closes the connection; "delay"
waits that many seconds before the answer; "hold" waits until the fault is removed.
"""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

STALL = 3600


class Handler(SimpleHTTPRequestHandler):
    """Serve files with the current faults."""

    faults: Path

    def do_GET(self) -> None:
        while "hold" in (fault := self._fault()):
            time.sleep(0.05)
        time.sleep(fault.get("delay", 0))
        if "status" in fault:
            self.send_error(fault["status"])
        elif "stall" in fault or "truncate" in fault:
            self._send_part(fault)
        else:
            super().do_GET()

    def _fault(self) -> dict[str, Any]:
        try:
            faults = json.loads(self.faults.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        matching = [fault for path, fault in faults.items() if self.path.startswith(path)]
        return matching[0] if matching else {}

    def _send_part(self, fault: dict[str, Any]) -> None:
        body = self.send_head()
        if body is None:
            return
        with body:
            self.wfile.write(body.read(fault.get("stall", fault.get("truncate", 0))))
            self.wfile.flush()
        if "stall" in fault:
            time.sleep(STALL)
        self.close_connection = True


def main() -> None:
    folder, address, port, faults = sys.argv[1:]
    Handler.faults = Path(faults)
    server = ThreadingHTTPServer((address, int(port)), partial(Handler, directory=folder))
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main()
