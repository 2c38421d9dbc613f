"""Wait for a rebooting host, until its boot id has changed and a command works."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from provisioner.engine.effects import Answer, Effects, Exchange, Reset, SessionKey, Sleep
from provisioner.modules.reboot import Reboot
from provisioner.modules.wait_for_connection import WaitForConnection
from provisioner.remote.shell import Program, Report, Step
from provisioner.result import Outcome, Result

PROBE = r"""
read -r _boot </proc/sys/kernel/random/boot_id
report boot_id "$_boot"
run /bin/sh -c "$test_command" || broken "$test_command" "exit $status"
"""


def await_reboot(
    module: Reboot, session_key: SessionKey, before: Report, variables: Mapping[str, Any]
) -> Effects[Result]:
    """Wait until the host has rebooted, at most `reboot_timeout` seconds. Return the task's result.

    `before` is the report of the task's program, which contains the old boot id.
    """
    started = time.monotonic()
    deadline = started + module.reboot_timeout + module.pre_reboot_delay
    probe = Program("reboot_probe", PROBE, {"test_command": module.test_command})
    delay, reason = 1.0, "it did not go down"
    yield Sleep(module.pre_reboot_delay + 1.0)
    while time.monotonic() < deadline:
        yield Reset()
        answer: Answer = yield Exchange(session_key, (Step(probe, "apply"),), variables)
        if answer.lost is not None:
            reason = answer.lost.reason
        elif answer.reports and answer.reports[0].get("boot_id") != before.get("boot_id"):
            reason = answer.reports[0].failed or ""
            if not reason:
                yield Sleep(module.post_reboot_delay)
                elapsed = int(time.monotonic() - started)
                returns = {"rebooted": True, "elapsed": elapsed}
                return Result(Outcome.CHANGED, changes=("reboot",), returns=returns)
        yield Sleep(delay)
        delay = min(delay * 1.5, 10.0)
    return Result(
        Outcome.FAILED,
        f"the host was not back {module.reboot_timeout} s after the reboot: {reason}",
        returns={"rebooted": True, "elapsed": int(time.monotonic() - started)},
        hint="look at the host's console; raise reboot_timeout if the host is only slow",
    )


def await_connection(
    module: WaitForConnection, session_key: SessionKey, variables: Mapping[str, Any]
) -> Effects[Result]:
    """Connect repeatedly until the host answers, at most `timeout` seconds.

    Return the result of the task.
    """
    started = time.monotonic()
    probe = Program("reboot_probe", PROBE, {"test_command": "true"})
    yield Sleep(module.delay)
    while True:
        yield Reset()
        answer: Answer = yield Exchange(session_key, (Step(probe, "apply"),), variables)
        elapsed = int(time.monotonic() - started)
        if answer.lost is None:
            return Result(Outcome.OK, returns={"elapsed": elapsed})
        if time.monotonic() - started >= module.timeout:
            reason = f"no answer within {module.timeout:g} s: {answer.lost.reason}"
            return Result(Outcome.FAILED, reason, hint=answer.lost.hint)
        yield Sleep(module.sleep)
