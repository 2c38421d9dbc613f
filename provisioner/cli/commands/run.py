"""provision run: carry out playbooks on the hosts of an inventory."""

from __future__ import annotations

import gc
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provisioner import exits
from provisioner.cli.connector import Connector
from provisioner.cli.executors import from_anywhere, place
from provisioner.cli.inputs import Arguments, load
from provisioner.cli.inventory_source import inventory_options
from provisioner.cli.reporting import close, tell
from provisioner.cli.signals import Signals
from provisioner.cli.step import Asking, Reading
from provisioner.cli.subcommand import SETTINGS, invoke
from provisioner.cli.vault_options import closed_notices, vault_options
from provisioner.errors import UsageError

if TYPE_CHECKING:
    from provisioner.engine.run import Run
    from provisioner.errors import Problem
    from provisioner.events import Event
    from provisioner.plan import Plan
    from provisioner.reporters import Redactor

_FILE = click.Path(path_type=Path, dir_okay=False)


def _version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from provisioner import __version__

        click.echo(f"provision {__version__}")
        context.exit()


def _ssh_options(_context: click.Context, _option: click.Parameter, text: str) -> str:
    if text:
        from provisioner.remote.ssh import config, options

        try:
            options.parse(text, "they")
        except config.ConfigError as error:
            raise click.BadParameter(str(error).partition(": ")[2]) from None
    return text


@click.command(
    "provision",
    context_settings=SETTINGS,
    epilog="Bundled playbooks: docker, verify, restart, upgrade, uninstall, new-server. "
    "Other commands, with a --help of their own: provision doc, init, inventory, report, schema, "
    "vault.\n\n"
    "Exit: 0 all converged, 1 a bug, 2 a host failed, 3 invalid input, 4 unreachable or a task of "
    "unknown fate, 5 usage, 6 both 2 and 4, 7 a report could not be written, 10 changes pending, "
    "129 SIGHUP, 130 Ctrl-C, 143 SIGTERM.",
)
@inventory_options
@click.argument("playbooks", nargs=-1, metavar="[PLAYBOOK]...")
@click.option("-l", "--limit", help="Only these hosts of the plays' (a host pattern).")
@click.option(
    "--retry",
    type=click.Path(path_type=Path),
    metavar="RUN.json",
    help="Only hosts that this saved --json run left failed, unreachable, unknown or not-run.",
)
@click.option("-t", "--tags", multiple=True, help="Only tasks with these tags.")
@click.option("--skip-tags", multiple=True, help="No tasks with these tags.")
@click.option("-e", "--extra-vars", multiple=True, help="Variables: name=value, YAML, @file.")
@click.option(
    "-f",
    "--forks",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="Hosts at work at once.",
)
@click.option(
    "--workers",
    metavar="N|tls://HOST:PORT",
    callback=place,
    help="Walk the hosts with N processes, or with the workers of the Dask cluster there.",
)
@click.option("-C", "--check", is_flag=True, help="Change nothing; say what would change.")
@click.option("-D", "--diff", is_flag=True, help="Show how files change.")
@click.option("-u", "--user", help="Log in as this user.")
@click.option("-k", "--ask-pass", is_flag=True, help="Ask for the login password.")
@click.option(
    "-c",
    "--connection",
    type=click.Choice(["ssh", "local", "smart", "paramiko"]),
    help="How to reach hosts that don't say it [default: ssh].",
)
@click.option("--private-key", "--key-file", help="Log in with this key.")
@click.option("-b", "--become", is_flag=True, help="Become another user for every task.")
@click.option("--become-user", help="The user to become [default: root].")
@click.option("--become-method", type=click.Choice(["sudo", "su"]), help="How to become.")
@click.option("-K", "--ask-become-pass", is_flag=True, help="Ask for the password to become.")
@click.option("-T", "--timeout", type=click.FloatRange(0), help="Seconds to wait for a connection.")
@click.option(
    "--ssh-common-args",
    default="",
    callback=_ssh_options,
    help="Options as ssh has them: -o ProxyJump=…",
)
@click.option("--accept-new-host-keys", is_flag=True, help="Trust and store unknown host keys.")
@click.option("--start-at-task", metavar="NAME", help="Leave out all tasks before this one.")
@click.option("--step", is_flag=True, help="Ask before each task: no, yes, or all that follow.")
@click.option("--force-handlers", is_flag=True, help="Run handlers even on hosts that failed.")
@click.option("--flush-cache", is_flag=True, help="Accepted: there is no fact cache.")
@click.option("--syntax-check", is_flag=True, help="Read everything, contact nobody.")
@click.option("--list-hosts", is_flag=True, help="List the hosts, contact nobody.")
@click.option("--list-tasks", is_flag=True, help="List the tasks, contact nobody.")
@click.option("--list-tags", is_flag=True, help="List the tags, contact nobody.")
@click.option("-v", "--verbose", count=True, help="Say more; up to -vvvv.")
@click.option("--json", "as_json", is_flag=True, help="Events as JSON lines on stdout.")
@click.option("--junit", type=_FILE, help="Write a JUnit report.")
@click.option("--report", type=_FILE, help="Write a report as one HTML page.")
@click.option(
    "--detailed-exitcode", is_flag=True, help="With --check: exit 10 when changes are pending."
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_version,
    help="Show the version.",
)
@vault_options
def command(**options: Any) -> int:
    """Provision the hosts of INVENTORY with each PLAYBOOK: a path, or the name of a bundled one
    (docker where none is given: installs Docker on CentOS 7).

    INVENTORY is a file, a directory, an executable, or `host1,host2,`.
    """
    return _run(Arguments(from_anywhere(options)))


def main(arguments: list[str]) -> int:
    """Parse and carry out; returns the exit status."""
    return invoke(command, arguments)


def _run(given: Arguments) -> int:
    from provisioner.cli.limits import parallelism
    from provisioner.events import Notice
    from provisioner.plan import plan

    if given.only_lists and given.as_json:
        raise UsageError("--json is for runs: --syntax-check and the --list options run nothing")
    again = _again(given)
    if again is not None and not again:
        click.echo(f"provision: no host of {given.retry} has to be run again", err=True)
        return 0
    redactor = _redactor()
    forks, said = parallelism(given.forks)
    closed: list[Problem] = []
    planned = plan(*load(given, again, redactor, closed.append))
    planned = replace(
        planned,
        options=replace(planned.options, forks=forks),
        notices=(*planned.notices, *(Notice(text) for text in said), *closed_notices(closed)),
    )
    if given.only_lists:
        from provisioner.cli.listing import show

        return show(planned, given.options)
    return _carry_out(planned, given, redactor)


def _again(given: Arguments) -> frozenset[str] | None:
    """The hosts that --retry leaves; None without it."""
    if given.retry is None:
        return None
    from provisioner.loading.saved_runs import again

    return frozenset(again(given.retry))


def _redactor() -> Redactor:
    from provisioner.reporters import Redactor

    return Redactor()


def _carry_out(planned: Plan, given: Arguments, redactor: Redactor) -> int:
    from provisioner.fleet import malloc

    malloc.spare(min(planned.options.forks, len(planned.hosts)))
    ways = Connector(given.options)
    if not given.step and given.workers is None:
        ways.begin(planned)  # before the engine is imported: that takes as long as connecting
    try:
        return _reported(planned, given, redactor, ways)
    finally:
        ways.early.close()


def _reported(planned: Plan, given: Arguments, redactor: Redactor, ways: Connector) -> int:
    from provisioner.cli.executors import crew_of
    from provisioner.engine.interrupt import Interrupt
    from provisioner.engine.run import Run

    redactor.add(_secrets(planned))
    interrupt = Interrupt()
    with crew_of(given.workers, planned, ways, interrupt, stepping=given.step) as crew:
        ask = Asking(interrupt) if given.step else None
        read = Reading(interrupt)
        return _report(Run(planned, crew, interrupt, ask, read), given, redactor)


def _report(run: Run, given: Arguments, redactor: Redactor) -> int:
    """Carry the run out, and tell all reporters; the exit status."""
    from provisioner.reporters import announcer, reporters_for

    reporters = reporters_for(
        json=given.as_json,
        junit=given.junit,
        html=given.report,
        verbosity=given.verbose,
    )
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
    tells = given.check and given.detailed_exitcode
    events = map(_with_pending, run.events()) if tells else run.events()
    try:
        with Signals(run.interrupt, run, announcer(reporters)):
            status = tell(map(redactor.redact, events), reporters)
    finally:
        written = close(reporters)
    return status if written or status not in (exits.OK, exits.PENDING) else exits.NOT_WRITTEN


def _with_pending(event: Event) -> Event:
    """The event, where it ends a run that went well: with the status that tells pending changes."""
    from provisioner.events import RunFinished

    if not isinstance(event, RunFinished) or event.exit != 0:
        return event
    pending = any(summary.changed for summary in event.hosts.values())
    return replace(event, exit=exits.PENDING) if pending else event


def _secrets(planned: Plan) -> list[object]:
    """The passwords that the inventory and the command line give as they are."""
    from provisioner.remote.become import PASSWORDS
    from provisioner.remote.target import SAID

    layers = (*planned.inventory_vars.values(), planned.options.extra_vars)
    found = (layer.get(name) for layer in layers for name in (*SAID["password"], *PASSWORDS))
    return [value for value in found if isinstance(value, str)]
