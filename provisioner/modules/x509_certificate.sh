# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module x509_certificate: create a certificate with openssl.

# requested: print the extensions in the request on stdin, in the notation of an openssl configuration.
requested() {
    openssl asn1parse | awk '
        BEGIN {
            short["X509v3 Subject Alternative Name"] = "subjectAltName"
            short["X509v3 Key Usage"] = "keyUsage"
            short["X509v3 Extended Key Usage"] = "extendedKeyUsage"
            short["X509v3 Basic Constraints"] = "basicConstraints"
            short["X509v3 Subject Key Identifier"] = "subjectKeyIdentifier"
            short["X509v3 Authority Key Identifier"] = "authorityKeyIdentifier"
            short["X509v3 Name Constraints"] = "nameConstraints"
            short["X509v3 CRL Distribution Points"] = "crlDistributionPoints"
            short["X509v3 Certificate Policies"] = "certificatePolicies"
            short["TLS Feature"] = "1.3.6.1.5.5.7.1.24"
        }
        /:d=1 / { within = 0 }
        /OBJECT +:Extension Request/ { within = 1; next }
        !within { next }
        / OBJECT / { sub(/.* OBJECT +:/, ""); name = $0; critical = "" }
        / BOOLEAN / { critical = "critical," }
        / OCTET STRING / {
            sub(/.*:/, "")
            print (name in short ? short[name] : name) " = " critical "DER:" $0
        }'
}
# extensions: print the section with all extensions of the certificate.
extensions() {
    echo '[extensions]'
    printf '%s\n' "$requested_extensions"
    case $identifier$requested_extensions in
        always*) echo 'subjectKeyIdentifier = hash' ;;
        create*subjectKeyIdentifier* | never*) ;;
        *) echo 'subjectKeyIdentifier = hash' ;;
    esac
    case $requested_extensions in
        *authorityKeyIdentifier*) ;;
        *)
            [ "$provider" = selfsigned ] || [ "$authority" = no ] ||
                echo 'authorityKeyIdentifier = keyid'
            ;;
    esac
}
# issue: print a certificate for $csr. Request, extensions and passphrase are sent through pipes.
issue() {
    if [ "$provider" = selfsigned ]; then set -- -signkey "$privatekey_path"
    else set -- -CA "$ownca_path" -CAkey "$ownca_privatekey_path"
    fi
    set -- "$@" -passin stdin -days "$days" "-$digest" -set_serial "0x$serial"
    printf '%s\n' "$csr" | {
        extensions | {
            printf '%s\n' "$passphrase" | openssl x509 -req -in /proc/self/fd/5 \
                -extfile /proc/self/fd/6 -extensions extensions "$@"
        } 6<&0
    } 5<&0
}
# empty_request: print a request that has only the key.
empty_request() {
    printf '[req]\ndistinguished_name = subject\n[subject]\n' | {
        printf '%s\n' "$passphrase" | openssl req -new -key "$privatekey_path" -passin stdin \
            -config /proc/self/fd/5 -subj /
    } 5<&0
}
# meaning: print the certificate on stdin without its serial number, its dates and its signature.
meaning() {
    openssl x509 -noout -text -nameopt oneline,utf8 |
        sed -e '/^ *Serial Number:/,/^ *Signature Algorithm:/d' \
            -e '/^ *Validity$/,/^ *Not After *:/d' -e '/^    Signature Algorithm/q'
}
make() {
    if [ -n "$csr_path" ]; then csr=$(cat -- "$csr_path") || fail "$csr_path can't be read"
    elif [ -z "$csr" ]; then csr=$(empty_request 2>&1) || fail "openssl req: $csr"
    fi
    requested_extensions=$(printf '%s\n' "$csr" | requested)
    serial=$(openssl rand -hex 19) || fail 'openssl rand failed'
    content=$(issue 2>&1) || fail "openssl x509: $content"
}

expand path
expand csr_path
expand privatekey_path
expand ownca_path
expand ownca_privatekey_path
prepare || return 0
if [ "$provider" = selfsigned ]; then set -- "$privatekey_path" "$csr_path"
else set -- "$ownca_path" "$ownca_privatekey_path" "$csr_path"
fi
for file; do
    if [ -z "$file" ] || [ -e "$file" ]; then continue; fi
    [ "$look" = yes ] || fail "$file does not exist: create it in an earlier task"
    changed "create $path"
    return
done
make
store
[ -f "$path" ] || return 0
report dates "$(openssl x509 -in "$path" -noout -startdate -enddate -serial)"
[ "$return_content" = no ] || report certificate "$(cat -- "$path")"
