"""docs/docker-role.md and docs/server-role.md: the variables of the bundled roles.

`python -m tests.role_pages` writes the pages from meta/argument_specs.yml (types, choices,
descriptions) and defaults/main.yml (default values); a test fails while a page is out of date.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
ROLES = ROOT / "playbooks" / "roles"
LONG = 80
"""Characters of a default value that a table has room for."""

PAGES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "docker-role.md": (
        ("docker", "centos_repositories"),
        """# The role docker

The bundled playbooks docker.yml, verify.yml, restart.yml, upgrade.yml and uninstall.yml are a few
lines each around this role. A playbook of your own can use it too, from any folder:

```yaml
- hosts: web
  become: true
  roles: [docker]
```

`include_role` and `import_role` find it as well; `tasks_from: verify` (or `restart`, `upgrade`,
`uninstall`) names another entry point. A role `docker` of your own has precedence: the bundled role
is used where none of your roles folders has one.

Set the variables in the inventory, in group_vars, in host_vars or with `-e`. A value of the wrong
type, or one that is not among the choices, is refused with its place before any host is contacted
(exit status 3), if it does not depend on facts.
""",
    ),
    "server-role.md": (
        ("server",),
        """# The role server

The first play of new-server.yml ([playbooks.md](playbooks.md#new-server) describes its parts). A
playbook of your own can use it with `roles: [server]`. The repositories have the variables of the
role centos_repositories ([docker-role.md](docker-role.md#centos_repositories)).
""",
    ),
}


def page(name: str) -> str:
    """The text of a page."""
    roles, head = PAGES[name]
    note = "<!-- made by python -m tests.role_pages -->\n"
    return head + "\n" + note + "".join(part for role in roles for part in _role(role))


def spec_of(role: str) -> Mapping[str, Any]:
    """A role's argument specs, by entry point."""
    specs: Mapping[str, Any] = _yaml(role, "meta/argument_specs.yml")["argument_specs"]
    return specs


def defaults_of(role: str) -> Mapping[str, Any]:
    """A role's defaults."""
    defaults: Mapping[str, Any] = _yaml(role, "defaults/main.yml")
    return defaults


def _yaml(role: str, file: str) -> Any:
    return yaml.safe_load((ROLES / role / file).read_text())


def _role(role: str) -> Iterator[str]:
    shown: set[str] = set()
    for entry, spec in spec_of(role).items():
        if shown.issuperset(spec["options"]):
            continue  # it has the options of another entry point
        yield f"\n## {role if entry == 'main' else entry}\n\n{spec['short_description']}.\n"
        yield "\n| variable | type | default | |\n|---|---|---|---|\n"
        defaults = defaults_of(role)
        for name, option in spec["options"].items():
            shown.add(name)
            default = _default(defaults[name]) or _link(role)
            cells = (f"`{name}`", _type(option), default, _text(option))
            yield f"| {' | '.join(cells)} |\n"


def _type(option: Mapping[str, Any]) -> str:
    kind = str(option["type"])
    return f"{kind} of {option['elements']}" if "elements" in option else kind


def _default(value: Any) -> str:
    """The value as code; "" where it is too long for a table."""
    text = value if isinstance(value, str) and value else json.dumps(value)
    return f"`{text}`" if len(text) <= LONG else ""


def _link(role: str) -> str:
    return f"[in the file](../playbooks/roles/{role}/defaults/main.yml)"


def _text(option: Mapping[str, Any]) -> str:
    sentences = option["description"]
    text = sentences if isinstance(sentences, str) else " ".join(sentences)
    if "choices" in option:
        text += f" Choices: {', '.join(_default(choice) for choice in option['choices'])}."
    if "options" in option:
        keys = (f"C({key}) ({_text(inner)})" for key, inner in option["options"].items())
        text += f" Keys: {', '.join(keys)}."
    return re.sub(r"C\(([^)]*)\)", r"`\1`", text).replace("|", "\\|")


if __name__ == "__main__":
    for name in PAGES:
        (ROOT / "docs" / name).write_text(page(name))
