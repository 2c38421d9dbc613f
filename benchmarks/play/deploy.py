# mypy: ignore-errors
"""The benchmark's play for pyinfra. `root` is the host's own directory."""

from pathlib import Path

from pyinfra import host
from pyinfra.operations import files, server, systemd, yum

HERE = Path(__file__).parent
root = host.data.root

server.shell(name="Kernel", commands=["uname -r"])

for name in ("app", "app/conf", "app/data", "app/log"):
    files.directory(name=f"Directory {name}", path=f"{root}/{name}", mode="755")

for name in "abcd":
    files.put(
        name=f"File {name}",
        src=str(HERE / "files" / f"{name}.conf"),
        dest=f"{root}/app/conf/{name}.conf",
        mode="644",
    )

for name, key, line in (
    ("limits", "nofile", "nofile=65536"),
    ("sysctl", "swappiness", "swappiness=10"),
):
    files.line(name=f"Line {key}", path=f"{root}/{name}.conf", line=rf"^{key}=.*$", replace=line)

for name in ("sshd", "chronyd"):
    systemd.service(name=f"Service {name}", service=name, running=True, enabled=True)

for name in ("curl", "openssh-server", "sudo"):
    yum.packages(name=f"Package {name}", packages=[name])

for name in ("initialised", "registered"):
    path = f"{root}/app/data/{name}"
    server.shell(name=f"Command {name}", commands=[f"test -e {path} || touch {path}"])

server.shell(name="Load", commands=["cat /proc/loadavg"])
server.shell(name="User", commands=["id -un"])
