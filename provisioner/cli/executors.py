"""--workers: who walks the hosts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provisioner.cli.limits import connections
from provisioner.errors import UsageError

if TYPE_CHECKING:
    from provisioner.cli.connector import Connector
    from provisioner.engine.interrupt import Interrupt
    from provisioner.engine.scheduler import Executor
    from provisioner.plan import Plan

MISSING = "--workers needs Dask: pip install 'provision-el7[dask]'"


def place(context: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """The option's value: a number of processes, or the address of a Dask scheduler."""
    if value is None or value.startswith("tls://") or (value.isdecimal() and int(value) > 0):
        return value
    why = f"{value!r} is neither a number of processes nor tls://HOST:PORT"
    if value.startswith("tcp://"):
        why = "a cluster without TLS runs what anybody sends it: tls://HOST:PORT is needed"
    raise click.BadParameter(why, context, param)


def from_anywhere(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """The options with paths that mean the same to the workers of a cluster, wherever those were
    started."""
    if not (options["workers"] or "").startswith("tls://"):
        return options
    found = {name: _absolute(options[name]) for name in ("inventory", "private_key")}
    for name in ("inventories", "playbooks"):
        found[name] = tuple(map(_absolute, options[name]))
    return {**options, **found}


def _absolute(name: Any) -> Any:
    """The whole path, where it is that of a file: other names are lists of hosts, or bundled."""
    return str(Path(name).absolute()) if name and Path(name).exists() else name


@contextmanager
def crew_of(
    workers: str | None, plan: Plan, ways: Connector, interrupt: Interrupt, *, stepping: bool
) -> Iterator[Executor]:
    """Threads of this process, or the workers that are asked for."""
    if workers is None:
        from provisioner.fleet.thread_executor import ThreadExecutor

        yield ThreadExecutor(ways.connect, plan.options.forks, interrupt, connections())
        return
    try:
        from provisioner.fleet import dask
    except ModuleNotFoundError as error:
        raise UsageError(MISSING) from error
    from provisioner.fleet.protocol import Start
    from provisioner.fleet.worker_endpoint import digest_of

    files = {str(book.path.absolute()): digest_of(str(book.path)) for book in plan.playbooks}
    start = Start(plan, ways.sendable(), plan.options.forks, connections, stepping, files)
    with dask.crew(workers, start, interrupt) as crew:
        yield crew
