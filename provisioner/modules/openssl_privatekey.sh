# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module openssl_privatekey: create a private key with openssl.

# readable: the file is a key, with the passphrase of the task or without any.
readable() {
    case $(head -n 2 -- "$path") in
        *ENCRYPTED*) [ -n "$passphrase" ] || return ;;
        *) [ -z "$passphrase" ] || return ;;
    esac
    public=$(public_of "$path" "$passphrase")
}
# describe: set $kind, $bits and $current_curve from the public key $public.
describe() {
    description=$(printf '%s\n' "$public" | openssl pkey -pubin -noout -text_pub) || return
    kind='' current_curve='' bits=${description#*\(} bits=${bits%% bit*}
    case $description in
        *'ASN1 OID: '*) kind=ECC current_curve=${description#*ASN1 OID: } current_curve=${current_curve%%"$_nl"*} ;;
        *[Mm]odulus*) kind=RSA ;;
        ED*) kind=${description%% *} bits=0 kind=Ed${kind#ED} ;;
        X*) kind=${description%% *} bits=0 ;;
        *) kind=DSA ;;
    esac
}
fits() {
    describe && [ "$kind" = "$type" ] || return
    case $type in
        RSA | DSA) [ "$bits" = "$size" ] ;;
        ECC) [ "$current_curve" = "$openssl_curve" ] ;;
    esac
}
# has_format: the key has the format of the task.
has_format() {
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
# traditional: print $key in the format of its type. OpenSSL 3 needs -traditional, 1.0 does not know it.
traditional() {
    case $type in
        RSA) set -- rsa ;;
        DSA) set -- dsa ;;
        ECC) set -- ec ;;
        *) set -- pkey ;;
    esac
    printf '%s\n' "$key" | openssl "$@" -traditional || printf '%s\n' "$key" | openssl "$@"
}
# formatted: print $key in the format of the task, encrypted if it has a passphrase.
formatted() {
    if [ -n "$passphrase" ]; then
        printf '%s\n' "$key" | {
            printf '%s\n' "$passphrase" | openssl pkey -in /proc/self/fd/5 "-$cipher" -passout stdin
        } 5<&0
    elif [ "$format" = pkcs8 ]; then printf '%s\n' "$key" | openssl pkey
    else traditional
    fi
}
# must_regenerate: the existing key is to be replaced by a new one.
must_regenerate() {
    [ "$force$regenerate" = nonever ] && return 1
    [ "$force" = no ] && [ "$regenerate" != always ] || return 0
    if ! readable; then
        [ "$regenerate" != full_idempotence ] || return 0
        fail "$path is not a private key that can be read with this passphrase. It was not changed."
    fi
    if fits && { has_format || [ "$format_mismatch" = convert ]; }; then return 1; fi
    [ "$regenerate" != fail ] ||
        fail "$path is another kind of key ($kind, $bits bits). It was not changed."
}
must_convert() { [ "$force$regenerate" != nonever ] && ! has_format; }
current() { printf '%s\n' "$passphrase" | openssl pkey -in "$path" -passin stdin; }
write() {
    if [ "$look" = yes ]; then changed "$1 $path"; return; fi
    key=$("$2") || key=''
    [ -n "$key" ] ||
        fail "openssl can't make such a key ($type $size $curve): is its version too old?"
    content=$(formatted)$_nl
    [ "$content" != "$_nl" ] || fail "openssl can't write the key in this format"
    put "$path"
}

diff=no  # the key is never shown
expand path
prepare || return 0
[ ! -d "$path" ] || fail "$path is a directory, not the file of a key"
if [ ! -e "$path" ]; then write create generate
elif must_regenerate; then write change generate
elif must_convert; then write change current
else attributes "$path"
fi
[ -f "$path" ] && public=$(public_of "$path" "$passphrase") && describe || return 0
report key "$bits $kind $current_curve"
report public "$public"
[ "$return_content" = no ] || report privatekey "$(cat -- "$path")"
