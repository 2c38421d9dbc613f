"""The vault is compatible with ansible-vault (vault_vectors.sh), exact, and shows no secrets."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.errors import LoadError, Problem
from provisioner.language.scope import Scope
from provisioner.language.templating.template import Template, TemplateError
from provisioner.loading import vault, yaml_file
from provisioner.loading.inventory import load_inventory
from provisioner.loading.variables import extra_vars, host_variables, vars_file
from provisioner.loading.vault import DEFAULT, PasswordError, Sealed, Secret, Vault
from provisioner.where import Where

VECTORS: dict[str, dict[str, str]] = yaml.safe_load(
    Path(__file__).with_name("vault_vectors.yml").read_text("utf-8")
)
SECRET = Secret(DEFAULT, b"secret")
DEV = Secret("dev", b"dev's")


def secret_of(name: str) -> Secret:
    return Secret(DEFAULT, VECTORS[name]["password"].encode())


@pytest.mark.parametrize("name", VECTORS)
def test_texts_encrypted_by_ansible_are_decrypted(name: str) -> None:
    sealed = VECTORS[name]["sealed"].encode()
    assert Vault((secret_of(name),)).open(sealed) == VECTORS[name]["plain"].encode()


@pytest.mark.parametrize("name", VECTORS)
def test_the_vault_text_is_the_same_as_ansibles_for_the_same_salt(name: str) -> None:
    sealed = VECTORS[name]["sealed"].encode()
    head, *body = sealed.splitlines()
    salt = bytes.fromhex(bytes.fromhex(b"".join(body).decode()).split(b"\n")[0].decode())
    label = head.split(b";")[3].decode() if head.count(b";") == 3 else DEFAULT
    secret = Secret(label, VECTORS[name]["password"].encode())
    assert vault.encrypt(VECTORS[name]["plain"].encode(), secret, salt) == sealed


@settings(max_examples=30, derandomize=True, deadline=None)
@given(st.binary(max_size=100), st.binary(min_size=1, max_size=20))
def test_any_bytes_are_decrypted_to_the_same_bytes(plain: bytes, password: bytes) -> None:
    secret = Secret(DEFAULT, password)
    assert Vault((secret,)).open(vault.encrypt(plain, secret)) == plain


def test_each_encryption_uses_a_new_salt() -> None:
    assert vault.encrypt(b"x", SECRET) != vault.encrypt(b"x", SECRET)


def test_the_hmac_is_checked_before_decryption(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def differs(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return False

    monkeypatch.setattr(hmac, "compare_digest", differs)
    monkeypatch.setattr(vault, "_cipher", lambda *_: pytest.fail("decrypted"))
    sealed = VECTORS["no line end"]["sealed"].encode()
    with pytest.raises(PasswordError):
        Vault((SECRET,)).open(sealed)
    assert len(compared) == 1


def problem(data: bytes, *secrets: Secret) -> tuple[str, str]:
    with pytest.raises(LoadError) as caught:
        yaml_file.parse(data, "all.yml", vault=Vault(secrets))
    (found,) = caught.value.problems
    assert found.where is not None
    assert found.where.file == "all.yml"
    return found.reason, found.hint


def test_without_a_password_the_error_says_how_to_give_one() -> None:
    reason, hint = problem(vault.encrypt(b"a: 1", DEV))
    assert reason == 'this is encrypted (vault id "dev")'
    for option in ("--ask-vault-pass", "--vault-password-file", "--vault-id"):
        assert option in hint


def test_a_wrong_password_names_the_ids_that_were_tried() -> None:
    reason, _ = problem(vault.encrypt(b"a: 1", SECRET), Secret(DEFAULT, b"no"), DEV)
    assert reason == "this is encrypted, and no password opens it; tried: default, dev"


def test_a_password_with_another_label_is_tried_too() -> None:
    other = Secret("other", DEV.password)
    assert Vault((SECRET, other)).opened(vault.encrypt(b"x", DEV))[1] == DEV


DAMAGED = vault.encrypt(b"a: 1", SECRET, bytes(32))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (
            b"$ANSIBLE_VAULT;1.1;AES256\n123",
            "the vault text is damaged: it is not valid hexadecimal",
        ),
        (
            b"$ANSIBLE_VAULT;1.1;AES256\nxyz",
            "the vault text is damaged: it is not valid hexadecimal",
        ),
        (b"$ANSIBLE_VAULT;1.1;AES256\n", "the vault text is damaged: it is not valid hexadecimal"),
        (b"$ANSIBLE_VAULT;1.1;AES256", "the vault text is damaged: it is not valid hexadecimal"),
        (b"$ANSIBLE_VAULT;1.0;AES\n00", "the vault format 1.0 AES is not supported"),
        (b"$ANSIBLE_VAULT;9.9;AES256\n00", "the vault format 9.9 AES256 is not supported"),
        (b"$ANSIBLE_VAULT;\n00", "this is not a vault text"),
        (
            DAMAGED[:-3] + (b"31\n" if DAMAGED[-3:] == b"30\n" else b"30\n"),
            "this is encrypted, and no password opens it; tried: default",
        ),
    ],
)
def test_a_damaged_text_is_refused(data: bytes, reason: str) -> None:
    assert problem(data, SECRET)[0] == reason


def inline(plain: str, secret: Secret, tag: str = "!vault") -> str:
    """Return the vault text under `!vault |`, as encrypt_string writes it."""
    lines = vault.encrypt(plain.encode(), secret).decode().splitlines()
    return f"{tag} |\n" + "".join(f"          {line}\n" for line in lines)


def parse(text: str, *secrets: Secret, **options: Any) -> Any:
    return yaml_file.parse(text.encode(), "f.yml", vault=Vault(secrets, **options))


@pytest.mark.parametrize("tag", ["!vault", "!vault-encrypted"])
def test_values_are_decrypted_when_the_file_is_loaded(tag: str) -> None:
    learned: list[object] = []
    value = parse(f"a: {inline('x  ', DEV, tag)}b: 1\n", DEV, learned=learned.append)
    assert value == {"a": "x  ", "b": 1}
    assert learned == ["x  "]


def test_a_decrypted_value_is_text_and_never_a_template() -> None:
    value = parse(f"a: {inline('{{ x }}', DEV)}b: {inline('123', DEV)}", DEV)
    assert value == {"a": "{{ x }}", "b": "123"}


def test_a_value_without_a_password_fails_only_when_it_is_used() -> None:
    value = parse(f"a: {inline('x', DEV)}b: 1\n")
    scope = Scope([value])
    assert scope["b"] == 1
    assert isinstance(value["a"], Template)
    with pytest.raises(TemplateError) as caught:
        scope["a"]
    assert caught.value.reason.startswith('this is encrypted (vault id "dev"): give the password: ')
    assert str(caught.value.where) == "f.yml:1"


def test_a_value_that_no_password_decrypts_fails_its_users_and_is_reported() -> None:
    closed: list[Problem] = []
    given = Vault((Secret("dev", b"wrong"),), closed=closed.append)
    value = yaml_file.parse(f"a: {inline('x', DEV)}b: 1".encode(), "f.yml", vault=given)
    scope = Scope([value])
    assert scope["b"] == 1
    with pytest.raises(TemplateError, match="no password opens it; tried: dev"):
        scope["a"]
    assert [(str(problem.where), 'id "dev"' in problem.reason) for problem in closed] == [
        ("f.yml:1", True)
    ]


def test_a_decrypted_value_is_marked_as_vault_encrypted() -> None:
    scope = Scope([parse(f"a: {inline('x', SECRET)}b: x", SECRET)])
    tested = Template("{{ [a is vault_encrypted, b is vault_encrypted, a == b] }}", Where("f.yml"))
    assert scope.render(tested) == [True, False, True]


def test_a_value_with_another_vault_id_does_not_stop_loading() -> None:
    value = parse(f"a: {inline('x', DEV)}b: {inline('y', SECRET)}", SECRET)
    assert isinstance(value["a"], Template)
    assert value["b"] == "y"


def test_a_decrypted_value_that_is_not_text_is_refused() -> None:
    lines = vault.encrypt(b"\xff", SECRET).decode().replace("\n", "\n  ")
    with pytest.raises(LoadError, match="not UTF-8 text"):
        parse(f"a: !vault |\n  {lines}", SECRET)


def test_listing_an_inventory_decrypts_no_values() -> None:
    assert isinstance(parse(f"a: {inline('x', DEV)}", DEV, sealed=True)["a"], Sealed)


def test_all_values_of_an_encrypted_file_are_secret_and_its_templates_work(tmp_path: Path) -> None:
    learned: list[object] = []
    path = tmp_path / "v.yml"
    path.write_bytes(vault.encrypt(b"a: [x, y]\nb: '{{ a }}'\n", DEV))
    value = vars_file(path, Vault((DEV,), learned.append))
    assert Scope([value])["b"] == ["x", "y"]
    assert learned == [value]


def test_an_error_in_an_encrypted_file_is_shown_without_its_text(tmp_path: Path) -> None:
    path = tmp_path / "v.yml"
    path.write_bytes(vault.encrypt(b"a: 1\nb: topsecret: x\n", DEV))
    with pytest.raises(LoadError) as caught:
        vars_file(path, Vault((DEV,)))
    assert f"{path} (decrypted):2:13:" in str(caught.value)
    assert "topsecret" not in str(caught.value)


def test_inventories_their_vars_and_extra_vars_may_be_encrypted(tmp_path: Path) -> None:
    opener = Vault((DEV,))
    files = {"hosts": b"[g]\nh x=1\n", "group_vars/g.yml": b"y: 2\n", "extra": b"z: 3\n"}
    for name, plain in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(vault.encrypt(plain, DEV))
    inventory = load_inventory(str(tmp_path / "hosts"), opener)
    assert host_variables(inventory, "h", []) == {"x": 1, "y": 2}
    assert extra_vars([f"@{tmp_path / 'extra'}"], opener) == {"z": 3}


def test_no_password_is_shown() -> None:
    assert "dev's" not in repr(Vault((DEV,))) + str(DEV)


def test_encrypting_with_several_passwords_needs_a_label() -> None:
    opener = Vault((SECRET, DEV))
    assert opener.secret("dev") == DEV
    assert Vault((DEV,)).secret(None) == DEV
    for label, message in ((None, "default, dev"), ("deb", 'no password for the vault id "deb"')):
        with pytest.raises(LoadError, match=message):
            opener.secret(label)
