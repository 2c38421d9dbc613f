"""synchronize: copy a directory between the controller and a host with rsync.

rsync runs on the controller or on the host of delegate_to, and calls ssh itself.
"""

from __future__ import annotations

import shlex
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import HostAccess, Module, ModuleError, TaskContext, Words
from provisioner.remote.shell import Program, Report

BODY = r"""
has_changes() { case $rsync_output in *'<<CHANGED>>'*) ;; *) false ;; esac; }

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
    # If rsync fails, an earlier task may create the missing directory: report a change.
    rsync_output=$(rsync --dry-run "$@" 2>/dev/null) || rsync_output='<<CHANGED>>'
    report rsync_output "$rsync_output"
    ! has_changes || changed "$what"
    return
fi
run rsync "$@" || true
report rc "$status"
output
rsync_output=$(stdout)
! has_changes || changed "$what"
case $status:$(stderr) in
    0:*) ;;
    *'rsync: command not found'* | *'rsync: not found'*)
        fail "rsync is not installed on the other host: install it in an earlier task" ;;
    255:*) fail "ssh can't log in from $runner: it needs a private key and a known host key" ;;
    *) fail "rsync: exit $status" ;;
esac
"""

ARCHIVE = ("recursive", "links", "perms", "times", "owner", "group")
"""The options of which --archive consists, each with a parameter of its own."""

Switch = bool | None


class Synchronize(Module):
    """Copy a directory or file between the controller and the host with rsync.

    rsync logs in with the ssh command of the controller, or of the host of delegate_to. It needs a
    private key: passwords are not supported.
    """

    body: ClassVar[str] = BODY
    from_controller: ClassVar[bool] = True

    src: str
    """The source. With a slash at its end, only the content of the directory is copied."""
    dest: str
    """The destination."""
    mode: Literal["push", "pull"] = "push"
    """`push` copies from the controller to the host, `pull` from the host to the controller."""
    archive: bool = True
    """Copy recursively, with links, permissions, times, owners and groups. Each of these can be
    switched off by its own parameter."""
    checksum: bool = False
    """Compare files by their checksum instead of size and time."""
    compress: bool = True
    """Compress the data that is sent."""
    delete: bool = False
    """Delete files in the destination that the source does not have."""
    existing_only: bool = False
    """Do not create new files."""
    dirs: bool = False
    """Create directories without their content."""
    recursive: Switch = None
    """Copy directories recursively. The default is the value of `archive`."""
    links: Switch = None
    """Copy links as links. The default is the value of `archive`."""
    copy_links: bool = False
    """Copy the targets of links."""
    perms: Switch = None
    """Preserve permissions. The default is the value of `archive`."""
    times: Switch = None
    """Preserve modification times. The default is the value of `archive`."""
    owner: Switch = None
    """Preserve owners. The default is the value of `archive`."""
    group: Switch = None
    """Preserve groups. The default is the value of `archive`."""
    partial: bool = False
    """Keep partly transferred files if the connection breaks."""
    delay_updates: bool = True
    """Replace all files at the end of the transfer."""
    link_dest: tuple[str, ...] = ()
    """Directories of the destination. Files that are unchanged compared to them are linked, not
    copied."""
    rsync_opts: Words = ()
    """Further options for rsync, such as `--exclude=.git`."""
    rsync_path: str | None = None
    """The rsync command on the host. The default is rsync, run as the become user of the task."""
    rsync_timeout: int = 0
    """Seconds without data after which rsync fails. 0 means no limit."""
    dest_port: int | None = None
    """The port of ssh on the host. The default is that of the inventory."""
    private_key: str | None = None
    """The file of the private key. The default is that of the inventory."""
    set_remote_user: bool = True
    """Log in as the user of the inventory. If false, the configuration of ssh decides."""
    verify_host: bool = False
    """Accepted and ignored: the host key is always verified."""
    use_ssh_args: bool = False
    """Accepted and ignored: ansible_ssh_common_args and ansible_ssh_extra_args are always used."""
    ssh_connection_multiplexing: bool = False
    """Let ssh share a connection, if it is configured to do so."""

    def program(self, context: TaskContext) -> Program:
        access = context.host_access
        local, remote = (self.src, self.dest) if self.mode == "push" else (self.dest, self.src)
        if not access.delegated:
            local = self._of_the_controller(context, local)
        remote = remote if access.same else self._remote(access, remote)
        source, target = (local, remote) if self.mode == "push" else (remote, local)
        variables = {
            "options": list(self._options(access)),
            "ssh": "" if access.same or "::" in remote else shlex.join(self._ssh(access)),
            "source": source,
            "target": target,
            "local_side": "" if access.same else "source" if self.mode == "push" else "target",
            "runner": "the host" if access.delegated else "the controller",
            "what": f"synchronize {source} to {target}",
        }
        return Program("synchronize", BODY, variables)

    def _of_the_controller(self, context: TaskContext, path: str) -> str:
        """Return a path of the controller. A relative one is in `files/` or beside the playbook."""
        if path.startswith(("/", "~", "rsync://")) or ":" in path.split("/")[0]:
            return path
        end = "/" if path.endswith("/") else ""
        if self.mode == "push":
            return f"{context.find('files', path)}{end}"
        return f"{context.local(path)}{end}"

    def _remote(self, access: HostAccess, path: str) -> str:
        if path.startswith("rsync://") or ":" in path.split("/")[0]:
            return path
        address = str(access.variables.get("ansible_host") or access.name)
        user = access.variables.get("ansible_user", access.variables.get("ansible_ssh_user"))
        address = f"[{address}]" if ":" in address else address
        return f"{user}@{address}:{path}" if user and self.set_remote_user else f"{address}:{path}"

    def _options(self, access: HostAccess) -> tuple[str, ...]:
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
            f"--rsync-path={self._rsync(access)}": bool(self._rsync(access)),
            "-H": bool(self.link_dest),
        }
        parts = {name: getattr(self, name) for name in ARCHIVE}
        single = [f"--{name}" for name, on in parts.items() if on and not self.archive]
        omitted = [f"--no-{name}" for name, on in parts.items() if on is False and self.archive]
        linked = [f"--link-dest={path}" for path in self.link_dest]
        enabled = (option for option, on in switches.items() if on)
        return (*enabled, *single, *omitted, *self.rsync_opts, *linked)

    def _rsync(self, access: HostAccess) -> str:
        """Return the rsync command for the other host, with sudo if the task has become."""
        if self.rsync_path is not None or access.same or access.become_user is None:
            return self.rsync_path or ""
        if access.become_method != "sudo":
            raise ModuleError("synchronize can become another user only with sudo: set rsync_path")
        return f"sudo -n -u {shlex.quote(access.become_user)} rsync"

    def _ssh(self, access: HostAccess) -> list[str]:
        variables = access.variables
        words = ["ssh", "-o", "BatchMode=yes"]
        if not self.ssh_connection_multiplexing:
            words += ["-S", "none"]
        key = self.private_key or variables.get("ansible_ssh_private_key_file")
        key = key or variables.get("ansible_private_key_file")
        port = self.dest_port or variables.get("ansible_port") or variables.get("ansible_ssh_port")
        words += ["-i", str(key)] if key else []
        words += ["-p", str(port)] if port else []
        for name in ("ansible_ssh_common_args", "ansible_ssh_extra_args"):
            words += shlex.split(str(variables.get(name) or ""))
        return [*words, *variables.get("ssh_words_option", ())]

    def returns(self, report: Report) -> dict[str, Any]:
        output = report.get("stdout") or report.get("rsync_output")
        text = output.replace("<<CHANGED>>", "").rstrip("\n")
        status = int(report.get("rc") or 0)
        return {"stdout": text, "stdout_lines": text.splitlines(), "msg": text, "rc": status}
