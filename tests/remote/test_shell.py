"""The host's shell runs a frame as a whole or not at all."""

from __future__ import annotations

import subprocess

import pytest

from provisioner.remote import shell

SHELLS = ["dash", "bash --posix", "busybox sh"]
SETUP = "{\nnonce=key\n_nl='\n'\n}\n"
TEXTS = {
    "plain": True,
    "": True,
    "it's\n\n  two $lines `id` \\n \\": True,
    "\tbetween tabs\t": True,
    "x" * 1900: True,
    "x" * 2100: False,
    "\x01\x7f\r": False,
    "é\udcff": False,
}
"""Whether a frame with the text is read line by line."""


def output_of(sh: str, sent: bytes) -> str:
    """Return the output of the remote loop for this input."""
    command = [*sh.split(), "-c", shell.LOOP]
    got = subprocess.run(command, input=sent, capture_output=True, timeout=300, check=False)
    return got.stdout.decode("utf-8", "surrogateescape")


def frame(text: str) -> bytes:
    return shell.framed(f"{{\nprintf '%s|' {shell.quote(text)}\n}}\n", "key")


@pytest.mark.parametrize("sh", SHELLS)
def test_frames_arrive_unchanged_and_in_order(sh: str) -> None:
    sent = shell.framed(SETUP, None) + b"".join(map(frame, TEXTS))
    assert output_of(sh, sent) == "".join(f"{text}|" for text in TEXTS)


@pytest.mark.parametrize("text", TEXTS)
def test_small_frames_of_plain_text_are_read_line_by_line(text: str) -> None:
    assert frame(text).split(b"\n")[0].endswith(b" key lines") == TEXTS[text]


@pytest.mark.parametrize("sh", SHELLS)
@pytest.mark.parametrize("text", ["plain", "é"])
def test_an_incomplete_frame_is_not_run(sh: str, text: str) -> None:
    whole = frame(text)
    for length in range(len(whole)):
        assert output_of(sh, shell.framed(SETUP, None) + whole[:length]) == ""


@pytest.mark.parametrize("sh", SHELLS)
@pytest.mark.parametrize("key", ["", "other", "key2", "KEY"])
def test_a_frame_without_the_sessions_nonce_ends_the_session(sh: str, key: str) -> None:
    forged = frame("plain").replace(b" key", b" " + key.encode())
    assert output_of(sh, shell.framed(SETUP, None) + forged + frame("plain")) == ""


@pytest.mark.parametrize(
    ("status", "words"), [(3, "exit 3"), (137, "signal 9, SIGKILL"), (153, "SIGXFSZ"), (255, "255")]
)
def test_the_report_tells_how_a_program_died(status: int, words: str) -> None:
    failed = shell.Report(status=status).failed
    assert failed is not None
    assert words in failed
