# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module openssl_dhparam: create Diffie-Hellman parameters with openssl.

# fits: the parameters are valid and have the right size.
fits() {
    output=$(openssl dhparam -check -text -noout -in "$path" 2>&1) || return
    case $output in
        *WARNING*) return 1 ;;
        *"Parameters: ($size bit)"*) ;;
        *) return 1 ;;
    esac
}

expand path
prepare || return 0
[ ! -d "$path" ] || fail "$path is a directory, not the file of parameters"
if [ "$force" = no ] && [ -f "$path" ] && fits; then
    attributes "$path"
elif [ "$look" = yes ]; then
    if [ -e "$path" ]; then changed "change $path"; else changed "create $path"; fi
else
    content=$(openssl dhparam "$size" 2>/dev/null)$_nl
    case $content in
        *BEGIN*) ;;
        *) fail "openssl can't make parameters of $size bits" ;;
    esac
    put "$path"
    fits || fail "create $path: the parameters are still not right"
fi
[ "$return_content" = no ] || [ ! -f "$path" ] || report dhparams "$(cat -- "$path")"
