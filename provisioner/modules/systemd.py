"""systemd: a unit runs or rests, now and at boot; `service` stands on the same body."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import AliasChoices, Field, field_validator, model_validator

from provisioner.modules.base import Module, Sources, Text
from provisioner.remote.shell import Program, Report

State = Literal["reloaded", "restarted", "started", "stopped"]

GENERATED = (
    *("/etc/fstab", "/run/systemd/generator"),
    *("/etc/init.d", "/run/systemd/generator.late"),
)
"""What the generators read and, behind it, what they write whenever systemd reloads."""

BODY = r"""
nl='
'
control() { systemctl ${options:+"$options"} "$@"; }

# One `systemctl show` answers every question below, until an apply function drops it.
shown=''
ask() {
    [ -n "$shown" ] || shown=$(control show -- "$name" 2>/dev/null)
    property LoadState
    [ -n "$value" ]
}
# property NAME: its value in $value.
property() {
    value=''
    case $nl$shown in
        *"$nl$1="*) value=${nl}$shown; value=${value#*"$nl$1="}; value=${value%%"$nl"*} ;;
    esac
}
is() { property "$1"; [ "$value" = "$2" ]; }
there() { ask && ! is LoadState not-found; }

# A unit waiting in auto-restart is "activating": neither running nor stopped.
running() {
    there || return 1
    property ActiveState
    case $value in
        active | reloading) ;;
        activating) [ "$no_block" = yes ] && ! is SubState auto-restart ;;
        *) return 1 ;;
    esac
}
stopped() {
    there || return 1
    property ActiveState
    case $value in
        inactive | failed) ;;
        deactivating) [ "$no_block" = yes ] ;;
        *) return 1 ;;
    esac
}
# In systemd 219 a SysV script's state is empty or "bad"; only is-enabled knows (it asks chkconfig).
unit_file() {
    value=''
    if [ "$scope" != global ]; then
        there || return 1
        property UnitFileState
    fi
    case $value in
        '' | bad | generated) value=$(control is-enabled -- "$name" 2>/dev/null) || : ;;
    esac
    value=${value##*"$nl"}
}
# A static unit has nothing to enable or disable: true for both.
enabled() {
    unit_file || return
    case $value in
        enabled | static) ;;
        indirect) also_enabled ;;
        *) return 1 ;;
    esac
}
disabled() {
    unit_file || return
    case $value in
        enabled | enabled-runtime) return 1 ;;
        indirect) ! also_enabled ;;
    esac
}
# "indirect": the unit is enabled by way of those that its Also= names.
also_enabled() {
    property FragmentPath
    [ -r "$value" ] || return
    set --
    while IFS='=' read -r _key _units; do
        # shellcheck disable=SC2086
        [ "$_key" != Also ] || set -- "$@" $_units
    done <"$value"
    [ $# -gt 0 ] && control is-enabled --quiet -- "$@" >/dev/null 2>&1
}
masked() {
    if [ "$scope" = global ]; then unit_file; else ask && property LoadState; fi
    case $value in masked*) ;; *) return 1 ;; esac
}
unmasked() { ! masked; }
# shellcheck disable=SC2120
fresh() {
    if [ -z "$name" ]; then
        # No unit is meant, so any that changed on disk, or what the generators read.
        case $(control show -p NeedDaemonReload '*' 2>/dev/null) in
            *NeedDaemonReload=yes*) return 1 ;;
        esac
        eval "set -- $generated"
        while [ $# -gt 0 ]; do
            ! newer "$1" "$2" || return
            shift 2
        done
        return
    fi
    there && is NeedDaemonReload no
}
# shellcheck disable=SC3013
newer() { [ -e "$1" ] && [ -e "$2" ] && [ "$1" -nt "$2" ]; }

# Apply functions: the unit must be asked about again after them.
do_it() { shown='' && control "$@"; }
start() { do_it start ${block:+"$block"} -- "$name"; }
stop() { do_it stop ${block:+"$block"} -- "$name"; }
restart() { do_it restart ${block:+"$block"} -- "$name"; }
reload() { do_it reload ${block:+"$block"} -- "$name"; }
enable() { do_it enable ${force:+"$force"} -- "$name"; }
disable() { do_it disable -- "$name"; }
mask() { do_it mask ${force:+"$force"} -- "$name"; }
unmask() { do_it unmask -- "$name"; }
daemon_reload() { do_it daemon-reload; }
daemon_reexec() { do_it daemon-reexec; }

attempt() {
    what=$1
    [ "$look" = yes ] || run "$2" || broken "$what" "exit $status"
}

exists() {
    [ "$look" = no ] && [ "$scope" != global ] || return 0
    ask || fail "systemctl gives no answer about $name: $(control show -- "$name" 2>&1 | head -n 3)"
    property LoadState
    case $value in
        not-found)
            property Id
            fail "no unit ${value:-$name}: is its package installed, is the name right?" ;;
        masked)
            [ -z "$1" ] || fail "$name is masked, so it can't be started: set masked: false" ;;
        error | bad-setting)
            fail "systemd can't load $name: see \`systemctl status $name\` and its unit file" ;;
    esac
}

# prove_running VERB: it came up and stays up, or the program ends with the reason.
prove_running() {
    [ "$look" = no ] && [ "$no_block" = no ] || return 0
    running || done_already || unit_failed "$1"
    # A simple unit counts as started before its program had the time to fail.
    property Type
    case $value in
        simple | idle) stays || unit_failed "$1" ;;
    esac
}
stays() {
    property MainPID
    pid=$value
    sleep 0.5
    shown=''
    running && is MainPID "$pid"
}
# A oneshot unit that did its work is inactive again.
done_already() {
    is Type oneshot && is RemainAfterExit no && is ActiveState inactive && is Result success &&
        ! skipped
}
# systemd forgets about an inactive unit soon; then its conditions were never tested (timestamp 0).
skipped() { is ConditionResult no && ! is ConditionTimestampMonotonic 0; }

# steady: it runs, and not only for the moment between two crashes.
steady() {
    running || return
    [ "$no_block" = no ] || return 0
    ! is Restart no || return 0
    property ActiveEnterTimestampMonotonic
    since=${value:-0}
    read -r up _ </proc/uptime
    [ $((${up%.*} - since / 1000000)) -gt 1 ] || stays
}

unit_failed() {
    shown=''
    ask || :
    journal
    why
    fail "$1 $name: $reason"
}
why() {
    property Result
    result=$value
    if skipped; then
        reason="a condition of the unit is not met, so systemd skipped it"
        reason="$reason: see \`systemctl status $name\`"
        return
    elif is ActiveState activating || is ActiveState active; then
        reason='its program ends soon after every start, and systemd starts it again and again'
    elif [ "$result" = success ]; then
        reason='it is not running: its program ended at once, or a condition of the unit is not met'
    else
        property ExecMainStatus
        [ "${value:-0}" = 0 ] || result="$result, exit status $value"
        reason="the unit failed ($result)"
    fi
    reason="$reason; its last lines in the journal tell why"
}
journal() {
    case $scope in
        user) lines=$(journalctl --user -q --no-pager -n 20 -u "$name" 2>/dev/null) || : ;;
        *) lines=$(journalctl -q --no-pager -n 20 -u "$name" 2>/dev/null) || : ;;
    esac
    report journal "$lines"
    report status "$shown"
}
# The hook of the kernel: a command on the unit failed.
command_failed() {
    what=${_what:-$what}
    said=$(stderr)
    shown=''
    ask || :
    journal
    case $said in
        *'repeated too quickly'* | *start-limit*)
            fail "$what: it was started too often in a short time; its last lines in the journal" \
                "tell why it stopped, \`systemctl reset-failed $name\` lets it start again" ;;
        *'not applicable'*) fail "$what: the unit can't do that: ${said%%"$nl"*}" ;;
    esac
    property Result
    case $value in
        '' | success) fail "$what: ${said:-exit $status}" ;;
        *) why; fail "$what: $reason" ;;
    esac
}

options='' block='' what='' on_failure=command_failed
case $scope in
    user)
        options=--user
        XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}
        export XDG_RUNTIME_DIR ;;
    global) options=--global ;;
esac
[ "$no_block" = no ] || block=--no-block
if [ "$force" = yes ]; then force=--force; else force=''; fi

if [ "$daemon_reload" = yes ]; then
    case $state in
        # An event follows in any case; a reload costs little, and NeedDaemonReload has blind spots.
        restarted | reloaded) attempt 'reload systemd' daemon_reload ;;
        *)
            # shellcheck disable=SC2119
            if ! fresh; then
                attempt 'reload systemd' daemon_reload
                if [ -z "$name" ] || there; then changed 'reload systemd'; fi
            fi ;;
    esac
fi
if [ "$daemon_reexec" = yes ]; then act 're-execute systemd' daemon_reexec; fi
case $masked in
    yes) ensure "mask $name" masked mask ;;
    no) ensure "unmask $name" unmasked unmask ;;
esac
case $enabled in
    yes) exists; ensure "enable $name" enabled enable ;;
    no) exists; ensure "disable $name" disabled disable ;;
esac
case $state in
    started)
        exists start
        if ! steady; then
            attempt "start $name" start
            prove_running start
            changed "start $name"
        fi ;;
    stopped) exists; ensure "stop $name" stopped stop ;;
    restarted) exists start; act "restart $name" restart; prove_running restart ;;
    reloaded)
        exists start
        if running || [ "$look" = yes ]; then
            act "reload $name" reload
        else
            act "start $name" start
        fi
        prove_running reload ;;
esac
if [ -n "$name" ] && [ "$scope" != global ]; then
    ask || :
    report status "$shown"
fi
"""


def program(**values: Any) -> Program:
    """The shared body: every variable that it reads, with systemd's defaults."""
    defaults = {
        "masked": None,
        "daemon_reload": False,
        "daemon_reexec": False,
        "scope": "system",
        "no_block": False,
        "force": False,
        "generated": GENERATED,
    }
    return Program("systemd", BODY, defaults | values)


def status(report: Report) -> dict[str, str]:
    """`systemctl show` as a dict; a value of several lines keeps them."""
    found: dict[str, str] = {}
    name = ""
    for line in report.get("status").splitlines():
        key, equals, value = line.partition("=")
        if equals and key.isidentifier():
            name, found[key] = key, value
        elif name:
            found[name] += f"\n{line}"
    return found


def returns(
    report: Report, name: str | None, state: State | None, enabled: bool | None
) -> dict[str, Any]:
    """What Ansible returns for a unit, and the journal's last lines where it failed."""
    values: dict[str, Any] = {"name": name, "status": status(report)}
    if state is not None:
        values["state"] = "stopped" if state == "stopped" else "started"
    if enabled is not None:
        values["enabled"] = enabled
    if "journal" in report.records:
        values["journal"] = report.get("journal").splitlines()
    return values


def plain_name(name: str | None) -> str | None:
    """`name`, unless it is a pattern or could be taken for an option."""
    if name is not None and (not name or name.startswith("-") or set(name) & set("*?[/ ")):
        raise ValueError(f"{name!r} is not the name of one unit")
    return name


class Systemd(Module):
    """A systemd unit runs or rests, now and at boot; `restarted` and `reloaded` are events."""

    body: ClassVar[str] = BODY

    name: Text | None = Field(None, validation_alias=AliasChoices("name", "service", "unit"))
    """The unit: a service without its suffix, or any unit with it (`x.timer`, `getty@tty1`)."""
    state: State | None = None
    """started, stopped; restarted always restarts; reloaded reloads, or starts what is stopped."""
    enabled: bool | None = None
    """Whether it starts at boot. A static unit counts as both."""
    force: bool = False
    """Replace links that are in the way when enabling and masking."""
    masked: bool | None = None
    """Whether it is masked: impossible to start."""
    daemon_reload: bool = Field(
        False, validation_alias=AliasChoices("daemon_reload", "daemon-reload")
    )
    """Have systemd read changed unit files first. Done, and a change, only where the unit (without
    a name: any unit) differs from what systemd knows; always before an event."""
    daemon_reexec: bool = Field(
        False, validation_alias=AliasChoices("daemon_reexec", "daemon-reexec")
    )
    """Re-execute systemd itself first: an event."""
    scope: Literal["system", "user", "global"] = "system"
    """Whose manager: the system's, that of the user the task runs as, or all users' (global, which
    knows only enabled and masked)."""
    no_block: bool = False
    """Queue the start or stop without waiting: nothing is proved then."""

    _plain_name = field_validator("name")(plain_name)

    @model_validator(mode="after")
    def _named(self) -> Self:
        wanted = [key for key in ("state", "enabled", "masked") if getattr(self, key) is not None]
        if wanted and self.name is None:
            raise ValueError(f"{wanted[0]} needs the name of a unit")
        if self.scope == "global" and self.state is not None:
            raise ValueError("scope: global has no running units, so state can't be used with it")
        return self

    @property
    def acts(self) -> bool:
        return self.daemon_reexec or self.state in ("restarted", "reloaded")

    def program(self, sources: Sources) -> Program:
        return program(**self.variables())

    def returns(self, report: Report) -> dict[str, Any]:
        return returns(report, self.name, self.state, self.enabled)
