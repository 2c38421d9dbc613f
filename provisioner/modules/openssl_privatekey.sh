# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module openssl_privatekey: create a private key with openssl.

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
