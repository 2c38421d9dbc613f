"""The lies of hostile servers: one table.

A lie begins `after` an event of the protocol. What its server sends then is in `sends`; an empty
`sends` swallows the client's message. Without `go_on` the server does nothing else afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.hostile.actions import (
    Action,
    close,
    drip,
    for_ever,
    go_on,
    mpint,
    new_keys,
    next_frame,
    number,
    packet,
    pause,
    plain,
    proposal,
    raw,
    repeat_answer,
    report,
    run_frame,
    silence,
    text,
    times,
)

CONNECTED, IDENTIFIED, FRAME = "connected", "identified", "frame"
"""Events that are no message: the TCP connection, the server's identification, the first frame."""
KEXINIT, KEX, NEWKEYS = 20, 30, 21
SERVICE, AUTH = 5, 50
OPEN, EXEC, DATA = 90, 98, 94

ESC = b"\x1b]0;owned\x07\x1b[31m\xc2\x9b2J\xe2\x80\xae"
"""Sequences that control a terminal, in 7 and 8 bits, and a change of the writing direction."""


@dataclass(frozen=True)
class Lie:
    """What a hostile server does, and what must come of it.

    `words`: each is in the reason of the host. `looks`: the lie concerns a look; then the host is
    `unreachable`, because nothing can have been changed.
    """

    name: str
    after: str | int
    sends: Sequence[Action]
    words: tuple[str, ...] = ()
    status: str = "unreachable"
    looks: bool = False


def _answer(*records: bytes) -> Action:
    """The answer of a frame whose only step reports these records."""
    whole = b"NONCE begin 0 77\0" + b"".join(records) + b"NONCE end 0 0\0NONCE frame\0"
    return report(whole)


def _output(data: bytes) -> bytes:
    return b"\x5e" + number(0) + text(data)


_LIST = b",".join(b"name-%d@example.com" % index for index in range(1500))
_JUNK = bytes(range(256)) * 64
_HOST_KEY = text(text(b"ssh-ed25519") + text(b"k" * 32))
_SIGNATURE = text(text(b"ssh-ed25519") + text(b"s" * 64))
_HUGE_KEY = text(text(b"ssh-rsa") + mpint(65537) + mpint((1 << 400_000) - 1))
_FAILED_KEX = "the key exchange with 127.0.0.1"
_BROKE = "the connection"

BEFORE_KEX = (
    Lie("closes at once", CONNECTED, (close,), ("closes the connection before its SSH banner",)),
    Lie("says nothing", CONNECTED, (silence,), ("sent no SSH banner within 30 s",)),
    Lie("a byte a second before the banner", CONNECTED, (drip(b"x"),), ("sent no SSH banner",)),
    Lie("a line a second before the banner", CONNECTED, (drip(b"x\r\n"),), ("sent no SSH banner",)),
    Lie("garbage in place of a banner", CONNECTED, (raw(_JUNK), close), ("not an SSH server",)),
    Lie("an endless line", CONNECTED, (for_ever(raw(_JUNK[:10] * 999)),), ("not an SSH server",)),
    Lie("endless lines", CONNECTED, (for_ever(raw(b"x\r\n" * 999)),), ("not an SSH server",)),
    Lie("a terminal's escapes", CONNECTED, (raw(ESC + b"\r\n"), close), ("not an SSH server",)),
    Lie("an old version", CONNECTED, (raw(b"SSH-1.5-old\r\n"),), (_FAILED_KEX,)),
    Lie("a version of 60 KB", CONNECTED, (raw(b"SSH-2.0-" + b"x" * 60_000 + b"\r\n"), close), ()),
    Lie("NULs", CONNECTED, (raw(b"\0" * 100_000), silence), ("not an SSH server",)),
)

IN_KEX = (
    Lie("closes after the banner", IDENTIFIED, (close,), (_FAILED_KEX,)),
    Lie("says nothing after the banner", IDENTIFIED, (silence,), ("more than 30 s",)),
    Lie("a byte a second after the banner", IDENTIFIED, (drip(b"\0"),), (_FAILED_KEX,)),
    Lie("garbage after the banner", IDENTIFIED, (raw(_JUNK[::-1]),), (_FAILED_KEX,)),
    Lie("a packet without a length", IDENTIFIED, (raw(plain(b"", length=0)),), (_FAILED_KEX,)),
    Lie("a packet of 4 GB", IDENTIFIED, (raw(plain(b"x", length=-1)),), (_FAILED_KEX,)),
    Lie("a packet of 60 KB", IDENTIFIED, (raw(plain(b"x" * 60_000)),), (_FAILED_KEX,)),
    Lie(
        "more padding than packet", IDENTIFIED, (raw(plain(b"\x14", padding=255)),), (_FAILED_KEX,)
    ),
    Lie("half a packet", IDENTIFIED, (raw(plain(proposal())[:50]), close), (_FAILED_KEX,)),
    Lie("half a packet and nothing", IDENTIFIED, (raw(plain(proposal())[:50]), silence), ("30 s",)),
    Lie("half a proposal", IDENTIFIED, (packet(proposal()[:30]),), (_FAILED_KEX,)),
    Lie("a proposal without lists", IDENTIFIED, (packet(b"\x14"),), (_FAILED_KEX,)),
    Lie(
        "lists of 4 GB",
        IDENTIFIED,
        (packet(b"\x14" + b"c" * 16 + number(-1) * 10),),
        (_FAILED_KEX,),
    ),
    Lie(
        "names that are no UTF-8", IDENTIFIED, (packet(proposal({0: b"\xff\xfe"})),), (_FAILED_KEX,)
    ),
    Lie("ciphers that are no UTF-8", IDENTIFIED, (packet(proposal({2: b"\x80"})),), (_FAILED_KEX,)),
    Lie(
        "languages that are no UTF-8", IDENTIFIED, (packet(proposal({9: b"\x80"})),), (_FAILED_KEX,)
    ),
    Lie("1,500 names", IDENTIFIED, (packet(proposal({0: _LIST})),), ("no common algorithm",)),
    Lie(
        "only commas", IDENTIFIED, (packet(proposal({2: b"," * 60_000})),), ("no common algorithm",)
    ),
    Lie("names with escapes", IDENTIFIED, (packet(proposal({3: ESC})),), ("no common algorithm",)),
    Lie("no names", IDENTIFIED, (packet(proposal(dict.fromkeys(range(10), b""))),), ("no common",)),
    Lie(
        "only compression",
        IDENTIFIED,
        (packet(proposal({6: b"zlib", 7: b"zlib"})),),
        ("no common",),
    ),
    Lie("two proposals", IDENTIFIED, (times(2, packet(proposal())),), (_FAILED_KEX,)),
    Lie(
        "a wrong guess",
        IDENTIFIED,
        (packet(proposal({0: b"x," + b"curve25519-sha256@libssh.org"}, b"\1")), packet(b"\x1f")),
        (_FAILED_KEX,),
    ),
    Lie("new keys first", IDENTIFIED, (packet(b"\x15"),), (_FAILED_KEX,)),
    Lie("output first", IDENTIFIED, (packet(_output(b"x")),), (_FAILED_KEX,)),
    Lie("success first", IDENTIFIED, (packet(b"\x34"),), (_FAILED_KEX,)),
    Lie("a flood of ignore", IDENTIFIED, (for_ever(packet(b"\2", text(b""))),), (_FAILED_KEX,)),
    Lie("a flood of debug", IDENTIFIED, (for_ever(packet(b"\4\1", text(ESC), text(b""))),), ()),
    Lie("a flood of unimplemented", IDENTIFIED, (for_ever(packet(b"\3", number(0))),), ()),
    Lie(
        "a farewell with escapes",
        IDENTIFIED,
        (packet(b"\1", number(2), text(ESC + b"bye" * 99_9), text(b"")),),
        (_FAILED_KEX, "bye"),
    ),
    Lie("a farewell without a text", IDENTIFIED, (packet(b"\1"), close), (_FAILED_KEX,)),
    Lie("closes in the key exchange", KEX, (close,), (_FAILED_KEX,)),
    Lie("says nothing in the key exchange", KEX, (silence,), ("more than 30 s",)),
    Lie("an empty key", KEX, (packet(b"\x1f", _HOST_KEY, text(b""), _SIGNATURE),), (_FAILED_KEX,)),
    Lie(
        "a point of low order",
        KEX,
        (packet(b"\x1f", _HOST_KEY, text(b"\0" * 32), _SIGNATURE),),
        (_FAILED_KEX,),
    ),
    Lie(
        "a wrong signature",
        KEX,
        (packet(b"\x1f", _HOST_KEY, text(b"\x09" + b"\0" * 31), _SIGNATURE),),
        (_FAILED_KEX,),
    ),
    Lie(
        "a host key of a strange type",
        KEX,
        (packet(b"\x1f", text(text(b"\xff\xfe")), text(b"\x09" + b"\0" * 31), _SIGNATURE),),
        (_FAILED_KEX,),
    ),
    Lie(
        "an RSA key of 50 KB",
        KEX,
        (packet(b"\x1f", text(_HUGE_KEY), text(b"\x09" + b"\0" * 31), _SIGNATURE),),
        (_FAILED_KEX,),
    ),
    Lie("half a reply", KEX, (packet(b"\x1f", _HOST_KEY[:20]),), (_FAILED_KEX,)),
    Lie("keys without a reply", KEX, (packet(b"\x15"),), (_FAILED_KEX,)),
    *(
        Lie(
            f"Diffie-Hellman with f = {name}",
            IDENTIFIED,
            (
                packet(proposal({0: b"diffie-hellman-group14-sha256"})),
                packet(b"\x1f", _HOST_KEY, value, _SIGNATURE),
            ),
            (_FAILED_KEX,),
        )
        for name, value in {
            "0": mpint(0),
            "1": mpint(1),
            "-1": mpint(-1),
            "2^400000": mpint(1 << 400_000),
            "nothing": b"",
        }.items()
    ),
    *(
        Lie(
            f"a group with {name}",
            IDENTIFIED,
            (
                packet(proposal({0: b"diffie-hellman-group-exchange-sha256"})),
                packet(b"\x1f", value),
            ),
            (_FAILED_KEX,),
        )
        for name, value in {
            "p = 0": mpint(0) + mpint(2),
            "p = -2^2048": mpint(-(1 << 2048)) + mpint(2),
            "p = 23": mpint(23) + mpint(2),
            "p = 2^2048": mpint(1 << 2048) + mpint(2),
            "g = 1": mpint((1 << 2048) - 1) + mpint(1),
            "g = -1": mpint((1 << 2048) - 1) + mpint(-1),
            "p of 50 KB": mpint((1 << 400_000) - 1) + mpint(2),
        }.items()
    ),
)

IN_LOGIN = (
    Lie("garbage after the key exchange", NEWKEYS, (raw(_JUNK),), ("authentication",)),
    Lie(
        "zeros after the key exchange", NEWKEYS, (raw(b"\0" * 99_999), silence), ("authentication",)
    ),
    Lie("closes after the key exchange", NEWKEYS, (close,), ("authentication",)),
    Lie("login never answered", SERVICE, (), ("took more than 30 s",)),
    Lie("closes in the login", AUTH, (close,), ("authentication",)),
    Lie("a request never answered", AUTH, (), ("took more than 30 s",)),
    Lie("methods that are no UTF-8", AUTH, (packet(b"\x33", text(b"\xff,\xfe"), b"\0"),), ()),
    Lie("methods of 1 MB", AUTH, (packet(b"\x33", text(b"m," * 500_000), b"\0"),), ()),
    Lie("methods with escapes", AUTH, (packet(b"\x33", text(ESC), b"\0"),), ("authentication",)),
    Lie(
        "partial success for ever",
        AUTH,
        (packet(b"\x33", text(b"publickey,password"), b"\1"),),
        ("authentication failed",),
    ),
    Lie("refusals without end", AUTH, (for_ever(packet(b"\x33", text(b"x"), b"\0")),), ()),
    Lie("4 billion questions", AUTH, (packet(b"\x3c", text(b"") * 3, number(-1)),), ()),
    Lie("half a refusal", AUTH, (packet(b"\x33"),), ("authentication",)),
    Lie(
        "an endless login banner",
        AUTH,
        (for_ever(packet(b"\x35", text(b"x" * 999_999), text(b""))),),
        ("before the login is done",),
    ),
    Lie(
        "a login banner of 1 MB",
        AUTH,
        (packet(b"\x35", text(b"x" * 999_999), text(b"")), go_on),
        status="changed",
    ),
    Lie(
        "a login banner a second", AUTH, (for_ever(packet(b"\x35", text(ESC), b""), pause(1)),), ()
    ),
    Lie("a packet of 3 MB", AUTH, (packet(b"\x35", text(b"x" * 3_000_000)),), ()),
    Lie("a farewell in the login", AUTH, (packet(b"\1", number(2), text(ESC + b"bye")),), ("bye",)),
    Lie("4 billion extensions", AUTH, (packet(b"\7", number(-1)), go_on), ("extensions",)),
    Lie(
        "extensions that are no UTF-8",
        NEWKEYS,
        (go_on, packet(b"\7", number(1), text(b"server-sig-algs"), text(b"\xff\xfe"))),
        status="changed",
    ),
    Lie("success twice", AUTH, (times(2, packet(b"\x34")),), ()),
    Lie("messages of unknown numbers", AUTH, (for_ever(packet(b"\xfa")),), ()),
    Lie("empty packets", AUTH, (for_ever(packet(b"")),), ()),
    Lie("key exchanges without end", NEWKEYS, (new_keys, go_on), ()),
)

IN_CHANNEL = (
    Lie(
        "no channel",
        OPEN,
        (packet(b"\x5c", number(0), number(1), text(ESC), b""),),
        ("allows no further session",),
    ),
    Lie("a channel never answered", OPEN, (), ()),
    Lie("closes at the channel", OPEN, (close,), (_BROKE,)),
    Lie("another channel", OPEN, (packet(b"\x5b", number(99), number(0) * 3),), (_BROKE,)),
    Lie("a channel twice", OPEN, (times(2, packet(b"\x5b", number(0) * 2, number(9) * 2)),), ()),
    Lie("a channel without a window", OPEN, (packet(b"\x5b", number(0) * 2, number(0) * 2),), ()),
    Lie("half an answer", OPEN, (packet(b"\x5b", number(0)),), (_BROKE,)),
    Lie("no command", EXEC, (packet(b"\x64", number(0)),), ()),
    Lie("closes at the command", EXEC, (close,), (_BROKE,)),
    Lie("a command never answered", EXEC, (), ()),
    Lie("an end at once", EXEC, (packet(b"\x60", number(0)),), ()),
    Lie("a closed channel", EXEC, (packet(b"\x61", number(0)),), ()),
    Lie(
        "an exit status and nothing else",
        EXEC,
        (packet(b"\x62", number(0), text(b"exit-status"), b"\0", number(-1)),),
    ),
    Lie(
        "an exit signal",
        EXEC,
        (
            packet(b"\x62", number(0), text(b"exit-signal"), b"\0", text(ESC), b"\0", text(ESC)),
            packet(b"\x60", number(0)),
            packet(b"\x61", number(0)),
        ),
    ),
    Lie(
        "output of a strange kind",
        EXEC,
        (for_ever(packet(b"\x5f", number(0), number(7), text(b"x" * 9999))),),
        (),
    ),
    Lie(
        "output for another channel",
        EXEC,
        (for_ever(packet(b"\x5e", number(99), text(b"x"))),),
        (_BROKE,),
    ),
    Lie(
        "output without regard to the window", EXEC, (for_ever(packet(_output(b"x" * 32_000))),), ()
    ),
    Lie("output with a false length", EXEC, (packet(b"\x5e", number(0), number(-1), b"x"),), ()),
    Lie("single bytes of output", EXEC, (for_ever(packet(_output(b"x"))),), ()),
    Lie(
        "windows without end", EXEC, (for_ever(packet(b"\x5d", number(0), number(-1))),), (_BROKE,)
    ),
    Lie(
        "channels without end",
        EXEC,
        (for_ever(packet(b"\x5a", text(b"x11"), number(1), number(9) * 2)),),
        (_BROKE,),
    ),
    Lie("requests without end", EXEC, (for_ever(packet(b"\x50", text(ESC), b"\1")),), (_BROKE,)),
    Lie(
        "requests of the channel without end",
        EXEC,
        (for_ever(packet(b"\x62", number(0), text(b"pty-req"), b"\1")),),
        (_BROKE,),
    ),
    Lie("ignore without end", EXEC, (for_ever(packet(b"\2", text(b"x" * 999))),), (_BROKE,)),
    Lie("debug without end", EXEC, (for_ever(packet(b"\4\1", text(ESC), b"")),), (_BROKE,)),
    Lie("a key exchange that stops", EXEC, (packet(proposal()),), ()),
    Lie("half a key exchange again and again", EXEC, (for_ever(packet(proposal())),), ()),
    Lie(
        "a farewell at the command",
        EXEC,
        (packet(b"\1", number(11), text(ESC + b"bye")),),
        ("bye",),
    ),
    Lie("the login again", EXEC, (packet(b"\x34"), packet(b"\x33", text(b""), b"\0")), ()),
)

IN_ANSWER = (
    Lie("noise in place of an answer", FRAME, (for_ever(report(b"x" * 9999)),), ("16 MiB",)),
    Lie("noise now and then", FRAME, (for_ever(report(b"x"), pause(1)),), ("did not answer",)),
    Lie("no answer", FRAME, (), ("did not answer within 30 s",)),
    Lie("ends without an answer", FRAME, (report(ESC + b"no\n"), packet(b"\x60", number(0))), ()),
    Lie(
        "a process id that is no number",
        FRAME,
        (report(b"NONCE begin 0 x\0"),),
        ("process id",),
        "unknown",
    ),
    Lie(
        "a process id without end",
        FRAME,
        (report(b"NONCE begin 0 " + b"9" * 5000),),
        ("process id",),
        "unknown",
    ),
    Lie(
        "an old begin",
        FRAME,
        (report(b"NONCE begin 1 7\0NONCE end 1 0\0NONCE frame\0"),),
        (),
        "unknown",
    ),
    Lie("no task", FRAME, (report(b"NONCE frame\0"),), (), "unknown"),
)

IN_REPORT = tuple(
    Lie(name, FRAME, (_answer(sent),), words, "unknown")
    for name, sent, words in (
        ("an exit status that is a word", b"rc=abc\0done=\0", ("exit status",)),
        ("an exit status of 5,000 digits", b"rc=" + b"1" * 5000 + b"\0", ("exit status",)),
        ("an exit status in other digits", "rc=٣\0".encode(), ("exit status",)),
        ("a key that is not ASCII", "#stdöut 1 1\0x".encode(), ("malformed",)),
        ("lengths that are words", b"#stdout x y\0", ("no valid length",)),
        ("negative lengths", b"#stdout -50 -50\0", ("no valid length",)),
        ("a length without a key", b"#\0", ("no valid length",)),
        ("a huge length", b"#stdout 99999999999 99999999999\0", ("more than 24 MiB",)),
        ("more than the total", b"#stdout 50 5\0" + b"x" * 50, ("more bytes than its total",)),
        ("a request for the end", b"want=10 -1\0", ("request for content",)),
        ("a request for what is not there", b"want=10 3\0", ("request for content",)),
        ("a request of 5,000 digits", b"want=" + b"9" * 5000 + b"\0", ("request for content",)),
        ("a refused lock", b"lock_held=1 2 3 4 5 6\0", ("lock",)),
        ("another machine's lock", b"lock_twin=good1\0", ("lock",)),
        ("a key with escapes", b"#" + ESC + b" 1 1\0x", ("malformed",)),
    )
)

IN_END = (
    Lie(
        "an end status that is no number",
        FRAME,
        (report(b"NONCE begin 0 7\0done=\0NONCE end 0 x\0"),),
        ("exit status",),
        "unknown",
    ),
    Lie(
        "an end status of 300",
        FRAME,
        (report(b"NONCE begin 0 7\0done=\0NONCE end 0 300\0"),),
        ("exit status",),
        "unknown",
    ),
    Lie(
        "a report that stops",
        FRAME,
        (report(b"NONCE begin 0 7\0#stdout 50 50\0x"),),
        ("unfinished record",),
        "unknown",
    ),
    Lie(
        "a record that stops",
        FRAME,
        (report(b"NONCE begin 0 7\0stdout=x"),),
        ("unfinished record",),
        "unknown",
    ),
    Lie(
        "a record a byte a second",
        FRAME,
        (report(b"NONCE begin 0 7\0stdout="), for_ever(report(b"x"), pause(1))),
        ("unfinished record",),
        "unknown",
    ),
    Lie(
        "a session that ends in a report",
        FRAME,
        (report(b"NONCE begin 0 7\0#stdout 50 50\0x"), packet(b"\x60", number(0))),
        ("closed the session",),
        "unknown",
    ),
    Lie(
        "a connection that ends in a report",
        FRAME,
        (report(b"NONCE begin 0 7\0#stdout 50 50\0x"), close),
        (_BROKE,),
        "unknown",
    ),
    Lie(
        "records without end",
        FRAME,
        (report(b"NONCE begin 0 7\0"), for_ever(report(b"changed=x\0" * 999))),
        ("more than 24 MiB",),
        "unknown",
    ),
    Lie(
        "empty records without end",
        FRAME,
        (report(b"NONCE begin 0 7\0"), for_ever(report(b"\0" * 9999))),
        ("more than 24 MiB",),
        "unknown",
    ),
    Lie(
        "a record without end",
        FRAME,
        (report(b"NONCE begin 0 7\0"), for_ever(report(b"x" * 9999))),
        ("more than 24 MiB",),
        "unknown",
    ),
    Lie(
        "a value without end",
        FRAME,
        (report(b"NONCE begin 0 7\0#stdout m\0"), for_ever(report(b"x" * 9999))),
        ("more than 24 MiB",),
        "unknown",
    ),
    Lie(
        "a report without a task",
        FRAME,
        (report(b"NONCE begin 0 7\0NONCE end 0 0\0NONCE frame\0"),),
        (),
        "failed",
    ),
    Lie(
        "an end in a report, twice",
        FRAME,
        (run_frame, next_frame, report(b"NONCE end 0 0\0NONCE frame\0NONCE frame\0")),
        (),
        "unknown",
    ),
    Lie(
        "the report before again",
        FRAME,
        (run_frame, next_frame, repeat_answer, repeat_answer, close),
        (),
        "changed",
    ),
    Lie(
        "another session's nonce",
        FRAME,
        (report(b"a" * 32 + b" begin 0 7\0" + b"a" * 32 + b" frame\0"),),
        ("did not answer",),
    ),
    Lie("escapes in all texts", FRAME, (_answer(b"failed=" + ESC + b"\0"),), (), "failed"),
    Lie(
        "a look without an end",
        FRAME,
        (report(b"NONCE begin 0 7\0#a 9 9\0x"),),
        ("unfinished record",),
        looks=True,
    ),
    Lie(
        "a look with a huge number",
        FRAME,
        (_answer(b"stat=" + b"9" * 5000 + b"\0done=\0"),),
        (),
        looks=True,
    ),
)

LIES = (*BEFORE_KEX, *IN_KEX, *IN_LOGIN, *IN_CHANNEL, *IN_ANSWER, *IN_REPORT, *IN_END)
