"""known_hosts files: look-ups, verdicts on keys, and additions by several processes."""

from __future__ import annotations

import base64
import multiprocessing
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from provisioner.remote.ssh import known_hosts
from provisioner.remote.ssh.known_hosts import HostKey, KnownHostsFiles, Verdict
from tests.remote.sshd import keygen

ED, EC, RSA = "ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"


def key(content: str, kind: str = ED) -> HostKey:
    return HostKey(kind, content.encode())


def line(names: str, content: str, kind: str = ED, marker: str = "") -> str:
    encoded = base64.b64encode(content.encode()).decode()
    return f"{marker} {names} {kind} {encoded} a comment\n".lstrip()


def check(text: str, shown: HostKey, folder: Path, host: str = "web1", port: int = 22) -> Verdict:
    path = folder / "known_hosts"
    path.write_text(text)
    return KnownHostsFiles((str(path),)).entries_for(host, port).check(shown).verdict


@pytest.mark.parametrize(
    ("text", "port", "verdict"),
    [
        ("", 22, Verdict.UNKNOWN),
        (line("web1", "a"), 22, Verdict.KNOWN),
        (line("WEB1", "a"), 22, Verdict.KNOWN),
        (line("10.0.0.1,web1", "a"), 22, Verdict.KNOWN),
        (line("web1", "b"), 22, Verdict.CHANGED),
        (line("web1", "b") + line("web1", "a"), 22, Verdict.KNOWN),
        (line("web1", "b", RSA), 22, Verdict.CHANGED),
        (line("web2", "b"), 22, Verdict.UNKNOWN),
        (line("[web1]:2222", "a"), 2222, Verdict.KNOWN),
        (line("[web1]:2222", "b"), 22, Verdict.UNKNOWN),
        (line("web1", "a"), 2222, Verdict.KNOWN),
        (line("web1", "b"), 2222, Verdict.UNKNOWN),
        (line("web*", "a"), 22, Verdict.KNOWN),
        (line("web?,!web1", "a"), 22, Verdict.UNKNOWN),
        (line("[web*]:*", "a"), 2222, Verdict.KNOWN),
        (line("web1", "a", marker="@revoked"), 22, Verdict.REVOKED),
        (line("*", "a", marker="@revoked") + line("web1", "a"), 22, Verdict.REVOKED),
        (line("*", "b", marker="@revoked") + line("web1", "a"), 22, Verdict.KNOWN),
        (line("*", "b", marker="@cert-authority"), 22, Verdict.UNKNOWN),
        ("# web1 comment\n\nweb1\nweb1 ssh-ed25519\n|1|x web1\n|1|!|! t k\n", 22, Verdict.UNKNOWN),
        ("web1 ssh-ed25519 not*base64\n", 22, Verdict.CHANGED),
        (
            "\udcff\udcfe garbage here\n".encode(errors="surrogateescape").decode("latin-1")
            + line("web1", "a"),
            22,
            Verdict.KNOWN,
        ),
    ],
)
def test_the_verdict_on_a_key(tmp_path: Path, text: str, port: int, verdict: Verdict) -> None:
    assert check(text, key("a"), tmp_path, port=port) is verdict


def test_an_ipv6_address_is_written_in_brackets_only_with_a_port(tmp_path: Path) -> None:
    assert check(line("::1", "a"), key("a"), tmp_path, "::1") is Verdict.KNOWN
    known_hosts.forget()
    assert check(line("[::1]:2222", "a"), key("a"), tmp_path, "::1", 2222) is Verdict.KNOWN
    known_hosts.forget()
    text = line("fe80::1%eth0", "a")
    assert check(text, key("a"), tmp_path, "fe80::1%eth0") is Verdict.KNOWN


def test_the_reported_line_has_a_key_of_the_same_type(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(line("web1", "x", RSA) + line("web1", "b"))
    entry = KnownHostsFiles((str(path),)).entries_for("web1", 22).check(key("a")).entry
    assert str(entry.place if entry else "") == f"{path}:2"


def test_key_types_are_in_order_of_preference_and_rsa_has_sha2_algorithms(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(line("web1", "a", RSA) + line("web1", "b", EC) + line("web1", "c"))
    types = KnownHostsFiles((str(path),)).entries_for("web1", 22).key_types
    assert types == (ED, EC, RSA)
    assert known_hosts.algorithms(types) == (ED, EC, "rsa-sha2-512", "rsa-sha2-256")


def test_files_hashed_by_ssh_keygen_are_read(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    kind, encoded = Path(f"{keygen(tmp_path / 'k')}.pub").read_text().split()[:2]
    path.write_text(f"web1 {kind} {encoded}\n[web2]:2222 {kind} {encoded}\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(path)], check=True, capture_output=True)
    assert [text[:3] for text in path.read_text().splitlines()] == ["|1|"] * 2
    known, shown = KnownHostsFiles((str(path),)), HostKey(kind, base64.b64decode(encoded))
    assert known.entries_for("web1", 22).check(shown).verdict is Verdict.KNOWN
    assert known.entries_for("web2", 2222).check(shown).verdict is Verdict.KNOWN
    assert known.entries_for("web3", 22).check(shown).verdict is Verdict.UNKNOWN


def test_fingerprints_are_equal_to_those_of_ssh_keygen(tmp_path: Path) -> None:
    path = keygen(tmp_path / "k", "ecdsa")
    listed = subprocess.run(["ssh-keygen", "-lf", str(path)], capture_output=True, text=True)
    kind, encoded = Path(f"{path}.pub").read_text().split()[:2]
    assert listed.stdout.split()[1] == HostKey(kind, base64.b64decode(encoded)).fingerprint


def test_a_key_is_added_once_and_after_a_line_without_a_line_end(tmp_path: Path) -> None:
    path = tmp_path / "new" / "known_hosts"
    path.parent.mkdir()
    path.write_text(line("web1", "a").rstrip("\n"))
    known = KnownHostsFiles((str(path),))
    for _ in range(2):
        assert known.add("web2", 2222, key("b")).verdict is Verdict.KNOWN
    assert path.read_text().splitlines()[1:] == [f"[web2]:2222 {ED} {key('b').base64}"]
    assert known.add("web1", 22, key("other")).verdict is Verdict.CHANGED
    known_hosts.forget()
    assert known.entries_for("web2", 2222).check(key("b")).verdict is Verdict.KNOWN


def test_an_added_key_has_the_right_line_number(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_text("# no newline at the end")
    known = KnownHostsFiles((str(path),))
    known.add("web1", 22, key("a"))
    entry = known.entries_for("web1", 22).check(key("b")).entry
    assert str(entry.place if entry else "") == f"{path}:2"


def test_keys_that_other_processes_have_added_are_found(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    known = KnownHostsFiles((str(path),))
    assert known.entries_for("web1", 22).check(key("a")).verdict is Verdict.UNKNOWN
    path.write_text(line("web1", "other"))
    assert known.add("web1", 22, key("a")).verdict is Verdict.CHANGED


def add_many(path: str, start: int) -> list[str]:
    known = KnownHostsFiles((path,))
    findings = [
        known.add(f"h{n}", 22, key(f"key {n}"), hashed=n % 2 == 0) for n in range(start, 60)
    ]
    return [finding.verdict.value for finding in findings]


def test_parallel_additions_lose_no_key_and_add_none_twice(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    context = multiprocessing.get_context("spawn")
    with context.Pool(3) as processes, ThreadPoolExecutor(4) as threads:
        waiting = [processes.apply_async(add_many, (str(path), start)) for start in (0, 10, 20)]
        verdicts = list(threads.map(add_many, [str(path)] * 4, [0, 5, 10, 15]))
        verdicts += [result.get(60) for result in waiting]
    assert {verdict for each in verdicts for verdict in each} == {"known"}
    lines = path.read_text().splitlines()
    assert len(lines) == 60
    assert len({text.split()[2] for text in lines}) == 60
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "known_hosts").mkdir()
    with pytest.raises(OSError, match="directory"):
        KnownHostsFiles((str(tmp_path / "known_hosts"),)).add("web1", 22, key("a"))


def test_a_large_file_is_read_once_for_all_hosts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "known_hosts"
    path.write_text("".join(line(f"h{number}", f"k{number}") for number in range(5_000)))
    reads: list[str] = []
    real = known_hosts._read

    def read(name: str) -> known_hosts._File:
        reads.append(name)
        return real(name)

    monkeypatch.setattr(known_hosts, "_read", read)
    known = KnownHostsFiles((str(path),))
    for number in range(5_000):
        shown = key(f"k{number}")
        assert known.entries_for(f"h{number}", 22).check(shown).verdict is Verdict.KNOWN
    assert reads == [str(path)]
