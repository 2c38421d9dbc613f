"""Changes the inputs of a corpus at random, and checks what a target makes of them."""

from __future__ import annotations

import random
import resource
import signal
import time
import traceback
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"
HANG = 5
"""Seconds that one input may take."""
MEMORY = 512
"""MiB that the process may use."""
LONGEST = 4096

TOKENS = (
    b"\0", b"\n", b"\t", b" ", b"'", b'"', b"\\", b"{{", b"}}", b"{%", b"%}", b"|", b"[", b"]",
    b"{", b"}", b":", b": ", b"- ", b"&a ", b"*a", b"!vault ", b"!!python/object:x ", b"<<: ",
    b"---\n",
    b"#", b",", b"=", b"@", b"%", b"~", b"~nosuch/", b"-1", b"0", b"9" * 30, b"1e999", b"nan",
    b"null", b"true", b"\xff", b"\xc3\xa9", b"\xe2\x80\xae", b"\xef\xbb\xbf", b"\x1b[2J", b"$(id)",
    b"*", b"!", b"?", b"(", b")", b"..", b"\r", b"Include ", b"Match ", b"\xd9\xa3",
)  # fmt: skip


class Hang(Exception):
    """An input took longer than `HANG` seconds."""


@dataclass(frozen=True)
class Failure:
    """An input, and what it caused."""

    data: bytes
    reason: str


def corpus(target: str) -> list[bytes]:
    """Return the kept inputs of a target."""
    return [path.read_bytes() for path in sorted((CORPUS / target).iterdir())]


def changed(data: bytes, others: Sequence[bytes], source: random.Random) -> bytes:
    """Return `data` with one to four random changes."""
    result = bytearray(data)
    for _ in range(source.randint(1, 4)):
        at = source.randint(0, len(result))
        end = min(len(result), at + source.choice((0, 1, 1, 2, 5, 20)))
        choice = source.random()
        if choice < 0.5:
            result[at:end] = source.choice(TOKENS)
        elif choice < 0.65:
            result[at:end] = source.randbytes(1)
        elif choice < 0.8:
            other = source.choice(others)
            start = source.randint(0, len(other))
            result[at:end] = other[start : start + source.randint(0, 40)]
        elif choice < 0.9:
            result[at:at] = result[at : at + 30] * source.randint(1, 4)
        else:
            del result[at : at + source.randint(1, 30)]
    return bytes(result[:LONGEST])


def check(target: str, data: bytes) -> str:
    """Give the input to the target. Return what is wrong with the outcome, or ""."""
    signal.setitimer(signal.ITIMER_REAL, HANG)
    try:
        TARGETS[target].read(data)
    except TARGETS[target].allowed:
        return ""
    except Exception:
        return traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return ""


def megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def fuzz(target: str, seconds: float, most: int, seed: int) -> tuple[int, Failure | None]:
    """Try inputs up to the time or number. Return the count and the first failure."""

    def hang(_number: int, _frame: object) -> None:
        raise Hang

    old_handler = signal.signal(signal.SIGALRM, hang)
    warnings.simplefilter("ignore")
    source, kept, count = random.Random(seed), corpus(target), 0
    deadline = time.monotonic() + seconds
    try:
        while count < most and time.monotonic() < deadline:
            data = changed(source.choice(kept), kept, source)
            count += 1
            if reason := check(target, data):
                return count, Failure(data, reason)
            if count % 1000 == 0 and megabytes() > MEMORY:
                return count, Failure(data, f"{megabytes()} MiB of memory after this input")
        return count, None
    finally:
        signal.signal(signal.SIGALRM, old_handler)
