"""Tasks with `async` and `poll: 0`: they run in the background; async_status reads the result."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import replace

from provisioner.engine import results
from provisioner.language.play import Task
from provisioner.language.scope import Scope
from provisioner.modules.async_status import AsyncStatus, Background
from provisioner.modules.async_status import with_folder as with_job_folder
from provisioner.modules.framework.base import Module
from provisioner.remote.report_parser import parse
from provisioner.remote.session import still_running
from provisioner.remote.shell import Program, Report
from provisioner.result import Result


def background(
    module: Module, seconds: float, scope: Scope, environment: Mapping[str, str]
) -> Background:
    """Return a module that starts `module` as a background job.

    The job gets a new id and may run for at most `seconds`.
    """
    folder = _folder(scope, environment)
    return Background(inner=module, job_id=_new_id(), seconds=seconds, folder=folder)


def with_folder(
    module: Module, program: Program, scope: Scope, environment: Mapping[str, str]
) -> Program:
    """Return the program; that of async_status gets the folder of the job results as a variable."""
    if not isinstance(module, AsyncStatus):
        return program
    return with_job_folder(program, _folder(scope, environment))


def _folder(scope: Scope, environment: Mapping[str, str]) -> str | None:
    folder = scope.get("ansible_async_dir") or environment.get("ANSIBLE_ASYNC_DIR")
    return None if folder is None else str(folder)


def fails_later(module: Module, report: Report) -> bool:
    """Return whether the background job reports a failure that a look has found."""
    return isinstance(module, Background) and report.status is not None


def add_job_values(task: Task, module: Module, result: Result) -> Result:
    """Return the result of a task with `async` and `poll`, with Ansible's values about its job.

    The results of other tasks are returned unchanged.
    """
    if task.async_seconds in (None, 0) or isinstance(module, Background | AsyncStatus):
        return result
    values = {"ansible_job_id": _new_id(), "started": 1, "finished": 1}
    return replace(result, returns={**values, **result.returns})


def _new_id() -> str:
    import secrets  # importing it takes time, and few runs have such a task

    return f"j{secrets.randbelow(10**12):012}.{secrets.randbelow(10**5)}"


def result_of(
    module: Module, report: Report, diff: bool, jobs: MutableMapping[str, Module]
) -> Result:
    """Return the module's result, as `results.result_of` does.

    `jobs` maps job ids to the modules of background jobs. A new job is added to it. The result of
    async_status is made by the module of its job.
    """
    if isinstance(module, Background):
        jobs[module.job_id] = module.inner
    result = results.result_of(module, report, diff)
    if not isinstance(module, AsyncStatus) or "job" not in report.records:
        return result
    ended = parse(report.get("job").encode("utf-8", "surrogateescape"))
    records = dict(ended.records)
    if "late" in records:
        records["failed"] = (_why_late(ended),)
    ended = replace(ended, records=records, status=int(ended.get("status") or 1))
    job_result = results.result_of(jobs.get(module.jid, Module()), ended, diff)
    return replace(job_result, returns={**result.returns, **job_result.returns, "finished": 1})


def _why_late(ended: Report) -> str:
    took = f"it took longer than {ended.get('late')} s and"
    if left := ended.records.get("left"):
        return f"{took} could not be ended: {still_running(left)}"
    return f"{took} was ended"
