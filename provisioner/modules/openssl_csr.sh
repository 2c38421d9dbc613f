# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module openssl_csr: create a certificate signing request with openssl.

# request: print a request made from $config. Configuration and passphrase are sent through pipes.
request() {
    printf '%s' "$config" | {
        printf '%s\n' "$passphrase" |
            openssl req -new -key "$privatekey_path" -passin stdin \
                -config /proc/self/fd/5 "-$digest" ${empty_subject:+-subj /}
    } 5<&0
}
# meaning: print the request on stdin without its signature, which is different each time.
meaning() { openssl req -noout -text -nameopt oneline,utf8 | sed '/^    Signature Algorithm/q'; }
make() {
    content=$(request 2>&1) || fail "openssl req: $content"
}

expand path
expand privatekey_path
prepare || return 0
if [ ! -e "$privatekey_path" ]; then
    [ "$look" = yes ] ||
        fail "there is no private key $privatekey_path: create it in an earlier task"
    changed "create $path"
    return
fi
make
store
[ "$return_content" = no ] || report csr "$(cat -- "$path")"
