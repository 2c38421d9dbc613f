"""synchronize: rsync makes a directory of one machine the same on another.

rsync runs on the controller, or where the task is delegated to, and logs in with ssh by itself.
"""

from __future__ import annotations

import shlex
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import HostAccess, Module, ModuleError, TaskContext, Words
from provisioner.remote.shell import Program, Report

BODY = r"""
marked() { case $said in *'<<CHANGED>>'*) ;; *) false ;; esac; }

if ! command -v rsync >/dev/null; then
    [ "$look" = yes ] || fail "rsync is not installed on $runner: install it there"
    changed "$what"
    return
fi
[ -z "$ssh" ] || command -v ssh >/dev/null ||
    fail "ssh is not installed on $runner: install it there"
[ "$local_side" = target ] || expand source
[ "$local_side" = source ] || expand target
eval "set -- $options"
[ -z "$ssh" ] || set -- "$@" "--rsh=$ssh"
set -- "$@" '--out-format=<<CHANGED>>%i %n%L' "$source" "$target"
report source "$source"
report target "$target"
if [ "$look" = yes ]; then
    # What rsync can't look at (a directory that an earlier task makes), it would change.
    said=$(rsync --dry-run "$@" 2>/dev/null) || said='<<CHANGED>>'
    report said "$said"
    ! marked || changed "$what"
    return
fi
run rsync "$@" || true
report rc "$status"
output
said=$(stdout)
! marked || changed "$what"
case $status:$(stderr) in
    0:*) ;;
    *'rsync: command not found'* | *'rsync: not found'*)
        fail "rsync is not installed on the other side: install it in an earlier task" ;;
    255:*) fail "ssh can't log in from $runner: rsync needs a key and a host key that is known" ;;
    *) fail "rsync: exit $status" ;;
esac
"""

ARCHIVE = ("recursive", "links", "perms", "times", "owner", "group")
"""The parts of --archive that can be had, or left out, one by one."""

Switch = bool | None


class Synchronize(Module):
    """Make a directory or file the same as one of the controller, or the other way round, by rsync.

    It logs in with the ssh of the machine that it runs on: with a key, not with a password.
    """

    body: ClassVar[str] = BODY
    from_controller: ClassVar[bool] = True

    src: str
    """Where it comes from; a slash at its end means what is in the directory, not itself."""
    dest: str
    """Where it goes to."""
    mode: Literal["push", "pull"] = "push"
    """`push` from the controller to the host, or `pull` from there."""
    archive: bool = True
    """Recursively, with links, permissions, times, owners and groups; those parameters
    leave out what is false."""
    checksum: bool = False
    """Compare content by its checksum, not by time and size."""
    compress: bool = True
    """Compress what is sent."""
    delete: bool = False
    """Remove what the source does not have, afterwards."""
    existing_only: bool = False
    """Make no new files."""
    dirs: bool = False
    """Make directories without going into them."""
    recursive: Switch = None
    """Go into directories; as `archive` says."""
    links: Switch = None
    """Links as links; as `archive` says."""
    copy_links: bool = False
    """What a link leads to instead of the link."""
    perms: Switch = None
    """Keep modes; as `archive` says."""
    times: Switch = None
    """Keep modification times; as `archive` says."""
    owner: Switch = None
    """Keep owners; as `archive` says."""
    group: Switch = None
    """Keep groups; as `archive` says."""
    partial: bool = False
    """Keep what came of a file when the connection broke."""
    delay_updates: bool = True
    """Put all files in place at the end."""
    link_dest: tuple[str, ...] = ()
    """Directories of the receiving side whose unchanged files are linked, not copied."""
    rsync_opts: Words = ()
    """More of rsync's options: `--exclude=.git`."""
    rsync_path: str | None = None
    """rsync on the host; unset it is rsync as the task's become user."""
    rsync_timeout: int = 0
    """Seconds without data after which rsync gives up."""
    dest_port: int | None = None
    """ssh's port on the host; unset is that of the inventory."""
    private_key: str | None = None
    """The file of the key to log in with; unset is that of the inventory."""
    set_remote_user: bool = True
    """Log in as the inventory says; otherwise as ssh's settings do."""
    verify_host: bool = False
    """Accepted: the host's key is always checked."""
    use_ssh_args: bool = False
    """Accepted: ansible_ssh_common_args and ansible_ssh_extra_args are always used."""
    ssh_connection_multiplexing: bool = False
    """Let ssh share a connection as its settings say."""

    def program(self, context: TaskContext) -> Program:
        reached = context.host_access
        here, there = (self.src, self.dest) if self.mode == "push" else (self.dest, self.src)
        if not reached.delegated:
            here = self._of_the_controller(context, here)
        there = there if reached.same else self._remote(reached, there)
        source, target = (here, there) if self.mode == "push" else (there, here)
        variables = {
            "options": list(self._options(reached)),
            "ssh": "" if reached.same or "::" in there else shlex.join(self._ssh(reached)),
            "source": source,
            "target": target,
            "local_side": "" if reached.same else "source" if self.mode == "push" else "target",
            "runner": "the host" if reached.delegated else "this machine",
            "what": f"synchronize {source} to {target}",
        }
        return Program("synchronize", BODY, variables)

    def _of_the_controller(self, context: TaskContext, path: str) -> str:
        """A path of this machine: one that is relative is in `files/`, or beside the playbook."""
        if path.startswith(("/", "~", "rsync://")) or ":" in path.split("/")[0]:
            return path
        end = "/" if path.endswith("/") else ""
        if self.mode == "push":
            return f"{context.find('files', path)}{end}"
        return f"{context.local(path)}{end}"

    def _remote(self, reached: HostAccess, path: str) -> str:
        if path.startswith("rsync://") or ":" in path.split("/")[0]:
            return path
        address = str(reached.variables.get("ansible_host") or reached.name)
        user = reached.variables.get("ansible_user", reached.variables.get("ansible_ssh_user"))
        address = f"[{address}]" if ":" in address else address
        return f"{user}@{address}:{path}" if user and self.set_remote_user else f"{address}:{path}"

    def _options(self, reached: HostAccess) -> tuple[str, ...]:
        switches = {
            "--delay-updates": self.delay_updates,
            "-F": self.delay_updates,
            "--compress": self.compress,
            "--delete-after": self.delete,
            "--existing": self.existing_only,
            "--checksum": self.checksum,
            "--copy-links": self.copy_links,
            "--archive": self.archive,
            "--dirs": self.dirs,
            "--partial": self.partial,
            f"--timeout={self.rsync_timeout}": self.rsync_timeout > 0,
            f"--rsync-path={self._rsync(reached)}": bool(self._rsync(reached)),
            "-H": bool(self.link_dest),
        }
        parts = {name: getattr(self, name) for name in ARCHIVE}
        chosen = [f"--{name}" for name, on in parts.items() if on and not self.archive]
        left = [f"--no-{name}" for name, on in parts.items() if on is False and self.archive]
        linked = [f"--link-dest={path}" for path in self.link_dest]
        given = (option for option, on in switches.items() if on)
        return (*given, *chosen, *left, *self.rsync_opts, *linked)

    def _rsync(self, reached: HostAccess) -> str:
        """rsync on the other side, which becomes whom the task becomes."""
        if self.rsync_path is not None or reached.same or reached.become_user is None:
            return self.rsync_path or ""
        if reached.become_method != "sudo":
            raise ModuleError("synchronize can become another user by sudo only: set rsync_path")
        return f"sudo -n -u {shlex.quote(reached.become_user)} rsync"

    def _ssh(self, reached: HostAccess) -> list[str]:
        found = reached.variables
        words = ["ssh", "-o", "BatchMode=yes"]
        if not self.ssh_connection_multiplexing:
            words += ["-S", "none"]
        key = self.private_key or found.get("ansible_ssh_private_key_file")
        key = key or found.get("ansible_private_key_file")
        port = self.dest_port or found.get("ansible_port") or found.get("ansible_ssh_port")
        words += ["-i", str(key)] if key else []
        words += ["-p", str(port)] if port else []
        for name in ("ansible_ssh_common_args", "ansible_ssh_extra_args"):
            words += shlex.split(str(found.get(name) or ""))
        return [*words, *found.get("ssh_words_option", ())]

    def returns(self, report: Report) -> dict[str, Any]:
        said = report.get("stdout") or report.get("said")
        text = said.replace("<<CHANGED>>", "").rstrip("\n")
        status = int(report.get("rc") or 0)
        return {"stdout": text, "stdout_lines": text.splitlines(), "msg": text, "rc": status}
