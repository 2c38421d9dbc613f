"""Lookups and `with_` loops against the values that Ansible 2.16.19 returns."""

from __future__ import annotations

import functools
import http.server
import inspect
import multiprocessing
import re
import stat
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from jinja2 import TemplateError

from provisioner.language.lookups.context import LookupContext
from provisioner.language.lookups.registry import LOOKUPS, lookup, loop_items, query
from tests.language.test_filters import environment, evaluated

VARIABLES: dict[str, Any] = {
    "v": "vee",
    "w": [1, 2],
    "vx": 3,
    "groups": {"all": ["h1", "h2"], "web": ["h1"]},
    "playbook_dir": "/look",
}

FILES = {
    "files/a.txt": "hello\n",
    "files/b.txt": "  spaced  \n\n",
    "files/elements.tsv": "Li\tlithium\t6.94\nHe\thelium\t4\n",
    "files/e.csv": 'a,b,c\nx,y,z\n"q,r",s\n',
    "files/u.ini": "[sec]\nuser=bob\npass = x\nuser2 = %(user)s\n[global]\nk=v\n",
    "files/p.properties": "k=val\nj = two\n",
    "templates/t.j2": "x {{ v }} {{ q|default('none') }}\n",
}

SAME: list[tuple[str, Any]] = [
    ("lookup('file','a.txt')", "hello"),
    ("lookup('file','b.txt')", "  spaced"),
    ("lookup('file','b.txt',rstrip=false)", "  spaced  \n\n"),
    ("lookup('file','b.txt',lstrip=true)", "spaced"),
    ("lookup('file','a.txt','b.txt')", "hello,  spaced"),
    ("query('file','a.txt')", ["hello"]),
    ("lookup('file','nope.txt',errors='ignore')", None),
    ("query('file','nope.txt',errors='ignore')", []),
    ("lookup('file','nope.txt',errors='warn')", None),
    ("lookup('file','a.txt',wantlist=true)", ["hello"]),
    ("lookup('ansible.builtin.file','a.txt')", "hello"),
    ("lookup('env','NOPE_X')", ""),
    ("lookup('env','NOPE_X',default='d')", "d"),
    ("query('env','NOPE_X')", [""]),
    ("lookup('vars','v')", "vee"),
    ("lookup('vars','nope_x',default='d')", "d"),
    ("query('vars','v','w')", ["vee", [1, 2]]),
    ("query('varnames','^v$')", ["v"]),
    ("query('varnames','^v','^w')", ["v", "vx", "w"]),
    ("lookup('varnames','^v','^w')", "v,vx,w"),
    ("query('items',[1,[2,[3]],4])", [1, [2, [3]], 4]),
    ("query('items','a')", ["a"]),
    ("query('items',1,[2])", [1, 2]),
    ("query('list',[1,[2]])", [[1, [2]]]),
    ("query('list',1,2)", [1, 2]),
    ("query('dict',{'a':1})", [{"key": "a", "value": 1}]),
    ("query('dict',{'a':1},{'b':2})", [{"key": "a", "value": 1}, {"key": "b", "value": 2}]),
    ("lookup('dict',{'a':1})", {"key": "a", "value": 1}),
    ("query('sequence','start=1 end=3')", ["1", "2", "3"]),
    ("query('sequence','start=0 end=10 stride=5')", ["0", "5", "10"]),
    ("query('sequence','1-3')", ["1", "2", "3"]),
    ("query('sequence','5')", ["1", "2", "3", "4", "5"]),
    ("query('sequence','count=3')", ["1", "2", "3"]),
    ("query('sequence','start=4 count=3')", ["4", "5", "6"]),
    ("query('sequence','2-10/4')", ["2", "6", "10"]),
    ("query('sequence','1-3:host%02d')", ["host01", "host02", "host03"]),
    ("query('sequence','start=1 end=2 format=web%02x')", ["web01", "web02"]),
    ("query('sequence','start=3 end=1 stride=-1')", ["3", "2", "1"]),
    ("query('sequence','start=0x10 end=0x11')", ["16", "17"]),
    ("query('sequence','count=0')", []),
    ("query('sequence','4:host%02d')", ["host01", "host02", "host03", "host04"]),
    ("query('sequence','start=1 end=4 stride=0')", []),
    ("query('nested',['a','b'],[1,2])", [["a", 1], ["a", 2], ["b", 1], ["b", 2]]),
    (
        "query('nested',['a','b'],[1,2],['x'])",
        [["a", 1, "x"], ["a", 2, "x"], ["b", 1, "x"], ["b", 2, "x"]],
    ),
    ("query('nested',['a'])", [["a"]]),
    ("query('nested','ab',[1])", [["ab", 1]]),
    ("query('cartesian',['a','b'],[1,2])", [["a", 1], ["a", 2], ["b", 1], ["b", 2]]),
    ("query('together',['a','b'],[1,2,3])", [["a", 1], ["b", 2], [None, 3]]),
    ("query('together',['a','b'])", [["a"], ["b"]]),
    ("query('subelements',[{'n':1,'k':['a','b']}],'k')", [[{"n": 1}, "a"], [{"n": 1}, "b"]]),
    ("query('subelements',[{'n':1}],'k',{'skip_missing':true})", []),
    ("query('subelements',{'x':{'k':[1]}},'k')", [[{}, 1]]),
    ("query('subelements',[{'n':1,'k':{'j':[2]}}],'k.j')", [[{"n": 1, "k": {}}, 2]]),
    ("query('subelements',[{'n':1,'skipped':true}],'k')", []),
    ("query('indexed_items',['a','b'])", [[0, "a"], [1, "b"]]),
    ("query('indexed_items',['a',['b']])", [[0, "a"], [1, ["b"]]]),
    ("query('indexed_items',['a'],['b'])", [[0, "a"], [1, "b"]]),
    ("query('flattened',[1,[2,[3,[4]]]])", [1, 2, 3, 4]),
    ("query('flattened',[1,'null',none,'None',[]])", [1]),
    ("query('random_choice',['a'])", [["a"]]),
    ("query('random_choice',[])", [[]]),
    ("query('first_found','a.txt','nope')", ["/look/files/a.txt"]),
    ("query('first_found','nope','a.txt')", ["/look/files/a.txt"]),
    ("query('first_found','nope',errors='ignore')", []),
    ("query('first_found',{'files':['nope','a.txt']})", ["/look/files/a.txt"]),
    (
        "query('first_found',{'files':['nope','a.txt'],'paths':['/look/files']})",
        ["/look/files/a.txt"],
    ),
    (
        "query('first_found',{'files':'nope,a.txt','paths':'/tmp,/look/files'})",
        ["/look/files/a.txt"],
    ),
    (
        "query('first_found',{'files':'nope;a.txt','paths':'/tmp:/look/files'})",
        ["/look/files/a.txt"],
    ),
    ("query('first_found',{'files':['nope'],'skip':true})", []),
    ("query('first_found',[{'files':['nope'],'skip':true}])", []),
    (
        "query('first_found',[{'files':['nope'],'paths':['/look/files']},'a.txt'])",
        ["/look/files/a.txt"],
    ),
    ("query('first_found',files=['nope','a.txt'],paths=['/look/files'])", ["/look/files/a.txt"]),
    ("query('first_found',['nope','a.txt'])", ["/look/files/a.txt"]),
    ("query('first_found',[['nope'],['a.txt']])", ["/look/files/a.txt"]),
    ("query('first_found',['nope','a.txt'],paths=['files'])", ["/look/files/a.txt"]),
    ("query('first_found','a.txt',paths=['files'])", ["/look/files/a.txt"]),
    ("query('fileglob','/look/files/*.ini')", ["/look/files/u.ini"]),
    ("query('fileglob','*.nope')", []),
    ("query('fileglob','nope/*.txt')", []),
    ("query('lines','printf \"a\\\\nb\\\\n\"')", ["a", "b"]),
    ("lookup('lines','printf \"a\\\\nb\\\\n\"')", "a,b"),
    ("lookup('pipe','echo hi; echo ho')", "hi\nho"),
    ("lookup('pipe','false',errors='ignore')", None),
    ("lookup('pipe','pwd')", "/look"),
    ("lookup('csvfile','Li file=elements.tsv delimiter=TAB')", "lithium"),
    ("lookup('csvfile','Li file=elements.tsv delimiter=TAB col=2')", "6.94"),
    ("lookup('csvfile','x',file='e.csv',delimiter=',')", "y"),
    ("lookup('csvfile','x file=e.csv delimiter=, col=2')", "z"),
    ("lookup('csvfile','nope file=e.csv delimiter=,')", []),
    ("lookup('csvfile','nope file=e.csv delimiter=, default=zz')", "zz"),
    ("query('csvfile','nope file=e.csv delimiter=,')", []),
    ("lookup('csvfile','x','a',file='e.csv',delimiter=',',col=1)", "y,b"),
    ("lookup('csvfile','Li',file='elements.tsv')", "lithium"),
    ("lookup('ini','user section=sec file=u.ini')", "bob"),
    ("lookup('ini','user',section='sec',file='u.ini')", "bob"),
    ("lookup('ini','user','pass',section='sec',file='u.ini')", "bob,x"),
    ("lookup('ini','user2 section=sec file=u.ini')", "bob"),
    ("lookup('ini','nope section=sec file=u.ini')", ""),
    ("query('ini','nope section=sec file=u.ini')", [""]),
    ("lookup('ini','nope section=sec file=u.ini default=d')", "d"),
    ("lookup('ini','k file=u.ini')", "v"),
    ("lookup('ini','k',file='u.ini')", "v"),
    ("query('ini','u.* section=sec file=u.ini re=true')", ["bob", "bob"]),
    ("query('ini','u.*',section='sec',file='u.ini',re=true)", ["bob", "bob"]),
    ("lookup('ini','k type=properties file=p.properties')", "val"),
    ("lookup('ini','j',type='properties',file='p.properties')", "two"),
    ("lookup('ini','USER section=sec file=u.ini')", "bob"),
    ("lookup('ini','USER',section='sec',file='u.ini',case_sensitive=true)", ""),
    ("query('inventory_hostnames','all')", ["h1", "h2"]),
    ("lookup('config','DEFAULT_BECOME_USER')", "root"),
    ("lookup('config','NOPE',on_missing='skip')", []),
    ("lookup('unvault','a.txt')", "hello\n"),
    ("lookup('unvault','/look/files/a.txt')", "hello\n"),
    ("lookup('items',[1,2])", [1, 2]),
    ("lookup('items',['a'])", "a"),
    ("lookup('list',['a','b'])", ["a", "b"]),
    ("lookup('items',[])", []),
    ("lookup('items',[{'a':1}])", {"a": 1}),
    ("lookup('items',[{'a':1},{'b':2}])", [{"a": 1}, {"b": 2}]),
    ("lookup('items',[1])", 1),
    ("lookup('flattened')", []),
    ("query('dict',{'b':1,'a':2})", [{"key": "b", "value": 1}, {"key": "a", "value": 2}]),
    ("lookup('random_choice',['z'])", ["z"]),
    ("query('nested',[['a','b'],['c']],[1])", [["a", "b", 1], ["c", 1]]),
    ("query('nested',['a'],[[1,2],[3]])", [["a", 1, 2], ["a", 3]]),
    ("query('nested',['a'],[{'x':1}])", [["a", {"x": 1}]]),
    ("query('nested',['a'],[])", []),
    ("query('nested','a','b')", [["a", "b"]]),
    ("query('together',[['a'],['b']],[1,2])", [["a", 1], ["b", 2]]),
    ("query('together','ab',[1])", [["ab", 1]]),
    ("query('cartesian',[['a','b'],['c']],[1])", [["a", "b", 1], ["c", 1]]),
    ("query('cartesian',['a'],[])", []),
    ("lookup('fileglob','*.nope')", []),
    ("lookup('fileglob','*.tsv','*.csv')", "/look/files/elements.tsv,/look/files/e.csv"),
    ("lookup('sequence','end=2')", "1,2"),
    ("lookup('dict',{})", []),
    ("lookup('nested',['a'],[1])", ["a", 1]),
    ("lookup('file','a.txt',errors='foo')", "hello"),
    ("query('flattened','a',['b'])", ["a", "b"]),
    ("query('flattened',['a'],['b',['c']])", ["a", "b", "c"]),
    ("query('inventory_hostnames','web')", ["h1"]),
    ("query('inventory_hostnames','all:!web')", ["h2"]),
    ("query('inventory_hostnames','all:&web')", ["h1"]),
    ("query('inventory_hostnames','h*')", ["h1", "h2"]),
    ("query('inventory_hostnames','all','!web')", ["h2"]),
    ("query('inventory_hostnames','nope')", []),
    ("query('inventory_hostnames','h1,h2')", ["h1", "h2"]),
    ("query('inventory_hostnames','~h[12]')", ["h1", "h2"]),
    ("query('sequence','start=1 end=3 format=%d-x')", ["1-x", "2-x", "3-x"]),
    ("query('sequence','0-2')", ["0", "1", "2"]),
    ("query('sequence','1-0x0a/5')", ["1", "6"]),
    ("query('sequence','1-3','5-6')", ["1", "2", "3", "5", "6"]),
    ("query('sequence','start=0 count=3 stride=2')", ["0", "2", "4"]),
    ("query('vars','nope_x',default='d')", ["d"]),
    ("query('varnames','.+ee')", []),
    ("query('items',{'a':1})", [{"a": 1}]),
    ("query('items',[{'a':1}],'x')", [{"a": 1}, "x"]),
    ("query('indexed_items',{'a':1})", [[0, {"a": 1}]]),
    ("query('first_found',{'files':['nope'],'paths':[]},'a.txt')", ["/look/files/a.txt"]),
    ("query('first_found','a.txt',{'files':['b.txt']})", ["/look/files/a.txt"]),
    ("query('first_found',{'files':'b.txt'})", ["/look/files/b.txt"]),
    ("query('first_found','../templates/t.j2')", ["/look/files/../templates/t.j2"]),
    ("query('first_found','templates/t.j2')", ["/look/templates/t.j2"]),
    ("query('file','files/a.txt')", ["hello"]),
    ("query('file','/look/files/a.txt')", ["hello"]),
    ("query('list')", []),
    ("query('lines','printf \"a\\\\n\\\\nb\"','echo c')", ["a", "", "b", "c"]),
    ("query('pipe','echo a','echo b')", ["a", "b"]),
    ("query('password','/dev/null length=4 chars=x')", ["xxxx"]),
    ("query('password','/dev/null seed=abc')", ["6TTuIhBjbajOIpXYV3o6"]),
    ("query('password','/dev/null seed=abc length=8 chars=digits')", ["87552403"]),
    (
        "query('password','/dev/null',seed='abc',length=8,chars=['ascii_lowercase','-'])",
        ["yrowl-yl"],
    ),
    ("query('password','/dev/null seed=abc chars=ascii_letters,,')", ["WICSvZWvjqcmdPO,RXPU"]),
]
"""An expression, and its value in Ansible. /look is the directory of the playbook."""

REFUSED: list[tuple[str, str]] = [
    ("lookup('file','nope.txt')", "file: there is no file nope.txt"),
    ("lookup('nope','x')", 'there is no lookup "nope"'),
    ("lookup('vars','nope_x')", 'vars: there is no variable "nope_x"'),
    ("query('dict',[{'a':1},{'b':2}])", "dict: a dict is needed, not a list"),
    ("query('dict','x')", "dict: a dict is needed, not text"),
    ("query('sequence','3-1')", "sequence: to count down, make stride negative"),
    ("query('sequence','end=0')", "sequence: to count down, make stride negative"),
    ("query('sequence','start=1')", "sequence: give either end or count"),
    ("query('sequence','end=3 count=2')", "sequence: give either end or count"),
    (
        "query('sequence','start=1 end=2 format=web')",
        'sequence: "web" is not a format such as web%02d',
    ),
    ("query('sequence','start=1 end=3 foo=1')", 'sequence: there is no option "foo"'),
    ("query('nested')", "nested: at least one list is needed"),
    ("query('together')", "together: at least one list is needed"),
    (
        "query('subelements',[{'n':1}],'k')",
        'subelements: there is no "k" in a dict with the keys n',
    ),
    (
        "query('subelements',[{'n':1}],'k','skip_missing')",
        "subelements: the terms must be a list, a key and, if needed, {skip_missing: true}",
    ),
    (
        "lookup('first_found','nope')",
        "first_found: none of the files exists (`skip: true` allows that)",
    ),
    ("query('first_found',nope_var)", "'nope_var' is undefined"),
    ("query('first_found',['nope', nope_var ~ '.txt', 'a.txt'])", "'nope_var' is undefined"),
    ("lookup('pipe','exit 3')", "pipe: the command ended with exit code 3"),
    ("lookup('lines','exit 2')", "lines: the command ended with exit code 2"),
    (
        "lookup('csvfile','x file=e.csv delimiter=, col=9')",
        'csvfile: the row "x" has only 3 columns',
    ),
    (
        "lookup('csvfile','y file=e.csv delimiter=, keycol=1 col=0')",
        'csvfile: there is no option "keycol"; did you mean "col"?',
    ),
    ("lookup('csvfile','file=e.csv')", "csvfile: the term must contain a key to search for"),
    ("lookup('csvfile','x file=e.csv foo=1')", 'csvfile: there is no option "foo"'),
    ("lookup('csvfile','x',file='nope.csv')", "csvfile: there is no file nope.csv"),
    ("lookup('ini','user section=nope file=u.ini')", 'ini: there is no section "nope" in u.ini'),
    ("lookup('ini','user',section='sec',file='nope.ini')", "ini: there is no file nope.ini"),
    (
        "lookup('ini','user',section='nope',file='u.ini',allow_no_value=true)",
        'ini: there is no section "nope" in u.ini',
    ),
    ("lookup('config','NOPE')", 'config: there is no setting "NOPE"'),
    (
        "lookup('first_found')",
        "first_found: none of the files exists (`skip: true` allows that)",
    ),
    ("query('sequence','start=010 end=011')", 'sequence: "010" is not a whole number'),
    ("query('sequence','-2')", 'sequence: "-2" is not a sequence such as "start=1 end=9" or "1-9"'),
    ("query('sequence','start=a end=3')", 'sequence: "a" is not a whole number'),
    ("query('sequence','count=-1')", "sequence: count can't be negative"),
    ("query('vars',5)", "vars: a variable's name must be text, not the number 5"),
    ("query('varnames',5)", "varnames: a pattern must be text, not the number 5"),
    (
        "query('varnames','(')",
        (
            'varnames: the pattern "(" is not valid: missing ), unterminated subpattern at '
            "position 0"
        ),
    ),
    ("query('dict',{'a':1},'x')", "dict: a dict is needed, not text"),
    ("query('template','nope.j2')", "template: there is no file nope.j2"),
    ("query('password','/dev/null foo=1')", 'password: there is no option "foo"'),
]
"""An expression that Ansible refuses too, and the error message of provision."""

DIFFERENT: list[tuple[str, Any, str]] = [
    ("query('sequence',start=1,end=3)", ["1", "2", "3"], "Ansible gives nothing"),
    (
        "query('sequence','start=5 count=3 stride=-2')",
        ["5", "3", "1"],
        "Ansible gives 4 for count=3",
    ),
    (
        "query('subelements',[{'n':1}],'k',skip_missing=true)",
        [],
        "Ansible wants {skip_missing: true}",
    ),
    ("query('first_found','nope',skip=true)", [], "Ansible heeds skip in a dict only"),
    ("query('fileglob','*.txt')", ["/look/files/a.txt", "/look/files/b.txt"], "sorted"),
    ("lookup('csvfile','\"q,r\" file=e.csv delimiter=,')", "s", "a key may be quoted"),
    ("lookup('ini','user2',section='sec',file='u.ini',interpolation=false)", "%(user)s", "heeded"),
]
"""An expression, its value in provision, and the reason for the difference from Ansible."""

D, L, S, DL = {"a": 1, "b": 2}, ["x", ["y", ["z"]]], "one", [{"a": 1}, {"b": 2}]

LOOPS: list[tuple[str, Any, list[Any]]] = [
    ("items", D, ["a", "b"]),
    ("items", L, ["x", "y", ["z"]]),
    ("items", S, ["one"]),
    ("items", 5, [5]),
    ("items", None, [None]),
    ("items", ["a", ["b", ["c"]], L], ["a", "b", ["c"], "x", ["y", ["z"]]]),
    ("items", [[], "a", DL], ["a", {"a": 1}, {"b": 2}]),
    ("list", L, ["x", ["y", ["z"]]]),
    ("list", S, ["one"]),
    ("dict", D, [{"key": "a", "value": 1}, {"key": "b", "value": 2}]),
    ("dict", DL, [{"key": "a", "value": 1}, {"key": "b", "value": 2}]),
    ("dict", {}, []),
    ("nested", [["a", "b"], L], [["a", "x"], ["a", "y", "z"], ["b", "x"], ["b", "y", "z"]]),
    ("nested", [L, [1]], [["x", 1], ["y", "z", 1]]),
    ("cartesian", [["a", "b"], [1, 2]], [["a", 1], ["a", 2], ["b", 1], ["b", 2]]),
    ("together", [["a", "b"], [1, 2, 3]], [["a", 1], ["b", 2], [None, 3]]),
    ("together", [L, L], [["x", "x"], ["y", ["z"], "y", ["z"]]]),
    ("sequence", "start=1 end=3 format=h%02d", ["h01", "h02", "h03"]),
    ("sequence", "count=5", ["1", "2", "3", "4", "5"]),
    ("sequence", ["1-2", "5-6"], ["1", "2", "5", "6"]),
    (
        "subelements",
        [[{"n": 1, "k": ["a", "b"]}, {"n": 2}], "k", {"skip_missing": True}],
        [[{"n": 1}, "a"], [{"n": 1}, "b"]],
    ),
    ("indexed_items", L, [[0, "x"], [1, "y"], [2, ["z"]]]),
    ("flattened", [L, [1, [2, [3]]], "x"], ["x", "y", "z", 1, 2, 3, "x"]),
    ("flattened", S, ["one"]),
    ("random_choice", ["q"], ["q"]),
    ("first_found", ["nope", "files/a.txt", "a.txt"], ["/look/files/a.txt"]),
    ("first_found", [{"files": ["nope", "a.txt"], "paths": ["files"]}], ["/look/files/a.txt"]),
    ("first_found", [{"files": ["nope"], "skip": True}], []),
    ("first_found", [{"files": ["nope"]}, {"files": ["b.txt"]}], ["/look/files/b.txt"]),
    ("lines", ["echo a", "printf 'b\nc\n'"], ["a", "b", "c"]),
    ("file", ["a.txt", "b.txt"], ["hello", "  spaced"]),
    ("fileglob", ["*.tsv", "*.csv"], ["/look/files/elements.tsv", "/look/files/e.csv"]),
    ("fileglob", "*.tsv", ["/look/files/elements.tsv"]),
    ("ini", ["user.* section=sec file=u.ini re=true"], ["bob", "bob"]),
    ("inventory_hostnames", "all", ["h1", "h2"]),
    ("varnames", ["^v"], ["v", "vx"]),
]
"""A loop, its value, and its items in Ansible."""


@pytest.fixture
def context(tmp_path: Path) -> LookupContext:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    def find(folder: str, name: str) -> Path:
        for path in (tmp_path / folder / name, tmp_path / name):
            if path.exists():
                return path
        raise FileNotFoundError(2, "there is no such file", name)

    def render(path: Path, options: Mapping[str, Any], more: Mapping[str, Any]) -> str:
        return environment().from_string(path.read_text()).render({**VARIABLES, **more}) + "\n"

    return LookupContext(VARIABLES, find, render, tmp_path)


def evaluate_lookup(context: LookupContext, expression: str, **more: Any) -> Any:
    """The value of an expression with `lookup` and `query`. /look is the playbook's directory."""
    calls = {
        "lookup": functools.partial(lookup, context),
        "query": functools.partial(query, context),
    }
    folder_name = str(context.basedir)
    found = evaluated(expression.replace("/look", folder_name), **{**VARIABLES, **calls, **more})
    return with_short_paths(found, folder_name)


def with_short_paths(value: Any, folder_name: str) -> Any:
    if isinstance(value, list | tuple):
        return [with_short_paths(item, folder_name) for item in value]
    return value.replace(folder_name, "/look") if isinstance(value, str) else value


@pytest.mark.parametrize(("expression", "expected"), SAME)
def test_a_lookup_returns_the_same_value_as_in_ansible(
    context: LookupContext, expression: str, expected: Any
) -> None:
    assert evaluate_lookup(context, expression) == expected


@pytest.mark.parametrize(("expression", "reason"), REFUSED)
def test_a_lookup_refuses_the_same_terms_as_in_ansible(
    context: LookupContext, expression: str, reason: str
) -> None:
    with pytest.raises(TemplateError) as caught:
        evaluate_lookup(context, expression)
    assert str(caught.value) == reason


@pytest.mark.parametrize(("expression", "expected", "why"), DIFFERENT)
def test_a_lookup_returns_another_value_than_in_ansible_on_purpose(
    context: LookupContext, expression: str, expected: Any, why: str
) -> None:
    assert evaluate_lookup(context, expression) == expected, why


@pytest.mark.parametrize(("name", "value", "items"), LOOPS)
def test_a_loop_has_the_same_items_as_in_ansible(
    context: LookupContext, name: str, value: Any, items: list[Any]
) -> None:
    terms = [str(context.basedir) + item[5:] if str(item).startswith("/look") else item
             for item in value] if isinstance(value, list) else value  # fmt: skip
    assert with_short_paths(loop_items(context, name, terms), str(context.basedir)) == items


def test_a_loop_with_first_found_takes_a_dict_as_one_term(context: LookupContext) -> None:
    value = {"files": ["nope", "a.txt"], "paths": ["files"]}
    assert loop_items(context, "first_found", value) == [str(context.basedir / "files/a.txt")]


@pytest.mark.parametrize("name", sorted(LOOKUPS))
def test_the_first_line_of_a_lookups_documentation_says_what_it_returns(name: str) -> None:
    first, *details = (inspect.getdoc(LOOKUPS[name]) or "").splitlines()
    assert first.startswith("Return ")
    assert first.endswith(".")
    assert details[:1] in ([], [""])


@pytest.mark.parametrize("name", sorted(LOOKUPS))
def test_no_lookup_hides_an_undefined_variable(context: LookupContext, name: str) -> None:
    for expression in (f"query('{name}', nope)", f"query('{name}', nope, errors='ignore')"):
        with pytest.raises(TemplateError, match="'nope' is undefined"):
            evaluate_lookup(context, expression)


def test_an_unknown_lookup_is_an_error_with_the_nearest_name(context: LookupContext) -> None:
    with pytest.raises(TemplateError, match='there is no lookup "fiel"; did you mean "file"'):
        lookup(context, "fiel", "x")


def test_a_failed_lookup_is_only_a_warning_with_errors_warn(context: LookupContext) -> None:
    warnings: list[str] = []
    warning = LookupContext(
        context.variables, context.find, context.render, context.basedir, warn=warnings.append
    )
    assert lookup(warning, "file", "nope.txt", errors="warn") is None
    assert query(warning, "file", "nope.txt", errors="warn") == []
    assert warnings == ["file: there is no file nope.txt"] * 2


def test_an_encrypted_file_is_decrypted(context: LookupContext) -> None:
    with_vault = LookupContext(
        context.variables,
        context.find,
        context.render,
        context.basedir,
        read=lambda path: b"open\n",
    )
    assert lookup(with_vault, "file", "a.txt") == "open"
    assert lookup(with_vault, "unvault", "a.txt") == "open\n"


def test_first_found_searches_the_folder_of_the_tasks_module(context: LookupContext) -> None:
    templates = LookupContext(
        context.variables, context.find, context.render, context.basedir, folder="templates"
    )
    assert loop_items(templates, "first_found", ["t.j2"]) == [
        str(context.basedir / "templates/t.j2")
    ]


def test_default_is_the_value_of_an_environment_variable_that_is_not_set(
    context: LookupContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROVISION_A", "a")
    monkeypatch.delenv("PROVISION_B", raising=False)
    assert lookup(context, "env", "PROVISION_A", "PROVISION_B") == "a,"
    assert lookup(context, "env", "PROVISION_B", default="d") == "d"


def test_a_command_runs_in_the_playbooks_directory_without_input(
    context: LookupContext,
) -> None:
    assert lookup(context, "pipe", "pwd; cat") == str(context.basedir)
    with pytest.raises(TemplateError, match="pipe: the command ended with exit code 3: oh no"):
        lookup(context, "pipe", "echo oh no >&2; exit 3")


def test_a_password_is_generated_once_in_a_private_file(context: LookupContext) -> None:
    first = lookup(context, "password", "secrets/db length=12 chars=ascii_lowercase")
    assert re.fullmatch("[a-z]{12}", first)
    assert lookup(context, "password", "secrets/db length=30") == first
    path = context.basedir / "secrets/db"
    assert path.read_text() == first + "\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["db"]


def test_a_password_of_dev_null_is_not_kept(context: LookupContext) -> None:
    passwords = {lookup(context, "password", "/dev/null") for _ in range(3)}
    assert len(passwords) == 3
    assert all(re.fullmatch(r"[A-Za-z0-9.,:_-]{20}", each) for each in passwords)


def test_an_encrypted_password_keeps_its_salt(context: LookupContext) -> None:
    first = lookup(context, "password", "pw length=8 encrypt=sha512_crypt")
    assert first.startswith("$6$")
    assert lookup(context, "password", "pw encrypt=sha512_crypt") == first
    text, salt = (context.basedir / "pw").read_text().strip().split(" salt=")
    assert lookup(context, "password", "pw") == text
    assert first.startswith(f"$6${salt}$")


def test_threads_that_need_a_password_at_once_get_the_same_salt(context: LookupContext) -> None:
    lookup(context, "password", "pw")
    with ThreadPoolExecutor(8) as pool:
        passwords = pool.map(
            lambda _: lookup(context, "password", "pw encrypt=md5_crypt"), range(16)
        )
        assert set(passwords) == {lookup(context, "password", "pw encrypt=md5_crypt")}


def test_an_existing_password_gets_a_salt_when_it_is_encrypted(context: LookupContext) -> None:
    text = lookup(context, "password", "pw")
    first = lookup(context, "password", "pw encrypt=md5_crypt")
    assert lookup(context, "password", "pw encrypt=md5_crypt") == first
    assert lookup(context, "password", "pw") == text
    assert stat.S_IMODE((context.basedir / "pw").stat().st_mode) == 0o600


def _make_password(folder: str, term: str = "shared") -> Any:
    empty_context = LookupContext({}, lambda a, b: Path(b), lambda a, b, c: "", Path(folder))
    return lookup(empty_context, "password", term)


def test_processes_that_need_a_password_at_once_get_the_same_one_and_the_same_salt(
    tmp_path: Path,
) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        passwords = pool.map(_make_password, [str(tmp_path)] * 16)
        assert len(set(passwords)) == 1
        for number in range(10):
            (tmp_path / f"p{number}").write_text("word\n")
        calls = [(str(tmp_path), f"p{n} encrypt=md5_crypt") for n in range(10) for _ in range(16)]
        hashes = pool.starmap(_make_password, calls, chunksize=1)
    assert len(set(hashes)) == 10
    names = {each.name for each in tmp_path.iterdir()}
    assert names == {"shared", *(f"p{number}" for number in range(10))}, "temporary files remain"


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        is_known = self.path == "/lines"
        self.send_response(200 if is_known else 404)
        self.end_headers()
        self.wfile.write(f"one\n{self.headers.get('Authorization')}\n".encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as http_server:
        threading.Thread(target=http_server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http_server.server_port}"
        http_server.shutdown()


def test_the_content_of_a_url_is_returned_in_lines_or_as_one_text(
    context: LookupContext, server: str
) -> None:
    assert query(context, "url", f"{server}/lines") == ["one", "None"]
    assert query(context, "url", f"{server}/lines", split_lines=False) == ["one\nNone\n"]
    login = query(context, "url", f"{server}/lines", username="u", password="p")
    assert login == ["one", "Basic dTpw"]


def test_a_url_that_can_not_be_downloaded_is_an_error(context: LookupContext, server: str) -> None:
    with pytest.raises(TemplateError, match="HTTP 404"):
        query(context, "url", f"{server}/nope")
    with pytest.raises(TemplateError, match="is not an http, https or ftp URL"):
        query(context, "url", "file:///etc/passwd")


def test_all_files_below_a_directory_are_listed(context: LookupContext) -> None:
    (context.basedir / "files/sub").mkdir()
    (context.basedir / "files/sub/link").symlink_to("../a.txt")
    found = {each["path"]: each for each in query(context, "filetree", "files")}
    assert found["a.txt"]["state"] == "file"
    assert found["sub"]["state"] == "directory"
    assert found["sub/link"]["state"] == "link"
    assert found["sub/link"]["src"] == "../a.txt"
