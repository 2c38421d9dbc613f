"""provision run: runs playbooks on the hosts of an inventory."""

from __future__ import annotations

import gc
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provisioner import exits
from provisioner.cli.connector import Connector
from provisioner.cli.executors import check_workers, with_absolute_paths
from provisioner.cli.find_playbook import find_playbook
from provisioner.cli.inputs import RunArguments, load, sources
from provisioner.cli.inventory_source import inventory_options
from provisioner.cli.messages import tell
from provisioner.cli.reporting import Bugs, close_reporters, report_events
from provisioner.cli.subcommand import SETTINGS, invoke
from provisioner.cli.vault_options import undecryptable_notices, vault_options
from provisioner.errors import UsageError

if TYPE_CHECKING:
    from provisioner.engine.run import Run
    from provisioner.errors import Problem
    from provisioner.events import Event
    from provisioner.plan import Plan
    from provisioner.reporters import Redactor

_FILE = click.Path(path_type=Path, dir_okay=False)


def _version(context: click.Context, _option: click.Parameter, is_requested: bool) -> None:
    if is_requested and not context.resilient_parsing:
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
    "Other subcommands, each with its own --help: provision doc, init, inventory, report, schema, "
    "vault.\n\n"
    "Exit status: 0 every host converged, 1 a bug in provision, 2 a host failed, 3 invalid input, "
    "4 a host is unreachable or the outcome of a task is unknown, 5 wrong usage or no hosts "
    "matched, 6 both 2 and 4, 7 a report could not be written, 10 changes are pending, 129 SIGHUP, "
    "130 Ctrl-C, 143 SIGTERM.",
)
@inventory_options
@click.argument("playbooks", nargs=-1, metavar="[PLAYBOOK]...")
@click.option(
    "-l", "--limit", metavar="PATTERN", help="Run only on the hosts that match this pattern."
)
@click.option(
    "--retry",
    type=click.Path(path_type=Path),
    metavar="RUN.json|last",
    help="Run only on the hosts that are failed, unreachable, unknown or not-run in this saved "
    "--json run, or in the last run of the same playbooks and inventory.",
)
@click.option(
    "-t", "--tags", metavar="TAG,...", multiple=True, help="Run only tasks with these tags."
)
@click.option("--skip-tags", metavar="TAG,...", multiple=True, help="Skip tasks with these tags.")
@click.option(
    "-e",
    "--extra-vars",
    metavar="VARS",
    multiple=True,
    help="Set variables: name=value, YAML, or @FILE.",
)
@click.option(
    "-f",
    "--forks",
    type=click.IntRange(1),
    metavar="N",
    default=50,
    show_default=True,
    help="Number of hosts to run in parallel.",
)
@click.option(
    "--workers",
    metavar="N|tls://HOST:PORT",
    callback=check_workers,
    help="Run the hosts in N processes, or on the workers of a Dask cluster.",
)
@click.option("-C", "--check", is_flag=True, help="Change nothing; show what would change.")
@click.option("-D", "--diff", is_flag=True, help="Show the changes in files.")
@click.option("-u", "--user", metavar="USER", help="Log in as this user.")
@click.option("-k", "--ask-pass", is_flag=True, help="Ask for the login password.")
@click.option(
    "-c",
    "--connection",
    type=click.Choice(["ssh", "local", "smart", "paramiko"]),
    help="Connection of hosts without ansible_connection [default: ssh].",
)
@click.option(
    "--private-key", "--key-file", metavar="FILE", help="Log in with this private key file."
)
@click.option("-b", "--become", is_flag=True, help="Become another user for every task.")
@click.option("--become-user", metavar="USER", help="The user to become [default: root].")
@click.option(
    "--become-method",
    type=click.Choice(["sudo", "su"]),
    help="The program to become that user [default: sudo].",
)
@click.option("-K", "--ask-become-pass", is_flag=True, help="Ask for the become password.")
@click.option(
    "-T",
    "--timeout",
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="Time limit of a connection attempt.",
)
@click.option(
    "--ssh-common-args",
    metavar="OPTIONS",
    default="",
    callback=_ssh_options,
    help="Options in the syntax of ssh, for example -o ProxyJump=…",
)
@click.option("--accept-new-host-keys", is_flag=True, help="Trust and store unknown host keys.")
@click.option(
    "--lock-timeout",
    type=click.FloatRange(0),
    metavar="SECONDS",
    default=300,
    show_default=True,
    help="Time to wait while another run changes the same host.",
)
@click.option(
    "--no-lock",
    is_flag=True,
    envvar="PROVISION_NO_LOCK",
    help="Do not lock the hosts: other runs may change them at the same time.",
)
@click.option("--start-at-task", metavar="NAME", help="Skip all tasks before this one.")
@click.option("--step", is_flag=True, help="Ask before each task whether to run it.")
@click.option("--force-handlers", is_flag=True, help="Run handlers even on hosts that failed.")
@click.option("--flush-cache", is_flag=True, help="No effect: there is no fact cache.")
@click.option("--syntax-check", is_flag=True, help="Check all files; contact no host.")
@click.option("--list-hosts", is_flag=True, help="List the hosts; contact no host.")
@click.option("--list-tasks", is_flag=True, help="List the tasks; contact no host.")
@click.option("--list-tags", is_flag=True, help="List the tags; contact no host.")
@click.option("-v", "--verbose", count=True, help="Show more; up to -vvvv.")
@click.option("--json", "as_json", is_flag=True, help="Print events as JSON lines on stdout.")
@click.option("--junit", type=_FILE, help="Write a JUnit report to this file.")
@click.option("--report", type=_FILE, help="Write a report to this file, as one HTML page.")
@click.option(
    "--detailed-exitcode", is_flag=True, help="With --check: exit 10 if changes are pending."
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
    """Run each PLAYBOOK on the hosts of INVENTORY.

    INVENTORY is a file, a directory, an executable, or a list: `host1,host2,`. PLAYBOOK is a path
    or the name of a bundled playbook. The default is docker, which installs Docker on CentOS 7.
    """
    return _run(RunArguments(with_absolute_paths(options)))


def main(arguments: list[str]) -> int:
    """Run the subcommand. Return its exit status."""
    return invoke(command, arguments)


def _run(arguments: RunArguments) -> int:
    from provisioner.cli.limits import parallelism
    from provisioner.events import Notice
    from provisioner.fleet.same_machines import same_machines
    from provisioner.plan import plan as make_plan

    if arguments.only_lists and arguments.as_json:
        raise UsageError("--json cannot be used with --syntax-check or a --list option")
    retried_run = _retried_run(arguments)
    retry_hosts = _retry_hosts(retried_run)
    if retry_hosts is not None and not retry_hosts:
        reason = f"all hosts in {retried_run} are ok or changed"
        tell(f"provision: --retry: nothing to run: {reason}")
        return 0
    redactor = _redactor()
    forks, limit_notices = parallelism(arguments.forks)
    undecryptable: list[Problem] = []
    plan = make_plan(*load(arguments, retry_hosts, redactor, undecryptable.append))
    notices = [*map(Notice, limit_notices), *undecryptable_notices(undecryptable)]
    plan = replace(
        plan,
        options=replace(plan.options, forks=forks),
        notices=(*plan.notices, *notices),
        same_machines=tuple(same_machines(plan)),
    )
    if arguments.only_lists:
        from provisioner.cli.plan_listing import print_plan

        return print_plan(plan, arguments.options)
    return _run_plan(plan, arguments, redactor)


def _retried_run(arguments: RunArguments) -> Path | None:
    """Return the saved run that --retry names, or None without --retry."""
    if str(arguments.retry) != "last":
        path: Path | None = arguments.retry
        return path
    from provisioner.loading.journals import last_run

    inventories, playbooks = sources(arguments)
    run = last_run(", ".join(inventories), [find_playbook(name) for name in playbooks])
    tell(f"provision: --retry last: {run}")
    return run


def _retry_hosts(run: Path | None) -> frozenset[str] | None:
    """Return the hosts of a saved run that are run again, or None for all hosts."""
    if run is None:
        return None
    from provisioner.loading.saved_runs import hosts_to_retry

    return frozenset(hosts_to_retry(run))


def _redactor() -> Redactor:
    from provisioner.reporters import Redactor

    return Redactor()


def _run_plan(plan: Plan, arguments: RunArguments, redactor: Redactor) -> int:
    from provisioner.fleet import malloc

    malloc.save_memory(min(plan.options.forks, len(plan.hosts)))
    connector = Connector(arguments.options)
    if not arguments.step and arguments.workers is None:
        connector.preconnect(plan)  # the hosts connect while this process imports the engine
    try:
        return _execute(plan, arguments, redactor, connector)
    finally:
        connector.close()


def _execute(plan: Plan, arguments: RunArguments, redactor: Redactor, connector: Connector) -> int:
    from provisioner.cli.executors import executor_for
    from provisioner.cli.questions import PauseQuestion, StepQuestion
    from provisioner.engine.interrupt import Interrupt
    from provisioner.engine.run import Run

    redactor.add(_plain_passwords(plan))
    interrupt = Interrupt()
    step = StepQuestion(interrupt) if arguments.step else None
    pause = PauseQuestion(interrupt)
    workers, stepping = arguments.workers, arguments.step
    with executor_for(workers, plan, connector, interrupt, stepping=stepping) as executor:
        return _report(Run(plan, executor, interrupt, step, pause), arguments, redactor)


def _report(run: Run, arguments: RunArguments, redactor: Redactor) -> int:
    """Execute the run and report its events. Return the exit status."""
    from provisioner.cli.signals import Signals
    from provisioner.reporters import announcer, reporters_for
    from provisioner.reporters.journal import Journal

    reporters = reporters_for(
        json=arguments.as_json,
        junit=arguments.junit,
        html=arguments.report,
        verbosity=arguments.verbose,
    )
    reporters.append(Journal(announcer(reporters)))
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
    detailed = arguments.check and arguments.detailed_exitcode
    events = map(_with_detailed_exit, run.events()) if detailed else run.events()
    bugs = Bugs()
    with Signals(run.interrupt, run, announcer(reporters)):
        try:
            status = report_events(map(bugs.note, map(redactor.redact, events)), reporters)
        finally:
            written = close_reporters(reporters)
            bugs.print()
    if run.interrupt.signal:  # it may have come after the last host
        status = exits.SIGNALLED + run.interrupt.signal
    succeeded = status in (exits.OK, exits.PENDING)
    return exits.NOT_WRITTEN if succeeded and not written else status


def _with_detailed_exit(event: Event) -> Event:
    """Return the event; a successful RunFinished gets the exit status for pending changes."""
    from provisioner.events import RunFinished

    if not isinstance(event, RunFinished) or event.exit != 0:
        return event
    pending = any(summary.changed for summary in event.hosts.values())
    return replace(event, exit=exits.PENDING) if pending else event


def _plain_passwords(plan: Plan) -> list[object]:
    """Return the passwords that inventory and command line contain without encryption."""
    from provisioner.remote.become import PASSWORDS
    from provisioner.remote.target import CONNECTION_VARS

    layers = (*plan.inventory_vars.values(), plan.options.extra_vars)
    values = (
        layer.get(name) for layer in layers for name in (*CONNECTION_VARS["password"], *PASSWORDS)
    )
    return [value for value in values if isinstance(value, str)]
