"""Each spelling of a secret is masked, in each field of each event."""

from __future__ import annotations

import base64
import json
import shlex
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.events import (
    Event,
    HostFinished,
    HostSummary,
    Notice,
    PlayStarted,
    RunFinished,
    RunStarted,
    Status,
    TaskFinished,
    TaskRetried,
    TaskStarted,
)
from provisioner.reporters.redactor import MASK, Redactor
from provisioner.result import Diff, Outcome
from tests.reporters.examples import task

SECRETS = (
    "hunter2-canary",
    "pä$$ 'w\"rd\\/+&=%é",
    "tab\tand\nnewline",
    "日本語のパスワード",
    "x9!k",
)


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


SPELLINGS: dict[str, Callable[[str], str]] = {
    "raw": lambda secret: f"password={secret};",
    "json": lambda secret: json.dumps({"password": secret}),
    "json unicode": lambda secret: json.dumps({"password": secret}, ensure_ascii=False),
    "python": lambda secret: repr({"password": secret}),
    "shell": lambda secret: f"echo {shlex.quote(secret)}",
    "shell inside quotes": lambda secret: "echo '" + secret.replace("'", r"'\''") + "'",
    "url": lambda secret: f"https://u:{quote(secret, '')}@host/",
    "url path": lambda secret: f"https://host/{quote(secret)}",
    "url lower": lambda secret: (
        quote(secret, "").lower() if secret.islower() else quote(secret, "")
    ),
    "form": lambda secret: f"p={quote_plus(secret)}",
    "base64": lambda secret: f"{b64(secret)}",
    "base64 newline": lambda secret: f"{b64(secret + chr(10))}",
    "twice": lambda secret: f"{secret}{secret}",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_masked_in_every_spelling(secret: str, spelling: str) -> None:
    text = SPELLINGS[spelling](secret)
    masked = Redactor([secret]).text(text)
    assert MASK in masked
    for form in {
        secret,
        json.dumps(secret)[1:-1],
        shlex.quote(secret),
        b64(secret),
        quote(secret, ""),
    }:
        assert form not in masked


@pytest.mark.parametrize("before", ["", "u", "us", "usr", "user:"])
@pytest.mark.parametrize("after", ["", "1", "22"])
def test_a_secret_inside_a_longer_base64_text_cannot_be_decoded(before: str, after: str) -> None:
    masked = Redactor(["correct horse"]).text(f"Basic {b64(f'{before}correct horse{after}')}")
    unmasked = masked.removeprefix("Basic ").replace(MASK, "")
    assert MASK in masked
    # Only the digits of the text before and after stay, with at most four bits of the secret.
    assert len(unmasked) <= 4 * (len(before) + len(after)) / 3 + 2


FIELDS: dict[str, Callable[[Any], Event]] = {
    "message": lambda text: task(message=text),
    "hint": lambda text: task(hint=text),
    "task name": lambda text: task(task=text),
    "play name": lambda text: PlayStarted(text, ("web1",), "x:1", 1),
    "stdout": lambda text: task(stdout=text),
    "stderr": lambda text: task(stderr=text),
    "changes": lambda text: task(changes=("x", text)),
    "diff": lambda text: task(diff=(Diff("", text, text, text),)),
    "item": lambda text: task(item=text),
    "item deep": lambda text: task(item={"users": [("bob", {text: {text}})]}),
    "returns": lambda text: task(returns={"invocation": {"args": [text]}}),
    "shown": lambda text: task(shown=[text]),
    "retry": lambda text: TaskRetried("p", text, "web1", 1, 2, text),
    "task started": lambda text: TaskStarted("p", text, "web1", 1),
    "host finished": lambda text: HostFinished("web1", HostSummary(Status.OK, notes=(text,)), text),
    "notice": lambda text: Notice(text, text),
    "run finished": lambda text: RunFinished({"web1": HostSummary(Status.OK, notes=(text,))}, 0),
    "run started": lambda text: RunStarted(text, (text,), ("web1",)),
}


@pytest.mark.parametrize("field", FIELDS)
def test_a_secret_is_masked_in_every_field(field: str) -> None:
    event = FIELDS[field]("see hunter2-canary here")
    masked = repr(Redactor(["hunter2-canary"]).redact(event))
    assert "canary" not in masked
    assert f"see {MASK} here" in masked


def test_without_secrets_the_same_event_is_returned() -> None:
    event = task(stdout="x")
    assert Redactor().redact(event) is event


def test_an_event_without_the_secret_stays_equal() -> None:
    event = task(stdout="x", returns={"a": [1, 2.5, None, True]}, diff=(Diff("a", "b"),))
    assert Redactor(["hunter2-canary"]).redact(event) == event


def test_outcomes_module_names_and_host_names_are_not_masked() -> None:
    redactor = Redactor(["changed", "yum", "web1", "yumm"])
    event = task("web1", Outcome.CHANGED)
    assert redactor.redact(event) == event
    end = RunFinished({"web1": HostSummary(Status.CHANGED)}, 0)
    assert redactor.redact(end) == end


@pytest.mark.parametrize(
    ("text", "expected"),
    [("abc", MASK), ("abc\n", MASK), (" abc", MASK), ("abcd", "abcd"), ("x abc y", "x abc y")],
)
def test_a_short_secret_is_masked_only_as_a_whole_value(text: str, expected: str) -> None:
    assert Redactor(["abc"]).text(text) == expected


def test_common_words_from_a_vault_are_not_masked_in_texts() -> None:
    redactor = Redactor(["true", "present"])
    assert redactor.text("state is present: true") == "state is present: true"


def test_a_number_is_masked_where_it_is_the_secret() -> None:
    event = Redactor([123456]).redact(task(returns={"pin": 123456, "uid": 1000}))
    assert event.returns == {"pin": MASK, "uid": 1000}


def test_booleans_null_and_empty_text_are_not_secrets() -> None:
    redactor = Redactor([True, None, ""])
    assert redactor.text("True None") == "True None"


def test_the_longest_of_nested_secrets_is_masked_first() -> None:
    assert Redactor(["pass", "password1"]).text("password1!") == f"{MASK}!"


def test_each_value_inside_a_vaulted_structure_is_a_secret() -> None:
    redactor = Redactor([{"db": {"password": "s3cret!"}, "keys": ["first-key", b"other-key"]}])
    assert redactor.text("s3cret! first-key other-key db") == f"{MASK} {MASK} {MASK} db"


def test_each_line_of_a_key_is_masked() -> None:
    key = "-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA\nq8Zc0nqo1xUR\n-----END KEY-----\n"
    masked = Redactor([key]).text(
        "+    MIIEpAIBAAKCAQEA\n+    q8Zc0nqo1xUR\n+    -----END KEY-----"
    )
    assert masked == f"+    {MASK}\n+    {MASK}\n+    -----END KEY-----"


def test_bytes_that_are_not_utf8_can_be_secret() -> None:
    assert Redactor([b"\xff\xfe-key"]).text("a \udcff\udcfe-key b") == f"a {MASK} b"


def test_a_structure_that_contains_itself_is_masked() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert MASK in repr(Redactor(["secret"]).redact(task(returns={"x": endless})))


def test_secrets_can_be_added_from_several_threads() -> None:
    redactor = Redactor()

    def add(start: int) -> None:
        for number in range(start, start + 50):
            redactor.add(f"secret-{number}-value")

    threads = [threading.Thread(target=add, args=(start,)) for start in range(0, 400, 50)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        redactor.text("secret-1-value")
    for thread in threads:
        thread.join()
    assert all(redactor.text(f"secret-{number}-value") == MASK for number in range(400))


def test_eight_megabytes_are_redacted_completely() -> None:
    redactor = Redactor([f"secret-number-{number}!" for number in range(50)])
    event = task(stdout=("x" * 79 + "\n") * 100_000 + "secret-number-7!")
    masked = redactor.redact(event)
    assert isinstance(masked, TaskFinished)
    assert (masked.stdout or "").endswith(MASK)


@given(st.text(min_size=4).filter(lambda text: len(text.strip()) >= 4), st.text(), st.text())
def test_a_secret_is_masked_between_any_texts(secret: str, before: str, after: str) -> None:
    redactor = Redactor([secret])
    if secret.lower() in {"true", "false", "none", "null"}:
        return
    masked = redactor.redact(replace(task(), stdout=f"{before}\n{secret}\n{after}"))
    assert secret not in (masked.stdout or "").replace(MASK, "\0")
