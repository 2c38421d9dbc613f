"""provision doc: descriptions and parameters of modules, filters, tests and lookups."""

from __future__ import annotations

from tests.cli.conftest import Command


def test_a_module_is_described_with_its_parameters(provision: Command) -> None:
    done = provision("doc", "ansible.builtin.slurp")
    assert done.exit == 0
    lines = done.out.splitlines()
    assert lines[0].startswith("module slurp: ")
    assert any(line.startswith("  src (or path): text; required") for line in lines)


def test_the_descriptions_of_parameters_are_indented_and_fit_80_columns(provision: Command) -> None:
    _, *lines = provision("doc", "blockinfile").out.splitlines()
    assert all(line.startswith("  ") for line in lines if line)
    assert max(len(line) for line in lines if line.startswith("      ")) <= 80


def test_a_filter_has_its_signature_without_types(provision: Command) -> None:
    done = provision("doc", "b64encode")
    assert done.out.splitlines()[-1] == "  b64encode(value, encoding='utf-8')"


def test_without_a_name_all_names_are_listed_by_kind(provision: Command) -> None:
    done = provision("doc")
    assert [line for line in done.out.splitlines() if not line.startswith(" ")] == [
        "modules:",
        "filters:",
        "tests:",
        "lookups:",
    ]
    assert provision("doc", "-l").out == done.out


def test_an_unknown_name_is_refused_with_a_suggestion(provision: Command) -> None:
    done = provision("doc", "coppy")
    assert (done.exit, done.out) == (5, "")
    assert done.err == (
        'provision: there is no module, filter, test or lookup "coppy"; did you mean "copy"?\n'
    )
