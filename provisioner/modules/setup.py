"""setup: gather facts. The host only reports texts; provisioner/facts reads the facts in them."""

from __future__ import annotations

from typing import Any, ClassVar

from provisioner.facts.network import TARGETS
from provisioner.facts.parsing import parse_grep
from provisioner.facts.raw_facts import RawFacts
from provisioner.facts.sections import matching_facts, read_facts
from provisioner.facts.subsets import GROUPS, selected_sections
from provisioner.modules.framework.base import Module, TaskContext, Words
from provisioner.modules.framework.bodies import load_body
from provisioner.remote.shell import Program, Report


class Setup(Module):
    """Gather the facts of the host, as variables `ansible_...`, in one round trip."""

    free_form: ClassVar[str | None] = None
    body: ClassVar[str] = load_body("setup.sh")

    gather_subset: Words = ("all",)
    """The facts to gather: all, min, hardware, network, virtual, or the name of a smaller part. A
    `!` before the name excludes it. facter and ohai are accepted and have no facts."""
    gather_timeout: int = 10
    """Seconds to wait for the size of a network file system."""
    filter: Words = ()
    """Shell patterns for the names of facts to return, with or without `ansible_`."""
    fact_path: str = "/etc/ansible/facts.d"
    """The directory of local facts on the host: `*.fact` in JSON, INI, or executable."""

    @classmethod
    def validate_gather_subset(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        try:
            selected_sections(words)
        except KeyError as error:
            raise ValueError(f"there is no part called {error.args[0]}") from None
        return words

    def program(self, context: TaskContext) -> Program:
        subset = selected_sections(self.gather_subset)
        groups = [
            name for name in ("min", "hardware", "network", "virtual") if GROUPS[name] & subset
        ]
        variables: dict[str, Any] = {
            "parts": " ".join([*groups, *({"env", "python"} & subset)]),
            "gather_timeout": self.gather_timeout,
            "fact_path": self.fact_path,
            "ipv4": TARGETS["default_ipv4"],
            "ipv6": TARGETS["default_ipv6"],
        }
        return Program("setup", self.body, variables)

    def returns(self, report: Report) -> dict[str, Any]:
        facts = read_facts(_raw(report), selected_sections(self.gather_subset))
        facts |= {"gather_subset": list(self.gather_subset), "module_setup": True}
        return {"ansible_facts": matching_facts(facts, self.filter)}


class GatherFacts(Setup):
    """Gather facts as at the start of a play: another name for `setup`."""

    parallel: bool | None = None
    """Accepted and ignored: all facts come from one program."""


def _raw(report: Report) -> RawFacts:
    links = (line.partition("\t") for line in report.get("links").splitlines())
    variables = (key for key in report.records if key.startswith(ENVIRONMENT))
    return RawFacts(
        files=parse_grep(report.get("texts")),
        present=frozenset(report.all("present")),
        links={link: target for link, _, target in links},
        environment={key.removeprefix(ENVIRONMENT): report.get(key) for key in variables},
        uname=report.get("uname"),
        python=report.get("python"),
        passwd=report.get("passwd"),
        fqdn=report.get("fqdn"),
        date=report.get("date"),
        addresses=report.get("addresses"),
        sizes=report.get("sizes"),
        local=report.all("local"),
    )


ENVIRONMENT = "/proc/self/environ:"
"""The prefix that grep puts before each variable, so that none is taken for another record."""
