"""Text that a host sends is never evaluated, in any place of a playbook (texts: payloads.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.engine.payloads import MARK, payloads
from tests.engine.play_runner import PlayRunner, RunOutcome

READ = """
        - hosts: h1
          gather_facts: false
          vars: {mark: "{{ 40404040404040404040404 * 3 }}"}
          tasks:
            - {name: read, command: cat sent.json, args: {chdir: FOLDER}, register: raw}
            - {name: read as a file, slurp: {src: FOLDER/sent.json}, register: slurped}
            - set_fact: {got: "{{ raw.stdout | from_json }}"}
"""

USES = {
    "parsed": """
            - assert: {that: [got == known, slurped.content | b64decode | from_json == known]}
            - assert: {that: raw.stdout_lines | join | from_yaml | length == known | length}
            - debug: {msg: "{{ got }}"}
            - debug: {var: raw}
            - debug: msg="{{ got | to_yaml | from_yaml == known }} {{ got | to_nice_json }}"
""",
    "shown in loops": """
            - debug: {msg: "{{ item }}"}
              loop: "{{ got }}"
              loop_control: {label: "{{ item }}", index_var: n}
              register: looped
            - debug: {msg: "{{ item.msg }}"}
              loop: "{{ looped.results }}"
            - assert: {that: "looped.results | map(attribute='msg') | list == known"}
            - {debug: {msg: "{{ item }}"}, with_items: "{{ got }}"}
            - {debug: {msg: "{{ item.0 }} {{ item.1 }}"}, with_indexed_items: "{{ got }}"}
            - {name: "about {{ item }}", debug: {msg: x}, loop: "{{ got }}"}
            - {name: "about {{ got }}", debug: {msg: x}}
""",
    "in variables": """
            - debug: {msg: "{{ b }}"}
              loop: "{{ got }}"
              vars: {a: "{{ item }}", b: "{{ a }}", c: "{{ b ~ a }}"}
            - set_fact: {kept: "{{ kept | default([]) + [item] }}"}
              loop: "{{ got }}"
            - assert: {that: kept == known}
            - set_fact: {deep: {a: ["{{ got }}"]}}
            - debug: {msg: "{{ deep }} {{ vars.deep }} {{ lookup('vars', 'deep') }}"}
            - {set_fact: {"{{ item }}": 1}, loop: "{{ got }}", ignore_errors: true}
            - {set_fact: {others: "{{ got | difference(['mark']) }}"}}
            - set_fact: {x: "{{ lookup('vars', item) }}"}
              loop: "{{ others }}"
              ignore_errors: true
            - {debug: {msg: "{{ vars[item] | default('no') }}"}, loop: "{{ others }}"}
""",
    "as conditions": """
            - {debug: {msg: ran}, when: item is string, loop: "{{ got }}"}
            - {debug: {msg: ran}, when: item | bool, loop: "{{ got }}", ignore_errors: true}
            - {debug: {msg: ran}, when: "{{ item }}", loop: "{{ got }}", ignore_errors: true}
            - assert: {that: "{{ item }}", fail_msg: "{{ item }}", success_msg: "{{ item }}"}
              loop: "{{ got }}"
              ignore_errors: true
            - {assert: {that: ["{{ got }}"]}, ignore_errors: true}
            - debug: {msg: x}
              changed_when: "{{ item }}"
              failed_when: "{{ item }}"
              loop: "{{ got }}"
              ignore_errors: true
            - {debug: {var: "{{ item }}"}, loop: "{{ got }}", ignore_errors: true}
            - {fail: {msg: "{{ item }}"}, loop: "{{ got }}", ignore_errors: true}
            - {debug: {msg: x}, until: item, retries: 1, delay: 0, loop: "{{ got[:3] }}"}
""",
    "in lists that templates write": """
            - assert:
                that:
                  - single is string or (single | length == 1 and single[0] | length == 2)
                  - single is string or single[0].state == 'present'
                  - double is string or (double | length == 1 and double[0] | length == 2)
                  - double is string or double[0].state == 'present'
                  - alone is string or (alone | length == 2 and alone[1] == 'x')
                  - alone is string or alone[0] is not iterable or alone[0] is string
                  - "written == {'a': item, 'b': 1}"
              vars:
                single: "[{'state': 'present', 'name': '{{ item }}'}]"
                double: '[{"state": "present", "name": "{{ item }}"}]'
                alone: "[{{ item }}, 'x']"
                written: "{'a': {{ item | to_json }}, 'b': 1}"
              loop: "{{ got }}"
            - assert:
                that:
                  - all is string or all | length == got | length
                  - joined is string or joined | length == got | length
              vars:
                all: "[{% for x in got %}'{{ x }}',{% endfor %}]"
                joined: >-
                  ['{{ got | join("', '") }}']
""",
    "back to the host": """
            - command: {argv: "{{ ['printf', '%s='] + got }}"}
              register: echoed
            - assert: {that: "echoed.stdout == known | join('=') ~ '='"}
            - shell: printf %s "$TEXT"
              environment: {TEXT: "{{ got | join('=') }}"}
              register: echoed
            - assert: {that: "echoed.stdout == (known | join('=')).rstrip()"}
            - copy: {content: "{{ got | to_json }}", dest: FOLDER/copied}
            - template: {src: t.j2, dest: FOLDER/rendered}
            - command: cat FOLDER/copied
              register: copied
            - assert: {that: copied.stdout | from_json == known}
            - command: cat FOLDER/rendered
              register: rendered
            - assert: {that: "rendered.stdout | from_json == [known, known]"}
""",
    "by facts": """
            - setup: {gather_subset: ["!all", "!min", local], fact_path: FOLDER/facts.d}
            - assert: {that: ansible_local.sent.list == known}
            - debug: {msg: "{{ ansible_local }} {{ ansible_facts.ansible_local | default }}"}
            - debug: {msg: "{{ item.key }}{{ item.value }}"}
              with_dict: "{{ ansible_local.sent.keys_ }}"
            - debug: {var: ansible_local}
            - set_fact: {taken: "{{ got }}", cacheable: true}
              delegate_to: h2
              delegate_facts: true
            - {group_by: {key: "{{ item }}"}, loop: "{{ got }}", ignore_errors: true}
            - {add_host: {name: h2, groups: [more], sent: "{{ got }}"}}
        - hosts: h2
          gather_facts: false
          vars: {mark: "{{ 40404040404040404040404 * 3 }}"}
          tasks:
            - assert: {that: [hostvars.h1.got == known, taken == known, sent == known]}
            - debug: {msg: "{{ hostvars['h1'].ansible_local }} {{ groups }} {{ taken }}"}
            - {debug: {msg: "{{ item }}"}, loop: "{{ hostvars.h1.got }}"}
            - debug: {msg: "{{ groups.keys() | list }} {{ hostvars.h1.group_names }}"}
""",
}
"""Tasks that use the text in different ways, by the name of the way."""


def run(runner: PlayRunner, use: str, known: list[str]) -> RunOutcome:
    folder = runner.folder / "host"
    (folder / "facts.d").mkdir(parents=True)
    (folder / "sent.json").write_text(json.dumps(known))
    facts = {"list": known, "keys_": {text: text for text in known}}
    (folder / "facts.d/sent.fact").write_text(json.dumps(facts))
    runner.write("templates/mark.j2", "{{ mark }}")
    runner.write(
        "templates/t.j2", "[{{ got | to_json }}, {{ got | to_json | from_json | to_json }}]"
    )
    playbook = (READ + USES[use]).replace("FOLDER", str(folder))
    return runner.run(playbook, hosts=2, extra_vars={"known": known})


@pytest.mark.parametrize("use", USES)
def test_text_that_a_host_sends_is_never_evaluated(
    runner: PlayRunner, use: str, tmp_path: Path
) -> None:
    known = payloads(canary := tmp_path / "canary")
    assert len(known) >= 200
    assert not any(MARK in text for text in known)
    got = run(runner, use, known)
    assert (got.exit, failures(got)) == (0, [])
    assert not canary.exists()
    assert not [event for event in got.events if MARK in repr(event)]


def failures(got: RunOutcome) -> list[Any]:
    return [
        (event.task, event.message)
        for host in ("h1", "h2")
        for event in got.finished(host)
        if str(event.outcome) == "failed" and not (event.ignored or event.is_item)
    ]
