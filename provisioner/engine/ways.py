"""Programs that run elsewhere than on the task's host and connect to it by themselves (rsync)."""

from __future__ import annotations

from dataclasses import replace

from provisioner.engine.effects import Seat
from provisioner.language.play import Keywords
from provisioner.language.variables import Scope
from provisioner.modules.base import Reached


def way(host: str, seat: Seat, keywords: Keywords, scope: Scope) -> Reached:
    """How such a program gets to the host of a task, which by itself would run in `seat`."""
    become = seat.become
    delegated = keywords.delegate_to is not None
    return Reached(
        name=host,
        variables=scope,
        same=seat.host == host if delegated else seat.connection == "local",
        delegated=delegated and seat.connection != "local",
        become_user=None if become is None else become.user,
        become_method="sudo" if become is None else become.method,
    )


def start(host: str, seat: Seat, keywords: Keywords) -> Seat:
    """Where it runs: on the controller unless the task is delegated; it becomes another user only
    where it needs no connection."""
    if keywords.delegate_to is None and seat.connection != "local":
        return Seat("localhost", "local")
    return seat if seat.host == host else replace(seat, become=None)
