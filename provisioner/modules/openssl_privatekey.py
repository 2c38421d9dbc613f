"""openssl_privatekey: a private key is on the host, made by its openssl command."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from provisioner.modules.framework.base import FileAttributes, Module, TaskContext, Text
from provisioner.modules.framework.model import model_validator
from provisioner.modules.shared.openssl_text import KEY, fingerprints
from provisioner.remote.shell import Program, Report

BODY = (
    KEY
    + r"""
# readable: it is a key, and its passphrase is the one that is given, or it has none.
readable() {
    case $(head -n 2 -- "$path") in
        *ENCRYPTED*) [ -n "$passphrase" ] || return ;;
        *) [ -z "$passphrase" ] || return ;;
    esac
    public=$(public_of "$path" "$passphrase")
}
# about: $kind, $bits and $curve_is of the key whose public half is $public.
about() {
    told=$(printf '%s\n' "$public" | openssl pkey -pubin -noout -text_pub) || return
    kind='' curve_is='' bits=${told#*\(} bits=${bits%% bit*}
    case $told in
        *'ASN1 OID: '*) kind=ECC curve_is=${told#*ASN1 OID: } curve_is=${curve_is%%"$_nl"*} ;;
        *[Mm]odulus*) kind=RSA ;;
        ED*) kind=${told%% *} bits=0 kind=Ed${kind#ED} ;;
        X*) kind=${told%% *} bits=0 ;;
        *) kind=DSA ;;
    esac
}
fits() {
    about && [ "$kind" = "$type" ] || return
    case $type in
        RSA | DSA) [ "$bits" = "$size" ] ;;
        ECC) [ "$curve_is" = "$openssl_curve" ] ;;
    esac
}
formed() {
    case $format$(head -n 1 -- "$path") in
        pkcs8*'BEGIN PRIVATE'* | pkcs8*'BEGIN ENCRYPTED'*) ;;
        pkcs8*) return 1 ;;
        pkcs1*'BEGIN PRIVATE'* | pkcs1*'BEGIN ENCRYPTED'*) return 1 ;;
    esac
}
generate() {
    case $type in
        RSA) openssl genrsa "$size" ;;
        DSA) openssl dsaparam -noout -genkey "$size" ;;
        ECC) openssl ecparam -noout -genkey -name "$openssl_curve" ;;
        *) openssl genpkey -algorithm "$type" ;;
    esac
}
# old_form: a key in the form of its own kind. OpenSSL 3 must be told, 1.0 does not know the word.
old_form() {
    case $type in
        RSA) set -- rsa ;;
        DSA) set -- dsa ;;
        ECC) set -- ec ;;
        *) set -- pkey ;;
    esac
    printf '%s\n' "$key" | openssl "$@" -traditional || printf '%s\n' "$key" | openssl "$@"
}
# written: $key as it shall stand in the file.
written() {
    if [ -n "$passphrase" ]; then
        printf '%s\n' "$key" | {
            printf '%s\n' "$passphrase" | openssl pkey -in /proc/self/fd/5 "-$cipher" -passout stdin
        } 5<&0
    elif [ "$format" = pkcs8 ]; then printf '%s\n' "$key" | openssl pkey
    else old_form
    fi
}
# must_give_way: the key that is there is made anew; `convert` only writes it in another format.
must_give_way() {
    [ "$force$regenerate" = nonever ] && return 1
    [ "$force" = no ] && [ "$regenerate" != always ] || return 0
    if ! readable; then
        [ "$regenerate" != full_idempotence ] || return 0
        fail "$path is no private key that can be read with this passphrase: it is left alone"
    fi
    if fits && { formed || [ "$format_mismatch" = convert ]; }; then return 1; fi
    [ "$regenerate" != fail ] ||
        fail "$path is another kind of key ($kind, $bits bits): it is left alone"
}
converts() { [ "$force$regenerate" != nonever ] && ! formed; }
current() { printf '%s\n' "$passphrase" | openssl pkey -in "$path" -passin stdin; }
write() {
    if [ "$look" = yes ]; then changed "$1 $path"; return; fi
    key=$("$2") || key=''
    [ -n "$key" ] ||
        fail "openssl can't make such a key ($type $size $curve): is it of an older version?"
    content=$(written)$_nl
    [ "$content" != "$_nl" ] || fail "openssl can't write the key in this format"
    put "$path"
}

diff=no  # nobody is shown the key
expand path
wanted || return 0
[ ! -d "$path" ] || fail "$path is a directory, not the file of a key"
if [ ! -e "$path" ]; then write create generate
elif must_give_way; then write change generate
elif converts; then write change current
else attributes "$path"
fi
[ -f "$path" ] && public=$(public_of "$path" "$passphrase") && about || return 0
report key "$bits $kind $curve_is"
report public "$public"
[ "$return_content" = no ] || report privatekey "$(cat -- "$path")"
"""
)

_CURVES = {"secp256r1": "prime256v1", "secp192r1": "prime192v1"}
"""What openssl calls otherwise."""

Kind = Literal["RSA", "DSA", "ECC", "Ed25519", "Ed448", "X25519", "X448"]


class OpensslPrivatekey(FileAttributes, Module):
    """Keep a private key (of TLS) in a file, made by the host's openssl command."""

    body: ClassVar[str] = BODY

    path: Text
    """The file; a new one can be read by its owner alone."""
    type: Kind = "RSA"
    """The kind of key; CentOS 7's openssl knows the first three."""
    size: int = 4096
    """Bits of an RSA or DSA key."""
    curve: Text | None = None
    """The curve of an ECC key: secp256r1, secp384r1, …"""
    passphrase: Text | None = None
    """What the key is encrypted with; unset is not encrypted."""
    cipher: Text = "auto"
    """With `passphrase`: `auto` is aes256; else a name that openssl has."""
    state: Literal["present", "absent"] = "present"
    """`absent` removes the file."""
    force: bool = False
    """Make a new key whenever the task runs."""
    regenerate: Literal["never", "fail", "partial_idempotence", "full_idempotence", "always"] = (
        "full_idempotence"
    )
    """When a key that is there gives way: never; `fail` where it does not fit;
    `partial_idempotence` where it does not fit, and failure where it can't be read;
    `full_idempotence` in both cases; always."""
    format: Literal["pkcs1", "pkcs8", "auto", "auto_ignore"] = "auto_ignore"
    """How it is written; `auto` and `auto_ignore` are pkcs1 for new keys and any for old ones."""
    format_mismatch: Literal["regenerate", "convert"] = "regenerate"
    """What becomes of a key that fits but has another `format`."""
    backup: bool = False
    """Keep a copy of the old file beside it."""
    return_content: bool = False
    """Return the key too, as `privatekey`."""
    select_crypto_backend: Literal["auto", "cryptography", "pyopenssl"] = "auto"
    """Accepted: it is the openssl command in any case."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.type == "ECC" and self.curve is None:
            raise ValueError("curve is missing: type: ECC needs it")
        if "\n" in (self.passphrase or ""):
            raise ValueError("passphrase: it can't hold a newline")
        if not self.cipher.replace("-", "").isalnum():
            raise ValueError("cipher: it is the name of one")
        return self

    def program(self, context: TaskContext) -> Program:
        names = ("path", "type", "state", "force", "regenerate", "format", "format_mismatch")
        variables = {
            **{name: getattr(self, name) for name in (*names, "backup", "return_content")},
            **self.attribute_variables(),
            "mode": self.mode or "0600",
            "size": str(self.size),
            "curve": self.curve or "",
            "openssl_curve": _CURVES.get(self.curve or "", self.curve or ""),
            "passphrase": self.passphrase or "",
            "cipher": "aes256" if self.cipher == "auto" else self.cipher,
        }
        return Program("openssl_privatekey", self.body, variables)

    def returns(self, report: Report) -> dict[str, Any]:
        values: dict[str, Any] = {"filename": report.get("filename")}
        if "backup_file" in report.records:
            values["backup_file"] = report.get("backup_file")
        if "privatekey" in report.records:
            values["privatekey"] = report.get("privatekey") + "\n"
        if "key" in report.records:
            bits, kind, curve = report.get("key").split(" ", 2)
            values |= {"type": kind, "fingerprint": fingerprints(report.get("public"))}
            if kind in ("RSA", "DSA"):
                values["size"] = int(bits)
            if curve:
                values["curve"] = {v: k for k, v in _CURVES.items()}.get(curve, curve)
        return values
