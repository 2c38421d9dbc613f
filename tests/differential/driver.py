"""Run playbooks in one Ansible process. Started with the Python of Ansible's venv.

A job is a line of JSON on stdin: {"cwd": …, "words": [command line], "env": {…}, "out": file}.
Ansible is imported once and forked for each job, which saves most of its start time. The answer on
stdout is a line with the exit status. The callback below writes events as JSON lines to `out`.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

CALLBACK = '''
import json, os
from ansible.plugins.callback import CallbackBase


def plain(value):
    """The value as JSON has it; text marked as unsafe is text."""
    if isinstance(value, str):
        return str.__str__(value)
    if hasattr(value, "items"):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


class CallbackModule(CallbackBase):
    """Every result as a line of JSON."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "recorded"

    def __init__(self):
        super().__init__()
        self.file = open(os.environ["RECORD_OUT"], "a")
        self.play = ""

    def _tell(self, **event):
        text = json.dumps(plain(event))
        self.file.write(text + "\\n")
        self.file.flush()

    def _result(self, outcome, result, ignored=False):
        self._tell(
            event="result",
            play=self.play,
            task=result._task.get_name(),
            module=result._task.action,
            host=result._host.get_name(),
            outcome=outcome,
            ignored=bool(ignored),
            values=result._result,
        )

    def v2_playbook_on_play_start(self, play):
        self.play = play.get_name()
        self._tell(event="play", play=self.play)

    def v2_runner_on_ok(self, result):
        changed = result._result.get("changed", False)
        self._result("changed" if changed else "ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._result("failed", result, ignore_errors)

    def v2_runner_on_skipped(self, result):
        self._result("skipped", result)

    def v2_runner_on_unreachable(self, result):
        self._result("unreachable", result)

    def v2_playbook_on_stats(self, stats):
        hosts = {host: stats.summarize(host) for host in stats.processed}
        self._tell(event="stats", hosts=hosts)
'''


def serve(folder: Path) -> None:
    """Run jobs until stdin ends."""
    plugins = folder / "callbacks"
    plugins.mkdir(exist_ok=True)
    (plugins / "recorded.py").write_text(CALLBACK)
    (folder / "ansible.cfg").write_text("")
    os.environ.update(
        ANSIBLE_CONFIG=str(folder / "ansible.cfg"),
        ANSIBLE_HOME=str(folder / "home"),
        ANSIBLE_CALLBACK_PLUGINS=str(plugins),
        ANSIBLE_STDOUT_CALLBACK="recorded",
        ANSIBLE_PIPELINING="1",
        ANSIBLE_DEPRECATION_WARNINGS="0",
        ANSIBLE_LOCALHOST_WARNING="0",
        ANSIBLE_FORKS="4",
        ANSIBLE_NOCOLOR="1",
        ANSIBLE_LOCAL_TEMP=str(folder / "local"),
        LC_ALL="C.UTF-8",
    )
    from ansible.cli.playbook import PlaybookCLI  # type: ignore[import-not-found]

    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if child == 0:
            os._exit(_play(PlaybookCLI, job))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(json.dumps({"exit": os.waitstatus_to_exitcode(status)}) + "\n")
        sys.stdout.flush()


def _play(cli: Any, job: dict[str, Any]) -> int:
    log = os.open(job["out"] + ".log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.setsid()
    os.environ.update(job.get("env", {}))
    time.tzset()
    os.environ["RECORD_OUT"] = job["out"]
    os.chdir(job["cwd"])
    sys.argv = ["ansible-playbook", *job["words"]]
    try:
        cli.cli_executor(sys.argv)
    except SystemExit as end:
        return int(end.code or 0)
    except BaseException:
        traceback.print_exc()
        return 250
    return 0


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
