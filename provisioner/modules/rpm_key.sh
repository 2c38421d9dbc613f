# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module rpm_key: import a package signing key into the rpm database, or remove it.

nl='
'
# list_keys: read the imported keys into $installed, once. A key's version in rpm is its id: the last 8
# hexadecimal digits of its fingerprint.
installed=''
list_keys() {
    [ -z "$installed" ] || return 0
    installed=$(rpm -q gpg-pubkey --qf '%{VERSION} %{NAME}-%{VERSION}-%{RELEASE}\n' 2>&1)
    case $installed in *'cannot open Packages'*)
        why=${installed#error: }
        fail "rpm's database (/var/lib/rpm) can't be read: ${why%%"$nl"*}. It was not changed:" \
            "save a copy of it, then try \`rpm --rebuilddb\`" ;;
    esac
}
# find_package ID: set $package to the rpm package of the key; status 1 if there is none.
find_package() {
    list_keys
    package=''
    case $nl$installed in
        *"$nl$1 "*)
            package=${nl}$installed; package=${package#*"$nl$1 "}
            package=${package%%"$nl"*} ;;
        *) return 1 ;;
    esac
}
all_imported() {
    [ -n "$ids" ] || return
    for id in $ids; do find_package "$id" || return; done
}
none_imported() { for id in $ids; do ! find_package "$id" || return; done; }

# read_key: set $armored to the text of the key, without writing a file.
read_key() {
    case $source in
        text) armored=$key ;;
        file) armored=''; [ ! -r "$key" ] || armored=$(cat -- "$key") ;;
        url) armored=$(fetch 30) || armored='' ;;
    esac
}
fetch() { curl -q -fsSL --connect-timeout 10 --max-time "$1" ${insecure:+"$insecure"} -- "$key"; }

# compute_ids: set $ids to the ids of the keys in $armored, from the SHA-1 of the first packet of each key
# (RFC 4880, section 12.2). Not with gpg, which writes files. A key of an unknown form is left out.
compute_ids() {
    ids='' rest=$armored
    while :; do
        case $rest in *'-----BEGIN PGP PUBLIC KEY BLOCK-----'*) ;; *) return ;; esac
        rest=${rest#*'-----BEGIN PGP PUBLIC KEY BLOCK-----'}
        block=${rest%%'-----END PGP'*}
        join_block
        packet_id && ids="$ids${ids:+ }$id"
    done
}
# join_block: set $code to the base64 text of $block as one word, without headers and checksum.
join_block() {
    code='' body=no
    IFS=$nl
    # Splitting loses the empty line after the headers, so they are recognized by their colon.
    for line in $block; do
        line=${line%"$cr"}
        case $line in
            *:* | '' | ' '* | =????) ;;
            *) code=$code$line ;;
        esac
    done
    unset IFS
}
cr=$(printf '\r')
alphabet=ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/
# digit CHARACTER: set $number to its value in base64.
digit() { number=${alphabet%%"$1"*}; number=${#number}; }
# packet_id: set $id to the id of the key in $code; status 1 if the packet has an unknown form.
packet_id() {
    set -- "$(printf '%.8s' "$code")"
    bits=0 rest_of_code=$1
    [ "${#rest_of_code}" -eq 8 ] || return
    # Eight characters are six bytes.
    while [ -n "$rest_of_code" ]; do
        digit "${rest_of_code%"${rest_of_code#?}"}"
        bits=$((bits << 6 | number)) rest_of_code=${rest_of_code#?}
    done
    b0=$((bits >> 40 & 255)) b1=$((bits >> 32 & 255)) b2=$((bits >> 24 & 255))
    # The packet header: old or new format, with one or two bytes of length.
    case $b0 in
        152) header=2 length=$b1 ;;
        153) header=3 length=$((b1 << 8 | b2)) ;;
        198)
            if [ "$b1" -lt 192 ]; then header=2 length=$b1
            elif [ "$b1" -lt 224 ]; then header=3 length=$(((b1 - 192 << 8) + b2 + 192))
            else return 1
            fi ;;
        *) return 1 ;;
    esac
    sum=$({
        # The fingerprint is taken with a header of its own: 0x99 and two bytes of length.
        # shellcheck disable=SC2059
        printf "\\231\\$(printf %o $((length >> 8)))\\$(printf %o $((length & 255)))"
        printf %s "$code" | base64 -d | tail -c +$((header + 1)) | head -c "$length"
    } 2>/dev/null | sha1sum)
    id=${sum%% *}
    id=${id#????????????????????????????????}
}

import() { installed='' && rpm --import "$file"; }
erase() {
    for id in $ids; do
        ! find_package "$id" || rpm -e --allmatches "$package" || return
    done
    installed=''
}

# fetch_file: write the key to $file, in a new directory that is removed at the end.
fetch_file() {
    for folder in "${TMPDIR:-/tmp}" /var/tmp /run; do
        scratch_folder=$folder/.provision-$token-key
        ! (umask 077; mkdir -- "$scratch_folder") 2>/dev/null || break
        scratch_folder=''
    done
    [ -n "$scratch_folder" ] || fail "can't create a temporary directory in /tmp, /var/tmp or /run"
    trap 'rm -rf -- "$scratch_folder"' EXIT
    trap 'exit 129' HUP INT TERM
    file=$scratch_folder/key
    case $source in
        text) printf '%s\n' "$key" >"$file" ;;
        file)
            [ -r "$key" ] || fail "$key does not exist on the host: copy it there in an earlier task"
            cat -- "$key" >"$file" ;;
        url) run fetch_to_file || broken "download the key $key" "$(stderr)" ;;
    esac || fail "can't write the key to $file: is the disk full?"
}
fetch_to_file() { fetch 300 >"$file"; }

# check_fingerprints: fail unless the keys in $file have exactly the fingerprints $fingerprints.
check_fingerprints() {
    command -v gpg >/dev/null || fail "can't check the fingerprint without gpg: install gnupg2 in an earlier task." \
        'Nothing was imported.'
    # gpg 2.0 has no --show-keys; without a command it lists what is in the file.
    run gpg --homedir "$scratch_folder" --batch --no-tty --with-fingerprint --with-colons \
        "$file" || :
    actual='' primary=no
    set -f
    IFS=$nl
    for line in $(stdout); do
        case $line in
            pub:*) primary=yes ;;
            fpr:*)
                [ "$primary" = yes ] || continue
                primary=no line=${line%:}
                actual="$actual ${line##*:}" ;;
        esac
    done
    unset IFS
    set +f
    [ -n "$actual" ] || fail "$name has no key that gpg can read. Nothing was imported."
    for print in $actual; do
        case " $fingerprints " in *" $print "*) ;; *) refuse "$print" ;; esac
    done
    for print in $fingerprints; do
        case " $actual " in *" $print "*) ;; *) refuse "$actual" ;; esac
    done
}
refuse() {
    fail "the fingerprint $fingerprints does not match any key fingerprints in $name: it has" \
        "${1# }. Nothing was imported. Correct the fingerprint only if the key is the right one."
}

insecure=''
[ "$validate_certs" = yes ] || insecure=-k
eval "set -- $ids"; ids=$*
eval "set -- $fingerprints"; fingerprints=$*
case $source in text) name='the key' ;; *) name=$key ;; esac
if [ -z "$ids" ]; then read_key; compute_ids; fi

if [ "$state" = absent ]; then
    [ -n "$ids" ] || [ "$source" != file ] || [ -r "$key" ] || return 0
    if [ -z "$ids" ]; then
        [ "$look" = no ] || { changed "remove $name"; return; }
        fail "can't compute the id of $name: set key to the id to remove it"
    fi
    ensure "remove $name" none_imported erase
    return
fi
! all_imported || return 0
[ "$look" = no ] || { changed "import $name"; return; }
[ "$source" != id ] || fail "the key $key is not imported, and an id is not enough to import it:" \
    'set key to a URL, a file or the text of the key'
fetch_file
[ -z "$fingerprints" ] || check_fingerprints
before=$installed
run import || broken "import $name" "exit $status"
list_keys
if [ -n "$ids" ]; then
    all_imported || fail "import $name: rpm reported success, but its keys do not include $ids"
fi
[ "$installed" = "$before" ] || changed "import $name"
