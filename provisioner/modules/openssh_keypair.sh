# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module openssh_keypair: create a pair of SSH keys with ssh-keygen.

# readable: the private key can be read without a passphrase.
readable() { [ -f "$path" ] && ssh-keygen -y -P '' -f "$path" >/dev/null 2>&1; }
# describe FILE: set $bits, $print (the fingerprint) and $kind (in lower case) of a key.
describe() {
    description=$(ssh-keygen -l -f "$1" 2>/dev/null) || return
    bits=${description%% *} kind=${description##*\(} kind=${kind%\)}
    description=${description#* } print=${description%% *}
    case $kind in
        RSA) kind='rsa' ;;
        DSA) kind='dsa' ;;
        ECDSA) kind='ecdsa' ;;
        ED25519) kind='ed25519' ;;
    esac
}
fits() {
    [ -f "$path" ] && describe "$path" && [ "$kind" = "$type" ] || return
    [ -z "$size" ] || [ "$kind" = ed25519 ] || [ "$bits" = "$size" ]
}
is_complete() { readable && fits && [ -f "$path.pub" ]; }
gone() { ! [ -e "$path" ] && ! [ -e "$path.pub" ]; }
remove() { rm -f -- "$path" "$path.pub"; }
generate() {
    set -- -q -N '' -t "$type" -C "$comment" -f "$path"
    case $type in ed25519) ;; *) [ -z "$size" ] || set -- "$@" -b "$size" ;; esac
    rm -f -- "$path" "$path.pub"
    (umask 077 && ssh-keygen "$@")
}
current_public() { [ ! -f "$path.pub" ] || cut -d ' ' -f 1,2 "$path.pub"; }
write_public() {
    text=$(ssh-keygen -y -P '' -f "$path") || return
    printf '%s%s\n' "$(echo "$text" | cut -d ' ' -f 1,2)" "${comment:+ $comment}" >"$path.pub" &&
        chmod 644 "$path.pub"
}
same_public() { [ "$(current_public)" = "$(ssh-keygen -y -P '' -f "$path" | cut -d ' ' -f 1,2)" ]; }
has_comment() {
    read -r _ _ current <"$path.pub" || [ -n "$current" ]
    [ "$current" = "$comment" ]
}

# must_regenerate: the existing key is to be replaced by a new one, by the rules of `regenerate`.
must_regenerate() {
    [ -e "$path" ] || return
    [ "$force" = no ] || return 0
    case $regenerate in always) return 0 ;; never) return 1 ;; esac
    if ! readable; then
        case $regenerate in full_idempotence) return 0 ;; esac
        fail "$path is not a private key that can be read without a passphrase. It was not changed."
    fi
    ! fits || return
    [ "$regenerate" != fail ] ||
        fail "$path is a key of another type or size ($kind, $bits bits). It was not changed."
}

present() {
    if [ -d "$path" ]; then fail "$path is a directory, not the file of a key"; fi
    case $path in
        */*) [ -d "${path%/*}" ] || [ "$look" = yes ] ||
            fail "there is no directory ${path%/*}: create it in an earlier task" ;;
    esac
    if must_regenerate; then act "generate key pair $path again" generate
    elif [ ! -e "$path" ]; then ensure "generate key pair $path" is_complete generate
    elif ! readable; then :
    elif ! same_public; then ensure "write $path.pub" same_public write_public
    elif [ -n "$has_comment" ] && ! has_comment; then
        ensure "set comment of $path.pub" has_comment write_public
    fi
    attributes "$path"
    [ -f "$path" ] && describe "$path" || return 0
    report key "$bits $kind $print"
    report public "$(cat "$path.pub")"
    at_path=''
    at "$path"
    report_at
}

expand path
report filename "$path"
if ! command -v ssh-keygen >/dev/null; then
    [ "$look" = yes ] || fail 'ssh-keygen is not installed: install openssh in an earlier task'
    changed "generate key pair $path"
    return
fi
if [ -z "$comment" ] && [ -z "$has_comment" ]; then comment=$(id -un)@$(uname -n); fi
if [ "$state" = present ]; then present; else ensure "remove key pair $path" gone remove; fi
