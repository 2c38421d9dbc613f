# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module rpm_key: import a package signing key into the rpm database, or remove it.

nl='
'
# rpm calls a key by the last 8 hex digits of its fingerprint.
installed=''
ask() {
    [ -z "$installed" ] || return 0
    installed=$(rpm -q gpg-pubkey --qf '%{VERSION} %{NAME}-%{VERSION}-%{RELEASE}\n' 2>&1)
    case $installed in *'cannot open Packages'*)
        why=${installed#error: }
        fail "rpm's database (/var/lib/rpm) can't be read: ${why%%"$nl"*}. It was left alone:" \
            "save a copy of it, then try \`rpm --rebuilddb\`" ;;
    esac
}
# name_of ID: the package of the key, as $package.
name_of() {
    ask
    package=''
    case $nl$installed in
        *"$nl$1 "*)
            package=${nl}$installed; package=${package#*"$nl$1 "}
            package=${package%%"$nl"*} ;;
        *) return 1 ;;
    esac
}
known() {
    [ -n "$ids" ] || return
    for id in $ids; do name_of "$id" || return; done
}
unknown() { for id in $ids; do ! name_of "$id" || return; done; }

# key_text: the armored text of the key, as $armored, without a file.
key_text() {
    case $source in
        text) armored=$key ;;
        file) armored=''; [ ! -r "$key" ] || armored=$(cat -- "$key") ;;
        url) armored=$(fetch 30) || armored='' ;;
    esac
}
fetch() { curl -q -fsSL --connect-timeout 10 --max-time "$1" ${insecure:+"$insecure"} -- "$key"; }

# compute_ids: the ids of the keys in $armored, as $ids: the SHA-1 of each first packet (RFC 4880,
# 12.2), without gpg, which would make files. A key that isn't understood has no id.
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
# join_block: the base64 of $block as one word, $code: what is behind the empty line, less the CRC.
join_block() {
    code='' body=no
    IFS=$nl
    # The empty line that ends the headers is lost in splitting; headers have a colon.
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
# digit CHARACTER: its value in base64, as $number.
digit() { number=${alphabet%%"$1"*}; number=${#number}; }
packet_id() {
    set -- "$(printf '%.8s' "$code")"
    bits=0 left=$1
    [ "${#left}" -eq 8 ] || return
    # Six bytes in 48 bits.
    while [ -n "$left" ]; do
        digit "${left%"${left#?}"}"
        bits=$((bits << 6 | number)) left=${left#?}
    done
    b0=$((bits >> 40 & 255)) b1=$((bits >> 32 & 255)) b2=$((bits >> 24 & 255))
    # Old or new format, one or two octets of length.
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
        # The digest's own header: 0x99 and two octets of length.
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
        ! name_of "$id" || rpm -e --allmatches "$package" || return
    done
    installed=''
}

# fetch_file: the key as $file, in a new directory that goes with the program.
fetch_file() {
    for folder in "${TMPDIR:-/tmp}" /var/tmp /run; do
        scratch_folder=$folder/.provision-$token-key
        ! (umask 077; mkdir -- "$scratch_folder") 2>/dev/null || break
        scratch_folder=''
    done
    [ -n "$scratch_folder" ] || fail 'no room for a temporary directory in /tmp, /var/tmp and /run'
    trap 'rm -rf -- "$scratch_folder"' EXIT
    trap 'exit 129' HUP INT TERM
    file=$scratch_folder/key
    case $source in
        text) printf '%s\n' "$key" >"$file" ;;
        file)
            [ -r "$key" ] || fail "there is no file $key on the host: copy it there earlier"
            cat -- "$key" >"$file" ;;
        url) run fetch_to_file || broken "download the key $key" "$(stderr)" ;;
    esac || fail "can't write the key to $file: is the disk full?"
}
fetch_to_file() { fetch 300 >"$file"; }

# check_fingerprints: each key in $file has one of $fingerprints, and each of these is in it.
check_fingerprints() {
    command -v gpg >/dev/null || fail 'there is no gpg on the host to check the fingerprint with:' \
        'install gnupg2, nothing was imported'
    # gpg 2.0 has no --show-keys; without a command it lists what is in the file.
    run gpg --homedir "$scratch_folder" --batch --no-tty --with-fingerprint --with-colons \
        "$file" || :
    found='' primary=no
    set -f
    IFS=$nl
    for line in $(stdout); do
        case $line in
            pub:*) primary=yes ;;
            fpr:*)
                [ "$primary" = yes ] || continue
                primary=no line=${line%:}
                found="$found ${line##*:}" ;;
        esac
    done
    unset IFS
    set +f
    [ -n "$found" ] || fail "$name holds no key that gpg can read: nothing was imported"
    for one in $found; do
        case " $fingerprints " in *" $one "*) ;; *) refuse "$one" ;; esac
    done
    for one in $fingerprints; do
        case " $found " in *" $one "*) ;; *) refuse "$found" ;; esac
    done
}
refuse() {
    fail "the fingerprint $fingerprints does not match any key fingerprints in $name: it has" \
        "${1# }. Nothing was imported. Is it the right key? Only then correct the fingerprint"
}

insecure=''
[ "$validate_certs" = yes ] || insecure=-k
eval "set -- $ids"; ids=$*
eval "set -- $fingerprints"; fingerprints=$*
case $source in text) name='the key' ;; *) name=$key ;; esac
if [ -z "$ids" ]; then key_text; compute_ids; fi

if [ "$state" = absent ]; then
    [ -n "$ids" ] || [ "$source" != file ] || [ -r "$key" ] || return 0
    if [ -z "$ids" ]; then
        [ "$look" = no ] || { changed "remove $name"; return; }
        fail "can't tell which key $name is, to remove it: give its id instead"
    fi
    ensure "remove $name" unknown erase
    return
fi
! known || return 0
[ "$look" = no ] || { changed "import $name"; return; }
[ "$source" != id ] || fail "the key $key is not there, and an id is no place to import it from:" \
    'give a URL, a file or the text of the key'
fetch_file
[ -z "$fingerprints" ] || check_fingerprints
earlier=$installed
run import || broken "import $name" "exit $status"
ask
if [ -n "$ids" ]; then
    known || fail "import $name: rpm took it, but $ids is not among its keys"
fi
[ "$installed" = "$earlier" ] || changed "import $name"
