"""The module rpm_key, with fake rpm, curl and gpg commands."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.modules import find_module
from provisioner.modules.framework.fields import InvalidArguments
from tests.modules.conftest import Host, listing

ED = """-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEawVYEhYJKwYBBAHaRw8BAQdAih9Yr39XWlURvzQNri9arVu2tVzXNsbMHQDh
8MQlCEa0CWVkIDxlZEB4PoiQBBMWCAA4FiEEslIUkOSYkCZyX3vNClODIiE7y7oF
AmsFWBICGwMFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AACgkQClODIiE7y7rwjgEA
8SXC3XfW3f13Pd7cU+WNVYyID530QSVZlT5azaP0EVYBAMR/3Yfh2XiRCcAX8Yyf
V6wTl+jgkXhLX9WB+UGd7oUF
=omvH
-----END PGP PUBLIC KEY BLOCK-----
"""
ED_PRINT = "B2521490E4989026725F7BCD0A538322213BCBBA"

RSA = """-----BEGIN PGP PUBLIC KEY BLOCK-----

mQENBGsFWBIBCAC7y16lW1UR5zjyZ34FwSeu8I+9GM96KUbbNfzEboBOV4kUDS45
MSwrhPXlYtkvSPnvrn6o+F9kfM+xhbZPzgsKBV4cplW513UZLjI6bCSbMVMtC7MN
E9HNqrOZXKC24w4NO3kitgVlXkge1OHnvfjSUcu4vxLFfP+p4qHpT+vtrs64vZWZ
8s9pFFLlRJXLQBZnTYl6Rw61ez+Ht6GdOEP7jZqqzzSZCL7HfYUiYYe1f17HT/5d
pYmFi6LGr6LITXwhGwn+tOzyJyLRZ30AKkoDf0t9ZSAEYTcpQaF8zneXfZBiLoqc
JXY1CNmqdTDryNGFUvZ88zgxMeWt/P2I3BCTABEBAAG0C3JzYSA8cnNhQHg+iQFO
BBMBCgA4FiEEV/ZqJchcRmeFJda2I7b3/GpNjyQFAmsFWBICGwMFCwkIBwIGFQoJ
CAsCBBYCAwECHgECF4AACgkQI7b3/GpNjyQmKAf9H3HRmr4TP0kW92dYQx53Ey5C
3nyEkHkbVFTW6rVM7mBloEUElBBgcYlczj20DToVNB9aMY0SM58N5afbbC1B0qWa
nhib4wByTWDZ7NqSYoI/UIqurF9S0iiIGG8DyiV2qNPppMpXw+SBsjr9ngqKH1U6
OlXNKw9iHuztS+euWTPU2vEThFMdBMs5MSvCcT364qUjycJwqWjMLzGmN7DxmSE4
FAWpf2Ey1dI7qFR0myFOsA2QKdb7Iv1oM7lWHnjv8dBoqZyEJbAPnuwWKz4EtKws
UK2yw2ynsBvKSgWhMtMpUBYa8CLiOSj02UUUdQ+HGjSdIBGj3amrTOFiENZeuw==
=uR/D
-----END PGP PUBLIC KEY BLOCK-----
"""
RSA_PRINT = "57F66A25C85C46678525D6B623B6F7FC6A4D8F24"

# The fake commands recognize a key by the first line of its base64 text.
RPM = r"""
case $1 in
    -q) while read -r id; do echo "$id gpg-pubkey-$id-0"; done <"%(db)s" ;;
    --import)
        while read -r line; do
            case $line in
                mDMEawVYEhYJ*) echo 213bcbba >>"%(db)s" ;;
                mQENBGsFWBIB*) echo 6a4d8f24 >>"%(db)s" ;;
            esac
        done <"$2" ;;
    -e) id=${3#gpg-pubkey-}; sed -i "/${id%%-0}/d" "%(db)s" ;;
esac
"""
GPG = r"""
for file; do :; done
while read -r line; do
    case $line in
        mDMEawVYEhYJ*) echo pub:x; echo "fpr:::::::::%s:"; echo sub:; echo fpr:::::::::0: ;;
        mQENBGsFWBIB*) echo pub:x; echo "fpr:::::::::%s:" ;;
    esac
done <"$file"
"""
CURL = r"""
for url; do :; done
case $url in https://keys/*) cat "%s/${url#https://keys/}" ;; *) echo 'no route' >&2; exit 7 ;; esac
"""


@pytest.fixture
def keys(host: Host) -> Host:
    """A host without imported keys, with the keys ed, rsa and both as files and by URL."""
    (host.root / "db").touch()
    for name, text in (("ed", ED), ("rsa", RSA), ("both", ED + RSA)):
        (host.root / f"{name}.asc").write_text(text)
    host.fake("rpm", RPM % {"db": host.root / "db"})
    host.fake("gpg", GPG % (ED_PRINT, RSA_PRINT))
    host.fake("curl", CURL % host.root)
    return host


def imported_keys(host: Host) -> list[str]:
    return (host.root / "db").read_text().split()


@pytest.mark.parametrize(
    ("key", "fingerprint", "ids"),
    [
        ("{root}/ed.asc", (), ["213bcbba"]),
        ("{root}/rsa.asc", (), ["6a4d8f24"]),
        ("{root}/both.asc", (), ["213bcbba", "6a4d8f24"]),
        (ED, (), ["213bcbba"]),
        ("https://keys/rsa.asc", (), ["6a4d8f24"]),
        (
            "https://keys/rsa.asc",
            "57F6 6A25 C85C 4667 8525  D6B6 23B6 F7FC 6a4d 8f24",
            ["6a4d8f24"],
        ),
        ("https://keys/both.asc", [ED_PRINT, RSA_PRINT], ["213bcbba", "6a4d8f24"]),
    ],
)
def test_a_key_is_imported_once_and_removed_once(
    keys: Host, key: str, fingerprint: Any, ids: list[str]
) -> None:
    arguments = {"key": key.format(root=keys.root), "fingerprint": fingerprint}
    before = listing(keys.root)
    assert keys.look("rpm_key", **arguments).changes
    assert listing(keys.root) == before
    assert keys.run("rpm_key", **arguments).changes
    assert imported_keys(keys) == ids
    assert keys.run("rpm_key", **arguments).changes == ()
    assert keys.look("rpm_key", **arguments).changes == ()
    assert keys.run("rpm_key", **arguments, state="absent").changes
    assert imported_keys(keys) == []
    assert keys.look("rpm_key", **arguments, state="absent").changes == ()


def test_a_look_with_a_fingerprint_asks_rpm_once_and_downloads_nothing(keys: Host) -> None:
    keys.look("rpm_key", key="https://keys/ed.asc", fingerprint=ED_PRINT)
    (call,) = filter(None, keys.calls())
    assert call.startswith("rpm -q gpg-pubkey")


@pytest.mark.parametrize("key", ["{root}/rsa.asc", "https://keys/both.asc", RSA])
def test_another_fingerprint_is_refused_and_nothing_imported(keys: Host, key: str) -> None:
    report = keys.run("rpm_key", key=key.format(root=keys.root), fingerprint=ED_PRINT)
    failed = report.failed or ""
    assert f"{ED_PRINT} does not match any key fingerprints in " in failed
    assert f"it has {RSA_PRINT}" in failed
    assert imported_keys(keys) == []
    assert not [call for call in keys.calls() if "--import" in call]


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("https://nowhere/x", "download the key https://nowhere/x: no route"),
        ("/none/x.asc", "/none/x.asc does not exist on the host"),
        ("213bcbba", "an id is not enough to import it"),
    ],
)
def test_a_key_that_can_not_be_read_is_a_change_for_a_look_and_a_failure_otherwise(
    keys: Host, key: str, reason: str
) -> None:
    assert keys.look("rpm_key", key=key).changes
    assert reason in (keys.run("rpm_key", key=key).failed or "")


@pytest.mark.parametrize("key", ["213BCBBA", "0x213bcbba", "0A538322213BCBBA", ED_PRINT])
def test_an_id_finds_an_imported_key(keys: Host, key: str) -> None:
    keys.run("rpm_key", key=ED)
    assert keys.look("rpm_key", key=key).changes == ()
    assert keys.run("rpm_key", key=key, state="absent").changes == (f"remove {key}",)
    assert imported_keys(keys) == []


@pytest.mark.parametrize(
    "arguments", [{"key": "what is this"}, {"key": "/x", "fingerprint": "12 34"}]
)
def test_a_wrong_key_or_fingerprint_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidArguments):
        find_module("rpm_key").from_arguments(arguments)


def test_a_broken_database_is_the_reason_of_the_failure(keys: Host) -> None:
    keys.fake(
        "rpm",
        "echo 'error: rpmdb: BDB0113 Thread failed' >&2\n"
        "echo 'error: cannot open Packages database in /var/lib/rpm' >&2; exit 1",
    )
    for report in (keys.look("rpm_key", key=ED), keys.run("rpm_key", key=ED)):
        assert report.failed is not None
        assert "can't be read: rpmdb: BDB0113 Thread failed. It was not changed" in report.failed
        assert "rpm --rebuilddb" in report.failed
