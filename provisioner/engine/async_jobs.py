"""Tasks with `async` and `poll: 0`: they are started, async_status asks what came of them."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import replace

from provisioner.engine import results
from provisioner.language.play import Task
from provisioner.language.scope import Scope
from provisioner.modules.async_status import AsyncStatus, Background, with_folder
from provisioner.modules.framework.base import Module
from provisioner.remote.shell import Program, Report, parse
from provisioner.result import Result


def background(
    module: Module, seconds: float, scope: Scope, environment: Mapping[str, str]
) -> Background:
    """The module as one whose work goes on by itself, under a new job id."""
    folder = _folder(scope, environment)
    return Background(inner=module, job_id=_new_id(), seconds=seconds, folder=folder)


def located(
    module: Module, program: Program, scope: Scope, environment: Mapping[str, str]
) -> Program:
    """The program, told where results are kept if it asks for one."""
    if not isinstance(module, AsyncStatus):
        return program
    return with_folder(program, _folder(scope, environment))


def _folder(scope: Scope, environment: Mapping[str, str]) -> str | None:
    folder = scope.get("ansible_async_dir") or environment.get("ANSIBLE_ASYNC_DIR")
    return None if folder is None else str(folder)


def fails_later(module: Module, report: Report) -> bool:
    """Whether it is the job that is to fail, of which a look found that it can't be done."""
    return isinstance(module, Background) and report.status is not None


def waited(task: Task, module: Module, result: Result) -> Result:
    """The result of a task with `async` that was waited for, with what Ansible says of its job."""
    if task.async_seconds in (None, 0) or isinstance(module, Background | AsyncStatus):
        return result
    said = {"ansible_job_id": _new_id(), "started": 1, "finished": 1}
    return replace(result, returns={**said, **result.returns})


def _new_id() -> str:
    import secrets  # not in a run without such a task

    return f"j{secrets.randbelow(10**12):012}.{secrets.randbelow(10**5)}"


def result_of(
    module: Module, report: Report, diff: bool, started: MutableMapping[str, Module]
) -> Result:
    """What a module says itself (judge.result_of). `started` keeps the modules of jobs: they know
    how to read what async_status brings."""
    if isinstance(module, Background):
        started[module.job_id] = module.inner
    result = results.result_of(module, report, diff)
    if not isinstance(module, AsyncStatus) or "job" not in report.records:
        return result
    ended = parse(report.get("job").encode("utf-8", "surrogateescape"))
    late = "late" in ended.records
    said = {"failed": (f"it took longer than {ended.get('late')} s and was ended",)} if late else {}
    ended = replace(
        ended,
        records={**ended.records, **said},
        status=int(ended.get("status") or 1),
    )
    found = results.result_of(started.get(module.jid, Module()), ended, diff)
    return replace(found, returns={**result.returns, **found.returns, "finished": 1})
