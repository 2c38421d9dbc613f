"""Run a case with provision, in this process."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path
from typing import Any

from provisioner.cli.inputs import tag_names
from provisioner.cli.prompts import ask_vars_prompts
from provisioner.cli.vault_options import vault_secrets
from provisioner.engine.interrupt import Interrupt
from provisioner.engine.run import Run
from provisioner.errors import LoadError, UsageError
from provisioner.events import Event, RunFinished, TaskFinished
from provisioner.fleet.login import Connect, Login
from provisioner.fleet.thread_executor import ThreadExecutor
from provisioner.loading.inventory import load_inventory
from provisioner.loading.playbook import load_playbook
from provisioner.loading.variables import extra_vars
from provisioner.loading.vault import Vault
from provisioner.plan import Options, plan
from provisioner.remote.local import LocalConnection
from provisioner.reporters import Redactor
from provisioner.result import Outcome
from tests.differential import labside
from tests.differential.cases import Case
from tests.differential.observed import STEERING, Observed, hider, plain, step

INVALID = {"exit": "invalid", "hosts": {}, "recap": {}}
EXIT = {0: "well", 2: "failed", 4: "unreachable", 6: "failed"}


def local(host: str, variables: Mapping[str, Any]) -> Login:
    """Make every host a shell of its own on this machine."""
    return Login(LocalConnection(), "nobody-known")


def on_this_machine(case: Case, folder: Path, out: Path, inventory: str) -> Observed:
    """Run the case once with every host on this machine."""
    return run(case, folder, out, inventory, local)


def over_ssh(case: Case, folder: Path, out: Path, inventory: str) -> Observed:
    """Run the case once over ssh, as the command line does."""
    return run(case, folder, out, inventory, labside.connect)


def run(case: Case, folder: Path, out: Path, inventory: str, connect: Connect) -> Observed:
    """Run the case, whose files are in `folder`, once; return what is observed."""
    try:
        with chdir(folder):
            options = _options(case, folder, out)
            names = [*filter(_is_playbook, case.options), "play.yml"]
            vault = _vault(case)
            books = [load_playbook(folder / name, vault, options.extra_vars) for name in names]
            books = ask_vars_prompts(books, options.extra_vars, Redactor())
            planned = plan(load_inventory(inventory, vault), books, options)
            interrupt = Interrupt()
            executor = ThreadExecutor(connect, options.forks, interrupt)
            events = list(Run(planned, executor, interrupt).events())
    except (LoadError, UsageError) as error:
        return {**INVALID, "error": str(error)}
    return _observed(events, hider(DIR=folder, OUT=out))


def _is_playbook(word: str) -> bool:
    return word.endswith(".yml") and "=" not in word and not word.startswith("@")


def _vault(case: Case) -> Vault:
    """Return the passwords that the options name."""
    named = zip(case.options, case.options[1:], strict=False)
    files = [name for option, name in named if option == "--vault-password-file"]
    ids = {"vault_ids": (), "vault_password_files": files, "ask_vault_pass": False}
    return Vault(vault_secrets(ids))


def _options(case: Case, folder: Path, out: Path) -> Options:
    """Return the options of the case, parsed as cli/commands/run.py parses them."""
    words = [case.filled(word, folder, out) for word in case.options]
    given: dict[str, Any] = {"extra_vars": {}}
    extra: list[str] = []
    rest = iter(words)
    for word in rest:
        match word:
            case "--tags":
                given["tags"] = given.get("tags", frozenset()) | tag_names((next(rest),))
            case "--skip-tags":
                given["skip_tags"] = given.get("skip_tags", frozenset()) | tag_names((next(rest),))
            case "--limit":
                given["limit"] = next(rest)
            case "--check":
                given["check"] = True
            case "--diff":
                given["diff"] = True
            case "--force-handlers":
                given["force_handlers"] = True
            case "--start-at-task":
                given["start_at_task"] = next(rest)
            case "-e":
                extra.append(next(rest))
            case "--user":
                given["settings"] = {"user_option": next(rest)}
            case "--vault-password-file":
                next(rest)
            case "--become":
                given["become"] = True
            case "--become-user":
                given["become_user"] = next(rest)
            case _ if not _is_playbook(word):
                raise ValueError(f"{case.name}: no option {shlex.quote(word)} here")
    given["extra_vars"] = {**extra_vars(tuple(extra)), "out": str(out)}
    return Options(**given)


def _observed(events: list[Event], hide: Any) -> Observed:
    hosts: dict[str, list[dict[str, Any]]] = {}
    end = events[-1]
    assert isinstance(end, RunFinished)
    for event in events:
        if isinstance(event, TaskFinished) and not event.is_item:
            hosts.setdefault(event.host, [])
            if event.module in STEERING and event.outcome in (Outcome.OK, Outcome.CHANGED):
                continue
            hosts[event.host].append(_step(event, hide))
    recap = {
        host: dict(Counter({name: getattr(summary, name) for name in _COUNTS}))
        for host, summary in end.hosts.items()
        if host in hosts
    }
    return {"exit": EXIT.get(end.exit, end.exit), "hosts": hosts, "recap": recap}


_COUNTS = ("ok", "changed", "failed", "skipped", "ignored", "rescued")


def _step(event: TaskFinished, hide: Any) -> dict[str, Any]:
    values = dict(event.returns)
    values.setdefault("changed", event.outcome is Outcome.CHANGED)
    if event.outcome is Outcome.FAILED:
        values["failed"] = True
    if event.outcome is Outcome.SKIPPED:
        values["skipped"] = True
    if event.message:
        values.setdefault("msg", event.message)
    outcome = str(event.outcome)
    found = step(event.task, event.module, outcome, event.ignored, values)
    return {**found, "values": plain(found["values"], hide)}
