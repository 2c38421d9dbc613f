#!/usr/bin/env python3
"""The lab's web server: webserver.py FOLDER ADDRESS PORT FAULTS.

It serves a folder and misbehaves for the paths that the JSON file FAULTS names by their beginning:
{"/linux/": {"status": 404}} answers so; "stall" sends that many bytes and then nothing more;
"truncate" sends that many bytes and hangs up; "delay" waits that many seconds first, "hold" until
the fault is gone.
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
    """Serves files, with the faults of the moment."""

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
        found = [fault for path, fault in faults.items() if self.path.startswith(path)]
        return found[0] if found else {}

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
