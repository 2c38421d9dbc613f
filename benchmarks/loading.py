"""Measure loading, without any host: `python -m benchmarks.loading [--profile]`.

Two measurements, the best of three processes each: loading and planning a playbook of 1,000 tasks
in 100 files; and reading and rendering the variables of 100 hosts, 100 variables for each host from
group_vars and host_vars, half of them templates.
"""

from __future__ import annotations

import cProfile
import pstats
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

FILES, TASKS, HOSTS, VARIABLES = 100, 10, 100, 100

_TASKS = """\
- name: Install {n}
  package: {{name: "{{{{ packages_{n} | default('p') }}}}", state: present}}
  when: wanted | default(true) and ansible_os_family == 'RedHat'
  notify: restart
- name: Write {n}
  template: {{src: t.j2, dest: "/etc/{n}/{{{{ item }}}}", mode: "0644", owner: root}}
  loop: [a, b, c]
  register: result_{n}
"""


def tasks(folder: Path) -> None:
    """Write 1,000 tasks in 100 files, and a play that imports them."""
    (folder / "t.j2").write_text("x")
    lines = ["- hosts: all", "  handlers: [{name: restart, command: echo}]", "  tasks:"]
    for n in range(FILES):
        text = "".join(_TASKS.format(n=f"{n}_{k}") for k in range(TASKS // 2))
        (folder / f"tasks{n}.yml").write_text(text)
        lines.append(f"    - import_tasks: tasks{n}.yml")
    (folder / "play.yml").write_text("\n".join(lines) + "\n")


def variables(folder: Path) -> None:
    """Write 10,000 variables of 100 hosts. Half of them are templates that use the others."""
    half = VARIABLES // 2
    (folder / "group_vars").mkdir()
    (folder / "host_vars").mkdir()
    common = "".join(
        f'g{n}: "{{{{ v{n} }}}} of {{{{ inventory_hostname }}}}"\n' for n in range(half)
    )
    (folder / "group_vars/all.yml").write_text(common)
    for host in range(HOSTS):
        text = "".join(f"v{n}: value {n} of h{host}\n" for n in range(half))
        (folder / f"host_vars/h{host}.yml").write_text(text)
    (folder / "hosts").write_text("".join(f"h{host}\n" for host in range(HOSTS)))


def load_tasks(folder: Path) -> None:
    from provisioner.loading.inventory import load_inventory
    from provisioner.loading.playbook import load_playbook
    from provisioner.plan import Options, plan

    inventory = load_inventory("h1,")
    plan(inventory, [load_playbook(folder / "play.yml")], Options())


def render_variables(folder: Path) -> None:
    from provisioner.language.scope import Scope
    from provisioner.loading.inventory import load_inventory
    from provisioner.loading.variables import host_variables

    inventory = load_inventory(str(folder / "hosts"))
    for host in inventory.hosts:
        own = host_variables(inventory, host, [folder])
        scope = Scope((own, {"inventory_hostname": host}))
        assert all(scope[name] is not None for name in own)


BENCHMARKS: dict[str, tuple[Callable[[Path], None], Callable[[Path], None]]] = {
    "1,000 tasks in 100 files": (tasks, load_tasks),
    "10,000 variables of hosts": (variables, render_variables),
}


def main(arguments: list[str]) -> None:
    """Measure all. `--profile` prints profiles; `--one NAME` measures one in this process."""
    if arguments[:1] == ["--one"]:
        _one(arguments[1])
        return
    for name in BENCHMARKS:
        if "--profile" in arguments:
            _profile(name)
            continue
        runs = [
            subprocess.run(
                [sys.executable, "-m", "benchmarks.loading", "--one", name],
                capture_output=True, text=True, check=True,
            ).stdout
            for _ in range(3)
        ]  # fmt: skip
        best = min(runs, key=lambda line: float(line.split()[0]))
        print(f"{name}: {best.strip()}")


def _one(name: str) -> None:
    write, load = BENCHMARKS[name]
    with TemporaryDirectory() as folder:
        write(Path(folder))
        started, cpu = time.perf_counter(), time.process_time()
        load(Path(folder))
        print(f"{time.perf_counter() - started:.2f} s ({time.process_time() - cpu:.2f} s of CPU)")


def _profile(name: str) -> None:
    write, load = BENCHMARKS[name]
    with TemporaryDirectory() as folder:
        write(Path(folder))
        profile = cProfile.Profile()
        profile.runcall(load, Path(folder))
        print(name)
        pstats.Stats(profile).sort_stats("cumulative").print_stats(45)


if __name__ == "__main__":
    main(sys.argv[1:])
