"""The lab's keys, created once: ssh keys of user and hosts, signing keys of packages."""

from __future__ import annotations

from pathlib import Path

from tests.lab.cache import cached, lab_dir, locked
from tests.lab.commands import run

BASE_KEY, DOCKER_KEY, WRONG_KEY = "Lab-Base", "Lab-Docker", "Lab-Wrong"


def keys() -> Path:
    """Return the folder with the ssh key `id_ed25519`, the `gnupg` home and `public` keys."""
    return cached("keys", "2", _make)


def _make(draft: Path) -> None:
    make_ssh_key(draft / "id_ed25519", "ed25519")
    home = draft / "gnupg"
    home.mkdir(mode=0o700)
    public = draft / "public"
    public.mkdir()
    for name in (BASE_KEY, DOCKER_KEY, WRONG_KEY):
        gpg = ["gpg", "--homedir", str(home), "--batch", "--pinentry-mode", "loopback"]
        address = f"{name} <{name.lower()}@lab.invalid>"
        generate = ["--passphrase", "", "--quick-generate-key", address, "rsa2048", "sign", "never"]
        run([*gpg, *generate])
        (public / name).write_text(run([*gpg, "--armor", "--export", name]).stdout)
    stop_agent(home)


def stop_agent(home: Path) -> None:
    """Stop the agent that gpg leaves running."""
    if (home / "S.gpg-agent").exists():
        run(["gpgconf", "--homedir", home, "--kill", "all"], check=False)


def make_ssh_key(path: Path, kind: str) -> None:
    """Create a key pair without a passphrase."""
    path.parent.mkdir(parents=True, exist_ok=True)
    run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "lab", "-f", path])


def host_keys(host: str) -> Path:
    """Return the folder with the ssh host keys for a host name. They are kept for later labs."""
    folder = lab_dir() / "host-keys" / host
    with locked("host-keys.lock"):
        for kind in ("ed25519", "ecdsa"):
            path = folder / f"ssh_host_{kind}_key"
            if not path.with_name(path.name + ".pub").exists():
                path.unlink(missing_ok=True)
                make_ssh_key(path, kind)
    return folder


def fingerprint(name: str) -> str:
    """Return the fingerprint of a signing key, computed from its public key."""
    command = ["gpg", "--homedir", str(keys() / "gnupg"), "--with-colons", "--show-keys"]
    shown = run([*command, str(keys() / "public" / name)]).stdout
    return next(line.split(":")[9] for line in shown.splitlines() if line.startswith("fpr:"))
