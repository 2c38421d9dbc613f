"""Tests (`is …`) against the results that Ansible 2.16.19 returns for the same expressions."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
from jinja2 import TemplateError

from provisioner.language.tests.registry import TESTS
from tests.language.test_filters import environment, evaluated

SAME: list[tuple[str, bool]] = [
    ("'/etc' is abs", True),
    ("[true,1] is all", True),
    ("[true,0] is all", False),
    ("[] is all", True),
    ("[0,1] is any", True),
    ("[] is any", False),
    ("{'changed':true} is changed", True),
    ("{} is changed", False),
    ("{'results':[{'changed':true}]} is changed", True),
    ("{'results':[{'changed':false}]} is changed", False),
    ("[1,2] is contains(1)", True),
    ("'abc' is contains('b')", True),
    ("{'a':1} is contains('a')", True),
    ("'/etc' is directory", True),
    ("'/etc/passwd' is exists", True),
    ("'/nope' is exists", False),
    ("{'failed':true} is failed", True),
    ("{'rc':1} is failed", False),
    ("{} is failed", False),
    ("'' is falsy", True),
    ("'off' is falsy(convert_bool=true)", True),
    ("none is falsy", True),
    ("'/etc/passwd' is file", True),
    ("{'finished':1} is finished", True),
    ("{} is finished", True),
    ("1 is in([1])", True),
    ("'etc' is is_abs", False),
    ("[1] is issubset([2])", False),
    ("'/nope' is link_exists", False),
    ("'abc' is match('a')", True),
    ("'abc' is match('b')", False),
    ("5 is match('5')", True),
    ("'/' is mount", True),
    ("'nan'|float is nan", True),
    ("1 is nan", False),
    ("'x' is nan", False),
    ("{} is reachable", True),
    ("'abc' is regex('^a', match_type='match')", True),
    ("'abc' is regex('C$', ignorecase=true)", True),
    ("'abc' is regex('b', match_type='fullmatch')", False),
    ("'/etc' is same_file('/etc/')", True),
    ("'abc' is search('b')", True),
    ("'abc' is search('B', ignorecase=true)", True),
    ("'a\\nb' is search('^b', multiline=true)", True),
    ("none is search('N')", True),
    ("['a'] is search('a')", True),
    ("{'skipped':true} is skipped", True),
    ("{} is skipped", False),
    ("{'started':1} is started", True),
    ("{'finished':1} is started", True),
    ("{} is started", True),
    ("[1] is subset([1,2])", True),
    ("'ab' is subset('abc')", True),
    ("{'rc':0} is succeeded", True),
    ("{'failed':true} is success", False),
    ("[1,2] is superset([1])", True),
    ("'yes' is truthy", True),
    ("'yes' is truthy(convert_bool=true)", True),
    ("'no' is truthy(convert_bool=true)", False),
    ("'maybe' is truthy(convert_bool=true)", True),
    ("1 is truthy", True),
    ("{'unreachable':true} is unreachable", True),
    ("'mailto:a@b' is uri", True),
    ("'http://a/b' is uri(['http'])", True),
    ("5 is uri", False),
    ("'http://a/b' is url", True),
    ("'x' is url", False),
    ("'ftp://x/y' is url(schemes=['http'])", False),
    ("'http:///x' is url", False),
    ("'urn:isbn:1' is urn", True),
    ("'x' is vault_encrypted", False),
    ("5 is vault_encrypted", False),
    ("'1.2.3' is version('1.2','>')", True),
    ("'1.2.3' is version('1.2.3')", True),
    ("'1.10' is version('1.9','gt')", True),
    ("'1.2rc1' is version('1.2','<')", False),
    ("'1.2.0-rc1' is version('1.2.0','<',version_type='semver')", True),
    ("'1.2rc1' is version('1.2','<',version_type='pep440')", True),
    ("'1.2.3' is version('1.2.3',version_type='loose')", True),
    ("'1.2.3' is version('1.2.3',version_type='strict')", True),
    ("1.2 is version('1.1','>')", True),
    ("'7.9.2009' is version('7','>=')", True),
    ("'20.10.7-3.el7' is version('20.10','>=')", True),
    ("'3.10.0-1160.el7.x86_64' is version('3.10','>=')", True),
    ("'1' is version('1.0','==')", False),
    ("'1.0' is version('1','=')", False),
    ("'1.0' is version('1','eq')", False),
    ("'1.0' is version('1','!=')", True),
    ("'1.0' is version('1','<>')", True),
    ("'1.0' is version('1','ne')", True),
    ("'1' is version_compare('1.0','lt')", True),
]
"""An expression and its value in Ansible."""

REFUSED: list[tuple[str, str]] = [
    ("5 is any", "any: 'int' object is not iterable"),
    ("'x' is changed", "changed: a registered task result is needed, not a str"),
    ("5 is contains(1)", "contains: argument of type 'int' is not iterable"),
    ("'x' is failed", "failed: a registered task result is needed, not a str"),
    ("nope is failed", "'nope' is undefined"),
    ("nope is match('x')", "'nope' is undefined"),
    (
        "'abc' is match('(')",
        'match: the pattern "(" is not valid: missing ), unterminated subpattern at position 0',
    ),
    (
        "'x' is reachable",
        "reachable: a registered task result is needed, not a str",
    ),
    ("'/etc' is same_file('/nope')", "same_file: [Errno 2] No such file or directory: '/nope'"),
    ("'x' is skipped", "skipped: a registered task result is needed, not a str"),
    ("'x' is started", "started: a registered task result is needed, not a str"),
    (
        "'1.2rc1' is version('1.2','<',strict=true)",
        'version: "1.2rc1" is not a version such as 1.2.3 or 1.2b1',
    ),
    (
        "'1.2rc1' is version('1.2','<',version_type='semver')",
        'version: "1.2rc1" is not a semantic version such as 1.2.3 or 1.2.3-rc.1',
    ),
    (
        "'1.2.3' is version('1.2.3',strict=true,version_type='strict')",
        "version: strict and version_type exclude each other",
    ),
    (
        "'1.2.3' is version('1.2.3',version_type='foo')",
        'version: "foo" is not a version_type (loose, strict, semver, semantic, pep440)',
    ),
    (
        "'1.2.3' is version('1.2.3','~')",
        'version: "~" is not an operator (==, =, eq, !=, <>, ne, <, lt, <=, le, >, gt, >=, ge)',
    ),
    ("'' is version('1')", "version: one of the two versions is empty"),
    ("'1' is version('')", "version: one of the two versions is empty"),
    (
        "'1.a' is version('1.1','>')",
        'version: "1.a" and "1.1" can\'t be compared: a number meets letters',
    ),
    (
        "'1.0' is version('1','===')",
        'version: "===" is not an operator (==, =, eq, !=, <>, ne, <, lt, <=, le, >, gt, >=, ge)',
    ),
    ("nope is version('1')", "'nope' is undefined"),
    ("none is version('1')", "version: one of the two versions is empty"),
    ("'1' is version(none)", "version: one of the two versions is empty"),
]
"""An expression that Ansible refuses too, and the error message of provision."""

DIFFERENT: list[tuple[str, bool, str]] = [
    ("{'failed':'yes'} is failed", True, "Ansible gives the text"),
    ("[{'a':1}] is subset([{'a':1}])", True, "Ansible refuses dicts"),
    ("'$ANSIBLE_VAULT;1.1;AES256' is vault_encrypted", True, "Ansible looks at the type only"),
]
"""An expression, its value in provision, and the reason for the difference from Ansible."""

ASCENDING: dict[str, list[str]] = {
    "loose": [
        "1.0", "1.2", "1.9", "1.10", "1.10.1", "2", "3.10.0-957.el7",
        "3.10.0-1160.el7", "20.10.7",
    ],
    "strict": ["0.9", "1.0a1", "1.0a2", "1.0b1", "1.0", "1.0.1", "1.10"],
    "semver": [
        "0.9.9", "1.0.0-1", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta",
        "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.10.0",
    ],
    "pep440": ["1.0.dev1", "1.0a1", "1.0b1", "1.0rc1", "1.0", "1.0.post1", "1.1"],
}  # fmt: skip
"""Versions of each kind in ascending order. Those of semver are from semver.org, item 11."""


@pytest.mark.parametrize(("expression", "expected"), SAME)
def test_a_test_has_the_same_result_as_in_ansible(expression: str, expected: bool) -> None:
    assert evaluated(expression) is expected


@pytest.mark.parametrize(("expression", "reason"), REFUSED)
def test_a_test_refuses_the_same_values_as_in_ansible(expression: str, reason: str) -> None:
    with pytest.raises(TemplateError) as caught:
        evaluated(expression)
    assert str(caught.value) == reason


@pytest.mark.parametrize(("expression", "expected", "why"), DIFFERENT)
def test_a_test_has_another_result_than_in_ansible_on_purpose(
    expression: str, expected: bool, why: str
) -> None:
    assert evaluated(expression) is expected, why


@pytest.mark.parametrize("kind", sorted(ASCENDING))
def test_versions_of_each_kind_are_ordered(kind: str) -> None:
    versions = list(enumerate(ASCENDING[kind]))
    for left, a in versions:
        for right, b in versions:
            below = evaluated("a is version(b, '<', version_type=kind)", a=a, b=b, kind=kind)
            assert below is (left < right), (a, b)


def test_the_build_metadata_of_a_semantic_version_is_not_compared() -> None:
    assert evaluated("'1.0.0+a' is version('1.0.0+b', version_type='semver')")


@pytest.mark.parametrize("name", sorted(TESTS))
def test_the_first_line_of_a_tests_documentation_says_what_it_checks(name: str) -> None:
    first, *details = (inspect.getdoc(TESTS[name]) or "").splitlines()
    assert first.startswith("Whether ")
    assert details[:1] in ([], [""])


@pytest.mark.parametrize("name", sorted(TESTS))
def test_no_test_hides_an_undefined_variable(name: str) -> None:
    for arguments in ("", "('a')"):
        with pytest.raises((TemplateError, TypeError)) as caught:
            evaluated(f"nope is {name}{arguments}")
        assert "'nope' is undefined" in str(caught.value)


def test_the_disk_is_read_in_every_rendering(tmp_path: Path) -> None:
    path = tmp_path / "made later"
    template = environment().from_string("{{ '" + str(path) + "' is exists }}")
    assert template.render() == "False"
    path.write_text("")
    assert template.render() == "True"


def test_a_broken_link_exists_as_a_link_only(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("nowhere")
    expressions = [
        f"path is {name}" for name in ("link", "link_exists", "exists", "file", "directory")
    ]
    results: list[Any] = [evaluated(each, path=str(link)) for each in expressions]
    assert results == [True, True, False, False, False]
