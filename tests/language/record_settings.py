"""Makes provisioner/language/lookups/settings.txt: Ansible's settings where nobody sets them.

    python -m tests.language.record_settings VENV

VENV has ansible-core. Its own lookup tells, in an empty home, which is written `~`. Left out are
how it looks on a terminal, and what depends on the machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

LEFT_OUT = (
    "ANSIBLE_CO",
    "COLOR_",
    "DOCSITE_",
    "GALAXY_",
    "INTERPRETER_PYTHON",
    "DEFAULT_LOCAL_TMP",
)
NAMES = (
    "import json, ansible.constants as c;"
    "print(json.dumps([*c.config.get_configuration_definitions()]))"
)


def main(venv: Path) -> None:
    """Ask Ansible, write the list."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        found = {
            name: value
            for name, value in sorted(_asked(venv, home).items())
            if not name.startswith(LEFT_OUT)
        }
        lines = [f"{name} {json.dumps(value)}\n" for name, value in found.items()]
        text = "".join(lines).replace(str(home), "~")
    target = Path(__file__).parents[2] / "provisioner" / "language" / "lookups" / "settings.txt"
    target.write_text(text, encoding="utf-8")


def _asked(venv: Path, home: Path) -> dict[str, object]:
    def run(*words: str) -> str:
        env = {"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        words = (str(venv / "bin" / words[0]), *words[1:])
        return subprocess.run(words, check=True, capture_output=True, text=True, env=env).stdout

    names = json.loads(run("python", "-c", NAMES))
    terms = ", ".join(f"'{name}'" for name in names)
    msg = json.dumps({"msg": f"{{{{ query('config', {terms}) | to_json }}}}"})
    said = run("ansible", "localhost", "-c", "local", "-o", "-m", "debug", "-a", msg)
    values = json.loads(said[said.index("{") :])["msg"]
    values = json.loads(values) if isinstance(values, str) else values
    return dict(zip(names, values, strict=True))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
