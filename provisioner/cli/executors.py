"""--workers: chooses the executor that runs the hosts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provisioner.cli.limits import max_connections
from provisioner.errors import UsageError

if TYPE_CHECKING:
    from provisioner.cli.connector import Connector
    from provisioner.engine.interrupt import Interrupt
    from provisioner.engine.scheduler import Executor
    from provisioner.plan import Plan

DASK_MISSING = "--workers needs Dask: pip install 'provision-el7[dask]'"


def check_workers(context: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Return the option's value: a number of processes, or the address of a Dask scheduler."""
    if value is None or value.startswith("tls://") or (value.isdecimal() and int(value) > 0):
        return value
    reason = f"{value!r} is neither a number of processes nor tls://HOST:PORT"
    if value.startswith("tcp://"):
        reason = "a cluster without TLS runs code from anyone: use tls://HOST:PORT"
    raise click.BadParameter(reason, context, param)


def with_absolute_paths(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the options with absolute paths if the workers belong to a cluster.

    Such workers may run in another working directory.
    """
    if not (options["workers"] or "").startswith("tls://"):
        return options
    paths = {name: _absolute(options[name]) for name in ("inventory", "private_key")}
    for name in ("inventories", "playbooks"):
        paths[name] = tuple(map(_absolute, options[name]))
    return {**options, **paths}


def _absolute(name: Any) -> Any:
    """Return the absolute path of an existing file.

    Other names (host lists, bundled playbooks) stay as they are.
    """
    return str(Path(name).absolute()) if name and Path(name).exists() else name


@contextmanager
def executor_for(
    workers: str | None, plan: Plan, connector: Connector, interrupt: Interrupt, *, stepping: bool
) -> Iterator[Executor]:
    """Yield an executor: threads of this process, or the workers that `--workers` names.

    Raises UsageError if Dask is not installed.
    """
    forks = plan.options.forks
    if workers is None:
        from provisioner.fleet.machines import Machines
        from provisioner.fleet.thread_executor import ThreadExecutor

        machines = Machines(plan.same_machines)
        connections = max_connections()
        yield ThreadExecutor(connector.connect, forks, interrupt, connections, machines=machines)
        return
    try:
        from provisioner.fleet.dask_cluster import dask_executor
    except ModuleNotFoundError as error:
        raise UsageError(DASK_MISSING) from error
    from provisioner.fleet.protocol import Start
    from provisioner.fleet.worker_endpoint import digest_of

    files = {str(book.path.absolute()): digest_of(str(book.path)) for book in plan.playbooks}
    start = Start(plan, connector.picklable(), forks, max_connections, stepping, files)
    with dask_executor(workers, start, interrupt) as executor:
        yield executor
