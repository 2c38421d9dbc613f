"""async_status: ask for the result of a background task (`async` with `poll: 0`).

This file also has Background, the module by which the engine starts such a task.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module, ModuleError, TaskContext
from provisioner.remote.session import KILL
from provisioner.remote.shell import LARGE_REPORT_LIMIT, Program, Report, Value, inlined

FOLDER = "~/.ansible_async"
"""The folder of results, in the home of the user that the task runs as."""

IN_CHECK_MODE = "check"
"""The job id of a task that check mode did not start."""

MAX_INLINE = 4 * 1024 * 1024
"""Largest content in bytes that is sent with a job: the job cannot ask for it later."""

# The job writes its report to JOB.part, which is renamed to JOB when the job has ended. The first
# byte of the file is not part of the report.
START = r"""
_work() {
    look=no tolerant=no on_failure='' _changed='' _scratched='' _quick='' _tries=0 status=0
    _job
    report 'done' "$_changed"
    [ -z "$_changed" ] || _leave 80
    say
}
# _guard: end the job's processes when its time is over. The first line on stdin is the job's
# process ID; stdin is closed when the job ends.
_guard() {
    read -r root
    timeout "$job_seconds" cat >/dev/null 3>&-
    case $? in 124 | 143) ;; *) return ;; esac
    report late "$job_seconds"
    say
    _kill
    say
}
_supervise() {
    trap '' HUP
    token=$token-$job_id _gathered='' _was_sent=sent
    {
        (_work) 5>&- &
        echo "$!" >&5
        wait "$!"
        report status "$?"
        say
    } 5>&1 >/dev/null | _guard
    mv -f "$_part" "$_result"
}
if [ "$look" = yes ]; then _job; return; fi
expand job_folder
_result=$job_folder/$job_id _part=$job_folder/$job_id.part
report results_file "$_result"
(umask 077; mkdir -p "$job_folder" && printf x >"$_part") 2>/dev/null ||
    fail "can't write to $job_folder, the folder for results of async tasks"
_supervise </dev/null >/dev/null 2>&1 3>>"$_part" 4<&- &
(umask 077; printf '%s\n' "$!" >"$_result.pid")
changed "start $job_id"
"""

STATUS = r"""
expand job_folder
_result=$job_folder/$jid _part=$job_folder/$jid.part _pid=''
if [ "$jid" = check ]; then report check ''; return; fi
report results_file "$_result"
# Test for .part first: a job that ends in between renames it to the result.
[ -f "$_part" ] || [ -f "$_result" ] || fail 'could not find job'
if [ "$mode" = cleanup ]; then
    report erased "$_result"
    [ "$look" = yes ] || rm -f "$_result" "$_part" "$_result.pid"
    return
fi
if ! [ -f "$_result" ]; then
    read -r _pid <"$_result.pid"
    if kill -0 "$_pid"; then return; fi
    [ -f "$_result" ] || fail 'the job is gone without a result: was the host restarted?'
fi
_size=$(($(stat -c %s "$_result") - 1))
say
printf '#job %d %d\0' "$_size" "$_size" >&3
tail -c +2 "$_result" >&3
"""


class Background(Module):
    """Start another module's program in the background. The engine makes it, not a playbook.

    If the controller computes the change from a first report (`edits`), that report is waited for;
    only the program that makes the change runs in the background.
    """

    inner: Any
    """The module that does the work."""
    job_id: str
    """The id by which async_status asks for the job."""
    seconds: float
    """Seconds after which the job is ended."""
    folder: str | None = None
    """The folder for the result. None means FOLDER."""

    _first: Program | None = None

    @property
    def acts(self) -> bool:
        return True

    @property
    def edits(self) -> bool:
        return bool(self.inner.edits)

    def program(self, context: TaskContext) -> Program:
        self._first = first = self.inner.program(context)
        return first if self.edits else self._in_background(first)

    def edit(self, report: Report) -> Program | None:
        """Return the job's program. Without an edit, the first program runs again as the job."""
        assert self._first is not None
        work = None if report.failed else self.inner.edit(report)
        return self._in_background(work or self._first)

    def _in_background(self, work: Program) -> Program:
        variables = work.variables
        if work.content is not None:
            inline = inlined(work, MAX_INLINE)
            if not inline:
                name = type(self.inner).__name__.lower()
                reason = f"{name} can't run in the background: it needs content from the controller"
                raise ModuleError(f"{reason}. Set poll to more than 0.")
            variables = {**variables, **inline}
        body = f"_job() {{\n{work.body}\n}}\n_kill() {{\n{KILL}\n}}\n{START}"
        own: dict[str, Value] = {"job_id": self.job_id, "job_seconds": f"{self.seconds:g}"}
        program = Program(f"async_{work.module}", body, {**variables, **own}, stays=True)
        return with_folder(program, self.folder)

    def returns(self, report: Report) -> dict[str, Any]:
        state = {"started": 1, "finished": 0}
        if "results_file" not in report.records:  # check mode
            return {**self.inner.returns(report), **state, "ansible_job_id": IN_CHECK_MODE}
        file = report.get("results_file")
        return {**state, "ansible_job_id": self.job_id, "results_file": file}


class AsyncStatus(Module):
    """Ask whether a background task (`async` with `poll: 0`) has ended, and return its result."""

    body: ClassVar[str] = STATUS
    report_limit: ClassVar[int] = LARGE_REPORT_LIMIT

    jid: str
    """The `ansible_job_id` of the task."""
    mode: Literal["status", "cleanup"] = "status"
    """`status` asks for the result, `cleanup` removes it from the host."""

    @classmethod
    def validate_jid(cls, jid: str) -> str:
        if not jid or "/" in jid or jid.startswith("."):
            raise ValueError("it must be the ansible_job_id of an async task")
        return jid

    @property
    def acts(self) -> bool:
        return self.mode == "cleanup"

    def returns(self, report: Report) -> dict[str, Any]:
        empty = {"stdout": "", "stderr": "", "stdout_lines": [], "stderr_lines": []}
        values: dict[str, Any] = {**empty, "ansible_job_id": self.jid}
        if "erased" in report.records:
            return {**values, "started": 0, "finished": 0, "erased": report.get("erased")}
        ended = report.failed is not None or "check" in report.records
        values |= {"started": 1, "finished": int(ended)}
        return {**values, "results_file": report.get("results_file")}


def with_folder(program: Program, folder: str | None) -> Program:
    """Return `program` with the variable job_folder set; None means the default folder."""
    variables: Mapping[str, Value] = {**program.variables, "job_folder": folder or FOLDER}
    return replace(program, variables=variables)
