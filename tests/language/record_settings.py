"""Write provisioner/language/lookups/settings.txt: the default values of Ansible's settings.

Run `python -m tests.language.record_settings VENV`, with ansible-core in VENV. Its lookup `config`
reports the values in an empty home directory, which becomes `~`. Settings of the terminal and those
that depend on the machine are left out.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

OMITTED_PREFIXES = (
    "ANSIBLE_CO",
    "COLOR_",
    "DOCSITE_",
    "GALAXY_",
    "INTERPRETER_PYTHON",
    "DEFAULT_LOCAL_TMP",
)
PRINT_NAMES = (
    "import json, ansible.constants as c;"
    "print(json.dumps([*c.config.get_configuration_definitions()]))"
)


def main(venv: Path) -> None:
    """Get the settings from Ansible and write the list."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        settings = {
            name: value
            for name, value in sorted(_read_settings(venv, home).items())
            if not name.startswith(OMITTED_PREFIXES)
        }
        lines = [f"{name} {json.dumps(value)}\n" for name, value in settings.items()]
        text = "".join(lines).replace(str(home), "~")
    target = Path(__file__).parents[2] / "provisioner" / "language" / "lookups" / "settings.txt"
    target.write_text(text, encoding="utf-8")


def _read_settings(venv: Path, home: Path) -> dict[str, object]:
    """The values of all settings, as Ansible's lookup `config` returns them."""

    def run(*words: str) -> str:
        env = {"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        words = (str(venv / "bin" / words[0]), *words[1:])
        return subprocess.run(words, check=True, capture_output=True, text=True, env=env).stdout

    names = json.loads(run("python", "-c", PRINT_NAMES))
    terms = ", ".join(f"'{name}'" for name in names)
    msg = json.dumps({"msg": f"{{{{ query('config', {terms}) | to_json }}}}"})
    output = run("ansible", "localhost", "-c", "local", "-o", "-m", "debug", "-a", msg)
    values = json.loads(output[output.index("{") :])["msg"]
    values = json.loads(values) if isinstance(values, str) else values
    return dict(zip(names, values, strict=True))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
