"""Filters against the values that Ansible 2.16.19 returns for the same expressions."""

from __future__ import annotations

import datetime
import inspect
from collections import OrderedDict
from typing import Any

import pytest
from jinja2 import Environment, StrictUndefined, TemplateError, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from provisioner.language.filters.registry import FILTERS
from provisioner.language.tests.registry import TESTS

SAME: list[tuple[str, Any]] = [
    ("'6QA='|b64decode(encoding='utf-16-le')", "é"),
    ("'YWJj'|b64decode", "abc"),
    ("'!!'|b64decode", ""),
    ("'abc'|b64encode", "YWJj"),
    ("'é'|b64encode(encoding='utf-16-le')", "6QA="),
    ("123|b64encode", "MTIz"),
    ("[1,2]|b64encode", "WzEsIDJd"),
    ("none|b64encode", "Tm9uZQ=="),
    ("'/a/b/c.txt'|basename", "c.txt"),
    ("'/a/b/'|basename", ""),
    ("'yes'|bool", True),
    ("'y'|bool", False),
    ("'TRUE'|bool", True),
    ("'junk'|bool", False),
    ("none|bool", None),
    ("1.0|bool", True),
    ("2|bool", False),
    ("[]|bool", False),
    ("'abc'|checksum", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    ("{'a':1}|combine({'b':2})", {"a": 1, "b": 2}),
    (
        (
            "{'a':{'x':1,'l':[1,2,3]}}|combine({'a':{'y':1,'l':[3,4]}},recursive=true,list_merg"
            "e='append_rp')"
        ),
        {"a": {"x": 1, "l": [1, 2, 3, 4], "y": 1}},
    ),
    ("{'a':1}|combine([{'b':2},{'c':3}])", {"a": 1, "b": 2, "c": 3}),
    ("[{'a':1},{'b':2}]|combine", {"a": 1, "b": 2}),
    ("[{'a':1},{'b':2}]|combine({'c':3})", {"a": 1, "b": 2, "c": 3}),
    ("{}|combine", {}),
    ("{'l':[1,2]}|combine({'l':[2,3]},list_merge='keep')", {"l": [1, 2]}),
    ("{'l':[1,2]}|combine({'l':[2,3]},list_merge='append')", {"l": [1, 2, 2, 3]}),
    ("{'l':[1,2]}|combine({'l':[2,3]},list_merge='prepend')", {"l": [2, 3, 1, 2]}),
    ("{'l':[1,2]}|combine({'l':[2,3]},list_merge='append_rp')", {"l": [1, 2, 3]}),
    ("{'l':[1,2]}|combine({'l':[2,3]},list_merge='prepend_rp')", {"l": [2, 3, 1]}),
    ("{'a':{'l':[1,2]}}|combine({'a':{'l':[2,3]}},list_merge='append')", {"a": {"l": [2, 3]}}),
    (
        "{'a':{'l':[1,2]}}|combine({'a':{'l':[2,3]}},list_merge='append',recursive=true)",
        {"a": {"l": [1, 2, 2, 3]}},
    ),
    ("{'a':{'x':1}}|combine({'a':none},recursive=true)", {"a": None}),
    ("{'a':{'x':1}}|combine({'a':{}},recursive=true)", {"a": {"x": 1}}),
    ("{'a':{'x':1}}|combine({'a':{}})", {"a": {}}),
    ("{'a':1}|combine(none)", {"a": 1}),
    ("none|combine({'a':1})", {"a": 1}),
    ("'hello'|comment", "#\n# hello\n#"),
    ("'hello\\nworld'|comment('c')", "//\n// hello\n// world\n//"),
    (
        "'hello'|comment('plain',prefix='#######\\n#',postfix='#\\n###')",
        "#######\n#\n# hello\n#\n###",
    ),
    ("'hello'|comment('erlang')", "%\n% hello\n%"),
    ("'hello'|comment('xml')", "<!--\n -\n - hello\n -\n-->"),
    ("'hello'|comment('cblock')", "/*\n *\n * hello\n *\n */"),
    ("'hello'|comment('plain',decoration='! ')", "!\n! hello\n!"),
    (
        "'hello'|comment('plain',newline='\\r\\n',prefix='x',prefix_count=2)",
        "x\r\nx\r\n# hello\r\n#",
    ),
    ("'hello'|comment(beginning='<<',end='>>',decoration='- ')", "<<\n-\n- hello\n-\n>>"),
    ("'a\\n\\nb'|comment", "#\n# a\n#\n# b\n#"),
    ("'a\\n'|comment", "#\n# a\n# \n#"),
    ("'hello'|comment(prefix='')", "# hello\n#"),
    ("'hello'|comment(prefix_count=0,postfix_count=2)", "# hello\n#\n#"),
    ("'hello'|comment('cblock',prefix='',postfix='')", "/*\n * hello\n\n */"),
    ("'hello'|comment('cblock',beginning='')", " *\n * hello\n *\n */"),
    ("'a\\nb'|comment(newline='X')", "#X# a\nbX#"),
    ("'a'|comment(decoration='')", "a\n"),
    ("'a'|comment(postfix_count=0)", "#\n# a"),
    ("'a'|comment(prefix_count=0)", "# a\n#"),
    ("['/a/b','/a/c']|commonpath", "/a"),
    ("['a','b','a']|community.general.counter", {"a": 2, "b": 1}),
    ("'aba'|community.general.counter", {"a": 2, "b": 1}),
    ("'abc'|community.general.crc32", "352441c2"),
    ("[['a',1],['b',2]]|community.general.dict", {"a": 1, "b": 2}),
    ("{'a':1,'b':2}|dict2items", [{"key": "a", "value": 1}, {"key": "b", "value": 2}]),
    ("{'a':1}|dict2items(key_name='k',value_name='v')", [{"k": "a", "v": 1}]),
    ("'v'|community.general.dict_kv('k')", {"k": "v"}),
    ("[1,2,3,2]|difference([2])", [1, 3]),
    ("[{'a':1},{'b':1}]|difference([{'a':1}])", [{"b": 1}]),
    ("'/a/b/c.txt'|dirname", "/a/b"),
    ("'~root/x'|expanduser", "/root/x"),
    ("'a'|extract({'a':1})", 1),
    ("'a'|extract({'a':{'b':{'c':3}}},['b','c'])", 3),
    ("'a'|extract({'a':{'b':3}},'b')", 3),
    ("[1,[2,[3,[none]]],none]|flatten", [1, 2, 3]),
    ("[1,[2,[3]],none]|flatten(levels=1)", [1, 2, [3]]),
    ("[1,[2,none]]|flatten(skip_nulls=false)", [1, 2, None]),
    ("['a',['None','null']]|flatten", ["a"]),
    ("'abc'|flatten", ["a", "b", "c"]),
    ("'a,b\\n1,2\\n3,4'|community.general.from_csv", [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]),
    (
        "'1;2'|community.general.from_csv(fieldnames=['x','y'],delimiter=';')",
        [{"x": "1", "y": "2"}],
    ),
    ("'a,b\\n1,2,3'|community.general.from_csv", [{"a": "1", "b": "2", None: ["3"]}]),
    ("'[a]\\nx=1\\n'|community.general.from_ini", {"a": {"x": "1"}}),
    ("'{\"a\":1}'|from_json", {"a": 1}),
    ('\'{"a": 1, "a": 2}\'|from_json', {"a": 2}),
    ("'a: 1\\nb: [x, y]'|from_yaml", {"a": 1, "b": ["x", "y"]}),
    ("none|from_yaml", None),
    ("5|from_yaml", 5),
    ("{'a':1}|from_yaml", {"a": 1}),
    ("''|from_yaml", None),
    ("'010'|from_yaml", 8),
    ("none|from_yaml_all", None),
    (
        "[{'n':'a','x':1},{'n':'b','x':2}]|community.general.groupby_as_dict('n')",
        {"a": {"n": "a", "x": 1}, "b": {"n": "b", "x": 2}},
    ),
    ("'abc'|hash('md5')", "900150983cd24fb0d6963f7d28e17f72"),
    ("'abc'|hash('sha256')", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ("'abc'|hash", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    ("none|hash", "6eef6648406c333a4035cd5e60d0bf2ecf2606d7"),
    ("1000|human_readable", "1000.00 Bytes"),
    ("1024|human_readable", "1.00 KB"),
    ("1234567|human_readable(isbits=true)", "1.18 Mb"),
    ("1234567|human_readable(unit='K')", "1205.63 KB"),
    ("0|human_readable", "0.00 Bytes"),
    ("1|human_readable(unit='B')", "1.00 Bytes"),
    ("1|human_readable(true)", "1.00 bits"),
    ("1024|human_readable(false,'g')", "0.00 GB"),
    ("12345678901234567890123456789|human_readable", "10212.11 YB"),
    ("-5|human_readable", "-5.00 Bytes"),
    ("1536|human_readable(isbits=true,unit='K')", "1.50 Kb"),
    ("'1K'|human_to_bytes", 1024),
    ("'1.5 GB'|human_to_bytes", 1610612736),
    ("'10 Kb'|human_to_bytes(isbits=true)", 10240),
    ("'10'|human_to_bytes('M')", 10485760),
    ("'10'|human_to_bytes", 10),
    ("'10 kilobytes'|human_to_bytes", 10240),
    ("'10B'|human_to_bytes", 10),
    ("'10b'|human_to_bytes(isbits=true)", 10),
    ("'10 megabyte'|human_to_bytes", 10485760),
    ("'10Mbits'|human_to_bytes(isbits=true)", 10485760),
    ("'1.5'|human_to_bytes('K')", 1536),
    ("' 1 K '|human_to_bytes", 1024),
    ("10|human_to_bytes", 10),
    ("[1,2,3,2]|ansible.utils.index_of('eq',2)", [1, 3]),
    ("[1,2,3]|ansible.utils.index_of('eq',3)", 2),
    ("[1,2,3]|ansible.utils.index_of('eq',9)", []),
    ("[3,1,2,2]|intersect([2,1,1])", [1, 2]),
    ("[{'a':1},{'b':1}]|intersect([{'a':1}])", [{"a": 1}]),
    ("[{'key':'a','value':1}]|items2dict", {"a": 1}),
    ("[{'k':'a','v':1}]|items2dict('k','v')", {"a": 1}),
    ("['b','a']|zip([1,2])|list", [["b", 1], ["a", 2]]),
    ("['b','a']|zip([1,2],'xy')|list", [["b", 1, "x"], ["a", 2, "y"]]),
    ("[1,2]|zip_longest([3],fillvalue='x')|list", [[1, 3], [2, "x"]]),
    ("[1,2]|product([3,4])|list", [[1, 3], [1, 4], [2, 3], [2, 4]]),
    ("[1,2]|product(repeat=2)|list", [[1, 1], [1, 2], [2, 1], [2, 2]]),
    ("[1,2,3]|permutations(2)|list", [[1, 2], [1, 3], [2, 1], [2, 3], [3, 1], [3, 2]]),
    ("[1,2,3]|combinations(2)|list", [[1, 2], [1, 3], [2, 3]]),
    ("[0,2]|map('extract',['x','y','z'])|list", ["x", "z"]),
    ("'a: 1\\n---\\nb: 2'|from_yaml_all|list", [{"a": 1}, {"b": 2}]),
    ("[1,2,2]|community.general.lists_intersect([2])", [2]),
    (
        (
            "[{'n':'a','x':1},{'n':'b'}]|community.general.lists_mergeby([{'n':'a','y':2},{'n':"
            "'c'}],'n')"
        ),
        [{"n": "a", "x": 1, "y": 2}, {"n": "b"}, {"n": "c"}],
    ),
    (
        (
            "[{'n':'a','l':[1]}]|community.general.lists_mergeby([{'n':'a','l':[2]}],'n',list_m"
            "erge='append')"
        ),
        [{"n": "a", "l": [1, 2]}],
    ),
    (
        (
            "[[{'n':'a','x':{'p':1}}],[{'n':'a','x':{'q':1}}]]|community.general.lists_mergeby("
            "'n',recursive=true)"
        ),
        [{"n": "a", "x": {"p": 1, "q": 1}}],
    ),
    (
        "[{'n':'a','x':1},{'m':3}]|community.general.lists_mergeby([],'n')",
        [{"n": "a", "x": 1}, {"m": 3}],
    ),
    (
        "[{'n':'a'},{'m':3}]|community.general.lists_mergeby([{'n':'a','z':1}],'n')",
        [{"n": "a", "z": 1}],
    ),
    ("[{'n':'b'},{'n':'a'}]|community.general.lists_mergeby([],'n')", [{"n": "b"}, {"n": "a"}]),
    (
        "[{'n':'b'},{'n':'a'}]|community.general.lists_mergeby([{'n':'c'}],'n')",
        [{"n": "a"}, {"n": "b"}, {"n": "c"}],
    ),
    ("[1,2,3]|community.general.lists_union([4,1])", [1, 2, 3, 4]),
    ("[1,2]|community.general.lists_union([2,3],[4])", [1, 2, 3, 4]),
    ("[[1,2],[2,3]]|community.general.lists_intersect(flatten=true)", [2]),
    ("[[1]]|community.general.lists_difference([[1]],[2])", []),
    ("[1,2]|community.general.lists_symmetric_difference([2,3],[3,4])", [1, 4]),
    ("'0'|community.general.to_hours", 0),
    ("8|log(2)", 3.0),
    ("100|log(10)", 2.0),
    ("10|log", 2.302585092994046),
    ("none|mandatory", None),
    ("[3,1]|max", 3),
    ("'abc'|md5", "900150983cd24fb0d6963f7d28e17f72"),
    ("[{'a':3},{'a':1}]|min(attribute='a')", {"a": 1}),
    ("'/a/./b/../c'|normpath", "/a/c"),
    (
        "'abc'|password_hash('sha512','saltsalt',rounds=5000)",
        (
            "$6$saltsalt$mXmsbOzRhx9FdAbQCUHYMV8i33aUx8FUsjR813r/Te3OUwcAdbwkebLKfLOfUCihpvpN7J"
            "i1TH3bltSG02PNE1"
        ),
    ),
    (
        "'abc'|password_hash('sha256','saltsalt',rounds=10000)",
        "$5$rounds=10000$saltsalt$KofkZehHS8CppkUtTQxKwMp.ZPQbJeCVXACpg5NWTG5",
    ),
    ("'abc'|password_hash('md5','saltsalt')", "$1$saltsalt$7fq7ZEc75157blrz18yX./"),
    (
        "'abc'|password_hash('blowfish','1234567890123456789012')",
        "$2b$12$123456789012345678901uhEN2Q1d74sjmCQgweuTj8luBWJZ2CWW",
    ),
    (
        "'abc'|password_hash('bcrypt','1234567890123456789012',rounds=5)",
        "$2b$05$123456789012345678901uGCDyWUEMcCfJWZZ5TRqPEy6WZYSK4g6",
    ),
    (
        "'abc'|password_hash('bcrypt','1234567890123456789012',rounds=5,ident='2a')",
        "$2a$05$123456789012345678901uGCDyWUEMcCfJWZZ5TRqPEy6WZYSK4g6",
    ),
    (
        "'abc'|password_hash('sha512','saltsalt',ident='2a',rounds=5000)",
        (
            "$6$saltsalt$mXmsbOzRhx9FdAbQCUHYMV8i33aUx8FUsjR813r/Te3OUwcAdbwkebLKfLOfUCihpvpN7J"
            "i1TH3bltSG02PNE1"
        ),
    ),
    ("['/a','b','c']|path_join", "/a/b/c"),
    ("'/a'|path_join", "/a"),
    ("2|pow(3)", 8.0),
    ("5|pow(0.5)", 2.23606797749979),
    ('"it\'s"|quote', "'it'\"'\"'s'"),
    ("''|quote", "''"),
    ("none|quote", "''"),
    ("123|quote", "123"),
    ("10|random(seed='x')", 5),
    ("['a','b','c','d']|random(seed='x')", "c"),
    ("10|random(1,3,seed='abc')", 7),
    ("10|random(start=5,seed='abc')", 9),
    ("'aa:bb'|community.general.random_mac(seed='x')", "aa:bb:60:a1:7b:4d"),
    ("'52:54:00'|community.general.random_mac(seed='abc')", "52:54:00:85:8e:e4"),
    ("'00:11:22:33:44'|community.general.random_mac(seed='1')", "00:11:22:33:44:8a"),
    ("'/usr/../etc'|realpath", "/etc"),
    ("'^a.*b$'|regex_escape", "\\^a\\.\\*b\\$"),
    ("'^a.*b[]-\\\\$'|regex_escape('posix_basic')", "\\^a\\.\\*b\\[\\]-\\\\\\$"),
    ("'abc abd'|regex_findall('ab.')", ["abc", "abd"]),
    ("'abc abd'|regex_findall('a(b)(.)')", [["b", "c"], ["b", "d"]]),
    ("'ABC\\nabd'|regex_findall('^ab',multiline=true,ignorecase=true)", ["AB", "ab"]),
    ("'abc'|regex_findall('(x)')", []),
    ("'abc'|regex_replace('b','X')", "aXc"),
    ("'abc'|regex_replace('(b)','[\\\\1]')", "a[b]c"),
    ("'aBc'|regex_replace('b','X',ignorecase=true)", "aXc"),
    ("'a\\nb'|regex_replace('^b','X',multiline=true)", "a\nX"),
    ("'foo=bar'|regex_replace('(?P<k>\\\\w+)=(?P<v>\\\\w+)','\\\\g<v>=\\\\g<k>')", "bar=foo"),
    ("123|regex_replace('2','x')", "1x3"),
    ("'a'|regex_replace(pattern='a')", ""),
    ("'abc'|regex_search('b')", "b"),
    ("'abc'|regex_search('x')", None),
    ("'abc'|regex_search('(a)(b)','\\\\1','\\\\2')", ["a", "b"]),
    ("'abc'|regex_search('(?P<one>a)','\\\\g<one>')", ["a"]),
    ("'abc'|regex_search('(a)(x)?','\\\\2')", [None]),
    ("'abc'|regex_search('z','\\\\1')", None),
    ("'abc'|regex_search('(a)|(z)','\\\\1','\\\\2')", ["a", None]),
    ("none|regex_search('N')", "N"),
    (
        "[{'n':'a','v':1},{'n':'b','v':2}]|rekey_on_member('n')",
        {"a": {"n": "a", "v": 1}, "b": {"n": "b", "v": 2}},
    ),
    ("{'x':{'n':'a'}}|rekey_on_member('n')", {"a": {"n": "a"}}),
    (
        "[{'n':'a','v':1},{'n':'a','v':2}]|rekey_on_member('n',duplicates='overwrite')",
        {"a": {"n": "a", "v": 2}},
    ),
    ("'/a/b/c'|relpath('/a')", "b/c"),
    ("8|root(3)", 2.0),
    ("9|root", 3.0),
    ("'abc'|sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    ("123|sha1", "40bd001563085fc35165329ea1ff5c5ecbdbbeef"),
    ("['a','b','c','d']|shuffle(seed='x')", ["a", "b", "d", "c"]),
    ("'a,b'|split(',')", ["a", "b"]),
    ("' a  b '|split", ["a", "b"]),
    ("'a,b,c'|split(',',1)", ["a", "b,c"]),
    ("'a.tar.gz'|splitext", ["a.tar", ".gz"]),
    ("'%Y-%m-%d %H:%M:%S'|strftime(0, utc=true)", "1970-01-01 00:00:00"),
    (
        "[{'n':'a','k':[1,2]},{'n':'b','k':[3]}]|subelements('k')",
        [[{"n": "a", "k": [1, 2]}, 1], [{"n": "a", "k": [1, 2]}, 2], [{"n": "b", "k": [3]}, 3]],
    ),
    ("[{'n':'a','k':{'j':[1]}}]|subelements('k.j')", [[{"n": "a", "k": {"j": [1]}}, 1]]),
    ("[{'n':'a'}]|subelements('k',skip_missing=true)", []),
    ("{'x':{'k':[1]}}|subelements('k')", [[{"k": [1]}, 1]]),
    ("[1,2]|symmetric_difference([2,3])", [1, 3]),
    ("[{'a':1},{'b':1}]|symmetric_difference([{'a':1},{'c':2}])", [{"b": 1}, {"c": 2}]),
    ("true|ternary(1,2)", 1),
    ("none|ternary(1,2)", 2),
    ("none|ternary(1,2,3)", 3),
    ("'x'|ternary(1,2)", 1),
    ("''|ternary(1,2,3)", 2),
    ("true|ternary(1,nope)", 1),
    ("'2020-01-02 03:04:05'|to_datetime", datetime.datetime(2020, 1, 2, 3, 4, 5)),
    ("'2020-01-02'|to_datetime('%Y-%m-%d')", datetime.datetime(2020, 1, 2, 0, 0)),
    ("('2020-01-02 03:04:05'|to_datetime - '2020-01-01 00:00:00'|to_datetime).days", 1),
    ("'36h'|community.general.to_days", 1.5),
    ("'90m'|community.general.to_hours", 1.5),
    ("{'a':{'x':1},'b':{'y':2}}|community.general.to_ini", "[a]\nx = 1\n\n[b]\ny = 2\n"),
    ("[1,{'a':'é'}]|to_json", '[1, {"a": "\\u00e9"}]'),
    ("'x'|to_json(indent=2)", '"x"'),
    ("{'b':1,'a':2}|to_json(sort_keys=true)", '{"a": 2, "b": 1}'),
    ("{1:2}|to_json", '{"1": 2}'),
    ("('a','b')|to_json", '["a", "b"]'),
    ("[1,2]|map('int')|to_json", "[1, 2]"),
    ("'2020-01-02 03:04:05'|to_datetime|to_json", '"2020-01-02T03:04:05"'),
    ("'1y 2mo 3w 4d 5h 6m 7s 8ms'|community.general.to_milliseconds", 38898367008.0),
    ("'2hours'|community.general.to_minutes", 120.0),
    ("'100d'|community.general.to_months", 3.333333333333),
    (
        "{'b':1,'a':[1,2,{}],'c':{},'d':[]}|to_nice_json",
        (
            '{\n    "a": [\n        1,\n        2,\n        {}\n    ],\n    "b": 1,\n    "c": {'
            '},\n    "d": []\n}'
        ),
    ),
    (
        "{'b':'é','a':[1,2]}|to_nice_json(ensure_ascii=false,indent=2)",
        '{\n  "a": [\n    1,\n    2\n  ],\n  "b": "é"\n}',
    ),
    ("{none:2}|to_nice_json", '{\n    "null": 2\n}'),
    ("[none, true]|to_nice_json", "[\n    null,\n    true\n]"),
    (
        (
            "{'b':'é','a':[1,2,{'x':none}],'m':'l1\\nl2\\n','n':true,'o':'yes','p':'010','q':1."
            "5, 'e':[], 'f':{}}|to_nice_yaml"
        ),
        (
            "a:\n- 1\n- 2\n-   x: null\nb: é\ne: []\nf: {}\nm: 'l1\n\n    l2\n\n    '\nn: true"
            "\no: 'yes'\np: '010'\nq: 1.5\n"
        ),
    ),
    ("{'b':1,'a':2}|to_nice_yaml(sort_keys=false,indent=2)", "b: 1\na: 2\n"),
    ("'x'|to_nice_yaml", "x\n"),
    ("[[1,2],[3]]|to_nice_yaml", "-   - 1\n    - 2\n-   - 3\n"),
    ("[['a'],['b']]|to_nice_yaml(indent=2)", "- - a\n- - b\n"),
    (
        "('x '*60)|to_nice_yaml",
        (
            "'x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x"
            "\n    x x x x x x x x x x x x x x x x x x x '\n"
        ),
    ),
    (
        "('x '*60)|to_nice_yaml(width=1000)",
        (
            "'x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x"
            " x x x x x x x x x x x x x x x x x x x '\n"
        ),
    ),
    (
        (
            "{'a':'x: y','b':'- x','c':'','d':' x','e':'#x','f':'1e3','g':'0x1f','h':'~','i':'n"
            "ull','j':'2020-01-01','k':'12:30','l':'no','m':'=','n':'a\\n','o':'[x','p':'%x','q"
            "':'@x','r':'!x','s':'&x','t':\"it's\",'u':'\"x\"'}|to_nice_yaml"
        ),
        (
            "a: 'x: y'\nb: '- x'\nc: ''\nd: ' x'\ne: '#x'\nf: 1e3\ng: '0x1f'\nh: '~'\ni: 'null'"
            "\nj: '2020-01-01'\nk: '12:30'\nl: 'no'\nm: '='\nn: 'a\n\n    '\no: '[x'\np: '%x'\n"
            "q: '@x'\nr: '!x'\ns: '&x'\nt: it's\nu: '\"x\"'\n"
        ),
    ),
    (
        "{'a':{'b':{'c':[1,{'d':2}]}}}|to_nice_yaml",
        "a:\n    b:\n        c:\n        - 1\n        -   d: 2\n",
    ),
    (
        "{'a':{'b':{'c':[1,{'d':2}]}}}|to_nice_yaml(indent=2)",
        "a:\n  b:\n    c:\n    - 1\n    - d: 2\n",
    ),
    ("{'a':1}|to_nice_yaml(explicit_start=true)", "---\na: 1\n"),
    ("{'a':{'b':[1,2]},'c d':1}|ansible.utils.to_paths", {"a.b[0]": 1, "a.b[1]": 2, "c d": 1}),
    (
        "{'x':{'c d':1,'e_f':2,'1a':3,'g-h':4}}|ansible.utils.to_paths",
        {"x['c d']": 1, "x.e_f": 2, "x['1a']": 3, "x['g-h']": 4},
    ),
    ("{'x':[]}|ansible.utils.to_paths", {"x": []}),
    ("'1h 30m'|community.general.to_seconds", 5400.0),
    ("'1h'|community.general.to_time_unit('min')", 60.0),
    ("'1h'|community.general.to_time_unit", 3600000.0),
    ("'x'|to_uuid", "66b2f013-1baa-5313-9c8c-e6f1182e0e90"),
    ("'x'|to_uuid('11111111-2222-3333-4444-555555555555')", "ae643dff-6199-5c7f-b5fe-bf3250d1d468"),
    ("'100d'|community.general.to_weeks", 14.285714285714),
    (
        (
            "{'b':'é','a':[1,2,{'x':none}],'m':'l1\\nl2\\n','n':true,'o':'yes','p':'010','q':1."
            "5}|to_yaml"
        ),
        (
            "a:\n- 1\n- 2\n- {x: null}\nb: é\nm: 'l1\n\n  l2\n\n  '\nn: true\no: 'yes'\np: '010"
            "'\nq: 1.5\n"
        ),
    ),
    ("'x'|to_yaml", "x\n"),
    ("'2020-01-02 03:04:05'|to_datetime|to_yaml", "2020-01-02 03:04:05\n"),
    ("'é\\u2028\\x01'|to_yaml", '"é\\L\\x01"\n'),
    ("'a\\tb'|to_yaml", '"a\\tb"\n'),
    ("[1,2]|map('int')|to_yaml", "[1, 2]\n"),
    ("{'a':[],'b':{}}|to_yaml", "a: []\nb: {}\n"),
    ("{'a':{'b':{'c':[1,{'d':2}]}}}|to_yaml", "a:\n  b:\n    c:\n    - 1\n    - {d: 2}\n"),
    ("{'a':{'b':1}}|to_yaml(default_flow_style=false)", "a:\n  b: 1\n"),
    ("{'a':1}|to_yaml(default_flow_style=true)", "{a: 1}\n"),
    ("none|to_yaml", "null\n"),
    ("true|to_yaml", "true\n"),
    ("1.0|to_yaml", "1.0\n"),
    ("1e20|to_yaml", "1.0e+20\n"),
    ("'400d'|community.general.to_years", 1.095890410959),
    ("'400d'|community.general.to_years(year=360)", 1.111111111111),
    ("'x'|type_debug", "str"),
    ("1|type_debug", "int"),
    ("none|type_debug", "NoneType"),
    ("nope|type_debug", "AnsibleUndefined"),
    ("{}|type_debug", "dict"),
    ("'a'|community.general.unicode_normalize", "a"),
    ("[1,2,2]|union([3,2])", [1, 2, 3]),
    ("[{'a':1}]|union([{'a':1},{'b':2}])", [{"a": 1}, {"b": 2}]),
    ("['a','A','b']|unique", ["a", "b"]),
    ("['a','A','b']|unique(case_sensitive=true)", ["a", "A", "b"]),
    ("[{'a':1},{'a':1},{'b':2}]|unique", [{"a": 1}, {"b": 2}]),
    ("[{'a':1,'b':2},{'a':1,'b':3}]|unique(attribute='a')", [{"a": 1, "b": 2}]),
    ("'a%20b+c'|urldecode", "a b c"),
    (
        "'http://user:pw@h.example:8080/p/a?q=1#f'|urlsplit",
        {
            "fragment": "f",
            "hostname": "h.example",
            "netloc": "user:pw@h.example:8080",
            "password": "pw",
            "path": "/p/a",
            "port": 8080,
            "query": "q=1",
            "scheme": "http",
            "username": "user",
        },
    ),
    ("'http://user:pw@h.example:8080/p/a?q=1#f'|urlsplit('hostname')", "h.example"),
    ("['1.10','1.9','1.2rc1']|community.general.version_sort", ["1.2rc1", "1.9", "1.10"]),
    ("['1.10','1.9']|community.general.version_sort(reverse=true)", ["1.10", "1.9"]),
    ("'C:\\\\a\\\\b.txt'|win_basename", "b.txt"),
    ("'C:\\\\a\\\\b.txt'|win_dirname", "C:\\a"),
    ("'C:\\\\a\\\\b.txt'|win_splitdrive", ["C:", "\\a\\b.txt"]),
]
"""An expression and its value in Ansible."""

REFUSED: list[tuple[str, str]] = [
    ("nope|bool", "'nope' is undefined"),
    ("{'a':1}|combine(1)", "combine: a dict is needed, not the number 1"),
    ("{'a':1}|combine({'b':2}, foo=1)", "combine: there is no option foo"),
    (
        "{'a':1}|combine({'b':2}, list_merge='foo')",
        (
            "combine: list_merge must be one of replace, keep, append, prepend, append_rp, "
            "prepend_rp"
        ),
    ),
    ("{'a':1}|combine(nope)", "'nope' is undefined"),
    ("nope|combine({'a':1})", "'nope' is undefined"),
    ("[1,2]|combine([3])", "combine: a dict is needed, not the number 1"),
    ("'hello'|comment('foo')", "comment: style must be one of plain, erlang, c, cblock, xml"),
    ("[1]|dict2items", "dict2items: a dict is needed, not a list"),
    ("'z'|extract({'a':1})", "'dict object' has no attribute 'z'"),
    (
        "'{a'|from_json",
        (
            "from_json: the text is not JSON: Expecting property name enclosed in double quotes: li"
            "ne 1 column 2 (char 1)"
        ),
    ),
    ("{'a':1}|from_json", "from_json: JSON text is needed, not a dict with the keys a"),
    (
        "'[1'|from_json",
        "from_json: the text is not JSON: Expecting ',' delimiter: line 1 column 3 (char 2)",
    ),
    (
        "'a: !!python/object:os.x 1'|from_yaml",
        "from_yaml: the text:1:4: the tag !!python/object:os.x is not supported",
    ),
    ("'abc'|hash('nope')", 'hash: there is no hash function "nope"'),
    ("'12'|human_readable", "human_readable: a number is needed, not text"),
    ("'x'|human_readable", "human_readable: a number is needed, not text"),
    ("'10q'|human_to_bytes", 'human_to_bytes: "10q": unknown unit "q" (use KB, MB, GB …)'),
    ("'x'|human_to_bytes", 'human_to_bytes: "x" is not a size such as 1.5 GB'),
    ("'10kb'|human_to_bytes", 'human_to_bytes: "10kb": unknown unit "kb" (use KB, MB, GB …)'),
    ("'10Kb'|human_to_bytes", 'human_to_bytes: "10Kb": unknown unit "Kb" (use KB, MB, GB …)'),
    (
        "'10KB'|human_to_bytes(isbits=true)",
        'human_to_bytes: "10KB": unknown unit "KB" (use KB, MB, GB …)',
    ),
    (
        "'10 MiB'|human_to_bytes",
        'human_to_bytes: "10 MiB": unknown unit "MiB" (use KB, MB, GB …)',
    ),
    ("'-1K'|human_to_bytes", 'human_to_bytes: "-1K" is not a size such as 1.5 GB'),
    (
        "[{'k':'a'}]|items2dict",
        'items2dict: every item needs "key" and "value"; one is a dict with the keys k',
    ),
    ("[1]|items2dict", "items2dict: a dict is needed, not the number 1"),
    ("'x'|items2dict", "items2dict: a list is needed, not text"),
    ("'a'|items2dict", "items2dict: a list is needed, not text"),
    ("'x'|log", "log: a number is needed, not text"),
    ("0|log", "log: 0 has no logarithm to the base 2.718281828459045"),
    ("nope|mandatory", 'the mandatory variable "nope" is not defined'),
    ("nope|mandatory('give me x')", "give me x"),
    ("{'a':1}.b|mandatory", 'the mandatory variable "b" is not defined'),
    ("[]|min", "No aggregated item, sequence was empty."),
    (
        "'abc'|password_hash('sha512','toolongsalttoolongsalt')",
        "password_hash: a salt is at most 16 of the characters a-zA-Z0-9./",
    ),
    (
        "'abc'|password_hash('sha512','bad!salt')",
        "password_hash: a salt is at most 16 of the characters a-zA-Z0-9./",
    ),
    (
        "'abc'|password_hash('foo','salt')",
        ('password_hash: there is no password hash "foo": sha512, sha256, md5, bcrypt, blowfish'),
    ),
    (
        "none|password_hash('sha512','saltsalt',rounds=5000)",
        "password_hash: a password must be text, not null",
    ),
    (
        "123|password_hash('sha512','saltsalt',rounds=5000)",
        "password_hash: a password must be text, not the number 123",
    ),
    ("'x'|pow(2)", "pow: a number is needed, not text"),
    ("2|pow('x')", "pow: a number is needed, not text"),
    ("['a']|random(start=1)", "random: start and step need a number, not a list"),
    ("{'a':1}|random", "random: a list or a whole number is needed, not a dict with the keys a"),
    ("1.5|random", "random: a list or a whole number is needed, not the number 1.5"),
    ("'xx'|community.general.random_mac", 'random_mac: "xx" is not the beginning of a MAC address'),
    (
        "'x'|regex_escape('posix_extended')",
        'regex_escape: re_type must be "python" or "posix_basic", not "posix_extended"',
    ),
    (
        "'x'|regex_escape('foo')",
        'regex_escape: re_type must be "python" or "posix_basic", not "foo"',
    ),
    ("'aaa'|regex_replace('b','c',mandatory_count=1)", 'regex_replace: "b" matched 0 times, not 1'),
    (
        "'abc'|regex_replace('(','x')",
        (
            'regex_replace: the pattern "(" is not valid: missing ), unterminated subpattern at pos'
            "ition 0"
        ),
    ),
    (
        "'abc'|regex_search('b','foo')",
        'regex_search: a group is written "\\\\1" or "\\\\g<name>", not "foo"',
    ),
    ("'abc'|regex_search('b','\\\\3')", 'regex_search: "b" has no group \\3'),
    ("'a'|regex_search('a','\\\\g<1>')", 'regex_search: "a" has no group \\g<1>'),
    (
        "[{'n':'a','v':1},{'n':'a','v':2}]|rekey_on_member('n')",
        'rekey_on_member: two items have the n "a"',
    ),
    (
        "[{'v':1}]|rekey_on_member('n')",
        'rekey_on_member: there is no "n" in a dict with the keys v',
    ),
    ("-1|root", "root: -1 has no root of degree 2"),
    ("5|split", "split: text is needed, not the number 5"),
    ("'%Y'|strftime('x')", 'strftime: "x" is not a number of seconds'),
    ("[{'n':'a'}]|subelements('k')", 'subelements: there is no "k" in a dict with the keys n'),
    ("[{'n':'a','k':1}]|subelements('k')", 'subelements: "k" is not a list but the number 1'),
    ("nope|ternary(1,2)", "'nope' is undefined"),
    ("false|ternary(1,nope)", "'nope' is undefined"),
    ("'x'|to_datetime", "to_datetime: time data 'x' does not match format '%Y-%m-%d %H:%M:%S'"),
    ("'foo'|community.general.to_days", 'to_days: "foo" is not a duration such as "1h 30m"'),
    (
        "'1 fortnight'|community.general.to_days",
        'to_days: "1 fortnight" is not a duration such as "1h 30m"',
    ),
    ("nope|to_json", "'nope' is undefined"),
    ("[nope]|to_json", "'nope' is undefined"),
    ("{'a':nope}|to_json", "'nope' is undefined"),
    (
        "'1 h'|community.general.to_minutes",
        'to_minutes: "1 h" is not a duration such as "1h 30m"',
    ),
    (
        "'1.5h'|community.general.to_minutes",
        'to_minutes: "1.5h" is not a duration such as "1h 30m"',
    ),
    (
        "'1H'|community.general.to_minutes",
        'to_minutes: "1H" is not a duration such as "1h 30m"',
    ),
    (
        "'2 hours'|community.general.to_minutes",
        'to_minutes: "2 hours" is not a duration such as "1h 30m"',
    ),
    (
        "'1e3s'|community.general.to_minutes",
        'to_minutes: "1e3s" is not a duration such as "1h 30m"',
    ),
    (
        "{'a':1,2:3}|to_nice_json",
        (
            "to_nice_json: a dict with the keys a, 2 can't be converted to JSON: '<' not supported "
            "between instances of 'int' and 'str'"
        ),
    ),
    ("{'a':nope}|to_nice_yaml", "'nope' is undefined"),
    (
        "{'a':1}|to_nice_yaml(foo=true)",
        (
            "to_nice_yaml: a dict with the keys a can't be converted to YAML: dump_all() got an "
            "unexpected keyword argument 'foo'"
        ),
    ),
    (
        "'1h30m'|community.general.to_seconds",
        'to_seconds: "1h30m" is not a duration such as "1h 30m"',
    ),
    (
        "'90'|community.general.to_seconds",
        'to_seconds: "90" is not a duration such as "1h 30m"',
    ),
    ("'x'|to_uuid('ansible.com')", 'to_uuid: the namespace "ansible.com" is not a UUID'),
    (
        "'http://h'|urlsplit('foo')",
        (
            "urlsplit: query must be one of fragment, hostname, netloc, password, path, port, "
            "query, scheme, username, not foo"
        ),
    ),
    ("['b','a']|zip(nope)", "'nope' is undefined"),
]
"""An expression that Ansible refuses too, and the error message of provision."""

DIFFERENT: list[tuple[str, Any, str]] = [
    ("'aaa'|regex_replace('a','b',count=2)", "bba", "count is of Ansible 2.17"),
    ("'abc'|union('cda')", ["a", "b", "c", "d"], "Ansible gives the order of a set"),
    ("[3,1,2]|difference([1])", [3, 2], "Ansible gives the order of a set"),
    ("'2020-01-01'|from_yaml", "2020-01-01", "a date stays as it is written"),
    ("[[{'a':1}],[{'b':2}]]|combine", {"a": 1, "b": 2}, "Ansible refuses lists within lists"),
    ("{'a':{'b':[1,2]}}|ansible.utils.get_path('a.b[1]')", 2, "Ansible gives text"),
    (
        "'abc'|password_hash('sha512','saltsalt')",
        "$6$saltsalt$mXmsbOzRhx9FdAbQCUHYMV8i33aUx8FUsjR813r/Te3OUwcAdbwkebLKfLOfUCihpvpN7Ji1TH3bltSG"
        "02PNE1",
        "with passlib Ansible takes 656000 rounds, without it 5000",
    ),
]
"""An expression, its value in provision, and the reason for the difference from Ansible."""

SHA_CRYPT: list[tuple[str, str, str, int | None, str]] = [
    (
        "Hello world!", "sha256", "saltstring", None,
        "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
    ),
    (
        "Hello world!", "sha256", "saltstringsaltst", 10000,
        "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA",
    ),
    (
        "Hello world!", "sha512", "saltstring", None,
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJu"
        "esI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
    ),
    (
        "Hello world!", "sha512", "saltstringsaltst", 10000,
        "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sb"
        "HbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.",
    ),
    (
        "we have a short salt string but not a short password", "sha512", "short", 77777,
        "$6$rounds=77777$short$WuQyW2YR.hBNpjjRhpYD/ifIw05xdfeEyQoMxIXbkvr0g"
        "ge1a1x3yRULJ5CCaUeOxFmtlcGZelFl5CxtgfiAc0",
    ),
    (
        "a short string", "sha512", "asaltof16chars..", 123456,
        "$6$rounds=123456$asaltof16chars..$BtCwjqMJGx5hrJhZywWvt0RLE8uZ4oPwc"
        "elCjmw2kSYu.Ec6ycULevoBK25fs2xXgMNrCzIMVcgEJAstJeonj1",
    ),
]  # fmt: skip
"""Test vectors of Drepper's specification. Salts are cut to 16 characters, as it prescribes."""

PURE_FILTERS = sorted(set(FILTERS) - {"vault", "unvault"})


def environment() -> Environment:
    jinja = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    jinja.filters.update(FILTERS)
    jinja.tests.update(TESTS)
    return jinja


def evaluated(expression: str, **variables: Any) -> Any:
    """The value of an expression, with tuples as lists. An undefined value raises its error."""
    compiled = environment().compile_expression(expression, undefined_to_none=False)
    value = compiled(**variables)
    if isinstance(value, Undefined):
        str(value)
    return tuples_as_lists(value)


def tuples_as_lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: tuples_as_lists(item) for key, item in value.items()}
    return [tuples_as_lists(item) for item in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize(("expression", "expected"), SAME)
def test_a_filter_returns_the_same_value_as_in_ansible(expression: str, expected: Any) -> None:
    assert evaluated(expression) == expected


@pytest.mark.parametrize(("expression", "reason"), REFUSED)
def test_a_filter_refuses_the_same_values_as_in_ansible(expression: str, reason: str) -> None:
    with pytest.raises(TemplateError) as caught:
        evaluated(expression)
    assert str(caught.value) == reason


@pytest.mark.parametrize(("expression", "expected", "why"), DIFFERENT)
def test_a_filter_returns_another_value_than_in_ansible_on_purpose(
    expression: str, expected: Any, why: str
) -> None:
    assert evaluated(expression) == expected, why


@pytest.mark.parametrize(("password", "scheme", "salt", "rounds", "expected"), SHA_CRYPT)
def test_sha_crypt_returns_the_values_of_its_specification(
    password: str, scheme: str, salt: str, rounds: int | None, expected: str
) -> None:
    options = {"password": password, "scheme": scheme, "salt": salt, "rounds": rounds}
    assert evaluated("password | password_hash(scheme, salt, rounds=rounds)", **options) == expected


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 200])
def test_password_hash_returns_the_same_value_as_the_c_library(length: int) -> None:
    crypt = pytest.importorskip("crypt")
    password = ("pä$s" * 60)[:length]
    for scheme, mark, salt in (("sha512", 6, "ab./XY01"), ("sha256", 5, "q"), ("md5", 1, "salt")):
        result = evaluated("p | password_hash(s, salt)", p=password, s=scheme, salt=salt)
        assert result == crypt.crypt(password, f"${mark}${salt}$")


@pytest.mark.parametrize("scheme", ["sha512", "sha256", "md5", "bcrypt"])
def test_password_hash_uses_a_new_salt_for_each_call(scheme: str) -> None:
    template = environment().from_string("{{ 'x' | password_hash('" + scheme + "') }}")
    assert template.render() != template.render()


@pytest.mark.parametrize("rounds", [999, 1_000_000_000])
def test_password_hash_refuses_rounds_outside_of_the_range_of_crypt(rounds: int) -> None:
    with pytest.raises(TemplateError, match="rounds must be between"):
        evaluated("'x' | password_hash(rounds=rounds)", rounds=rounds)


def test_password_hash_refuses_a_salt_that_could_change_the_hash() -> None:
    with pytest.raises(TemplateError, match="a salt is at most"):
        evaluated("'x' | password_hash('sha512', 'rounds=1$x')")


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_the_first_line_of_a_filters_documentation_says_what_it_returns(name: str) -> None:
    first, *details = (inspect.getdoc(FILTERS[name]) or "").splitlines()
    assert first.startswith(("Return ", "Not supported: "))
    assert first.endswith(".")
    assert details[:1] in ([], [""])


TAKES_UNDEFINED = ("mandatory", "type_debug")
"""Filters that accept an undefined value."""
STRICT = [name for name in PURE_FILTERS if name.split(".")[-1] not in TAKES_UNDEFINED]


@pytest.mark.parametrize("name", STRICT)
def test_no_filter_hides_an_undefined_variable(name: str) -> None:
    call = f"nope | {name}"
    for arguments in ("", "('a')", "('a', 'b')", "('a', 'b', 'c')"):
        with pytest.raises((TemplateError, TypeError)) as caught:
            evaluated(call + arguments)
        assert "'nope' is undefined" in str(caught.value)


@pytest.mark.parametrize(
    "name", ["combine", "ansible.builtin.combine", "community.general.json_query",
             "ansible.utils.ipaddr", "ansible.netcommon.ipaddr", "ipaddr", "json_query"]
)  # fmt: skip
def test_a_filter_has_a_short_and_a_full_name(name: str) -> None:
    assert name in FILTERS


@pytest.mark.parametrize(
    "call", ["'a' | random_mac", "100000000 | random", "range(99) | list | shuffle"]
)
def test_random_values_differ_between_two_renderings(call: str) -> None:
    template = environment().from_string("{{ " + call + " }}")
    if "'a'" in call:
        template = environment().from_string("{{ 'aa:bb' | random_mac }}")
    assert len({template.render() for _ in range(5)}) > 1


def test_the_time_is_read_in_every_rendering(monkeypatch: pytest.MonkeyPatch) -> None:
    template = environment().from_string("{{ '%Y' | strftime }}")
    monkeypatch.setattr("time.time", lambda: 0.0)
    assert template.render() in ("1970", "1969")
    monkeypatch.setattr("time.time", lambda: 1e9)
    assert template.render() == "2001"


def test_a_path_is_resolved_in_every_rendering(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = environment().from_string("{{ '$HERE/*' | expandvars | fileglob | length }}")
    monkeypatch.setenv("HERE", str(tmp_path))
    assert template.render() == "0"
    (tmp_path / "a").write_text("")
    assert template.render() == "1"


@pytest.mark.parametrize("name", ["to_json", "to_nice_json", "to_yaml", "to_nice_yaml"])
def test_subclasses_of_plain_types_are_converted_like_the_plain_types(name: str) -> None:
    class Text(str):
        __slots__ = ()

    class Number(int):
        pass

    subclasses = OrderedDict(a=Text("x"), b=Number(7), c=(1, 2), d={3: True, 4: None})
    plain_types = {"a": "x", "b": 7, "c": [1, 2], "d": {3: True, 4: None}}
    assert evaluated(f"value | {name}", value=subclasses) == evaluated(
        f"value | {name}", value=plain_types
    )


def test_a_value_that_occurs_twice_becomes_a_yaml_alias_as_in_ansible() -> None:
    shared = {"x": 1}
    text = evaluated("value | to_nice_yaml", value={"a": shared, "b": shared})
    assert text == "a: &id001\n    x: 1\nb: *id001\n"


def test_from_yaml_creates_neither_templates_nor_objects() -> None:
    found = evaluated("text | from_yaml", text="a: '{{ 7*7 }}'")
    assert found == {"a": "{{ 7*7 }}"}
    assert type(found["a"]) is str


@pytest.mark.parametrize(
    "expression",
    [
        "secret | from_json",
        "[secret] | items2dict",
        "secret | human_readable",
        "secret | dict2items",
        "{'a': secret} | to_nice_json(sort_keys=true, foo=1)",
        "[{'a': secret}] | subelements('b')",
        "[{'a': secret}] | rekey_on_member('b')",
    ],
)
def test_error_messages_contain_no_values_that_may_be_secret(expression: str) -> None:
    secret = "hunter2-" * 20
    with pytest.raises(TemplateError) as caught:
        evaluated(expression, secret=secret)
    assert "hunter2" not in str(caught.value)


def test_the_error_of_from_yaml_has_the_place_in_the_text() -> None:
    with pytest.raises(TemplateError, match=r"^from_yaml: the text:\d:\d: this is not YAML: "):
        evaluated("'a: [1' | from_yaml")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: !vault x", "the text:1:4: a value under !vault can't be decrypted here"),
        ("$ANSIBLE_VAULT;1.1;AES256\n33", "the text is encrypted by a vault"),
    ],
)
def test_from_yaml_refuses_encrypted_text(text: str, reason: str) -> None:
    with pytest.raises(TemplateError, match=reason):
        evaluated("text | from_yaml", text=text)


def test_combine_does_not_change_its_arguments() -> None:
    left, right = {"a": {"x": [1]}}, {"a": {"x": [2], "y": 1}}
    merged = evaluated("l | combine(r, recursive=true, list_merge='append')", l=left, r=right)
    assert merged == {"a": {"x": [1, 2], "y": 1}}
    assert left == {"a": {"x": [1]}}
    assert right == {"a": {"x": [2], "y": 1}}


def test_a_combinatorial_filter_refuses_too_many_results() -> None:
    with pytest.raises(TemplateError, match="more than 1000000 items"):
        evaluated("range(100) | list | product(repeat=9)", range=range)


def test_json_query_names_the_package_that_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "jmespath", None)
    with pytest.raises(TemplateError, match="pip install jmespath"):
        evaluated("{} | json_query('a')")


def test_json_query_returns_the_same_value_as_in_ansible() -> None:
    data = {"a": [{"b": 1, "n": "x"}, {"b": 2, "n": "y"}]}
    assert evaluated("data | json_query('a[*].b')", data=data) == [1, 2]
    assert evaluated("data | json_query('a[?n==`\"y\"`].b | [0]')", data=data) == 2
    assert evaluated("data | json_query('z')", data=data) is None
    with pytest.raises(TemplateError, match="the expression"):
        evaluated("data | json_query('a[')", data=data)
