# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module openssl_csr: create a certificate signing request with openssl.

# request: print a request by $config, which comes with the passphrase by pipes.
request() {
    printf '%s' "$config" | {
        printf '%s\n' "$passphrase" |
            openssl req -new -key "$privatekey_path" -passin stdin \
                -config /proc/self/fd/5 "-$digest" ${bare:+-subj /}
    } 5<&0
}
# meaning: of a request on stdin all but its signature, for that is another each time.
meaning() { openssl req -noout -text -nameopt oneline,utf8 | sed '/^    Signature Algorithm/q'; }
make() {
    content=$(request 2>&1) || fail "openssl req: $content"
}

expand path
expand privatekey_path
wanted || return 0
if [ ! -e "$privatekey_path" ]; then
    [ "$look" = yes ] ||
        fail "there is no private key $privatekey_path: create it in an earlier task"
    changed "create $path"
    return
fi
make
keep
[ "$return_content" = no ] || report csr "$(cat -- "$path")"
