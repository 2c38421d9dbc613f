# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module authorized_key: read and write the file of SSH keys that may log in as a user.
# Links in the user's home must not mislead root (CVE-2024-9902). So the file is read as the user. It is
# written from inside its directory, which is entered first and then checked: it must be the user's own.

as_user() { if [ "$(id -un)" = "$user" ]; then "$@"; else runuser -u "$user" -- "$@"; fi; }
find_user() {
    entry=$(getent passwd "$user")
    [ -n "$entry" ] || return
    rest=${entry#*:*:}; uid=${rest%%:*}
    rest=${rest#*:}; gid=${rest%%:*}
    rest=${rest#*:*:}; home=${rest%%:*}
    case $path in
        '') path=$home/.ssh/authorized_keys ;;
        '~'/*) path=$home/${path#'~/'} ;;
    esac
    path=$(printf '%s' "$path" | sed "s|%u|$user|g; s|%h|$home|g")
}
# enter: change into the file's directory. The user must own it, or its path must have no link in it.
enter() {
    cd -- "$folder" || fail "can't enter $folder: create it in an earlier task, or set manage_dir: true"
    [ "$(stat -c %u .)" = "$uid" ] || [ "$(pwd -P)" = "$folder" ] ||
        fail "$folder leads through a link to $(pwd -P), which $user does not own. It was not changed."
}
make_folder() { [ -d "$folder" ] || mkdir -m 0700 -- "$folder" || return; own_folder; }
# An existing directory keeps its mode. But others must not have write permission, or sshd refuses it.
own_folder() {
    chown -h -- "$uid:$gid" "$folder" || return
    case $(stat -c %A -- "$folder") in ?????w*|????????w*) chmod go-w -- "$folder" ;; esac
}
folder_is_right() {
    case $(stat -c '%u %A' -- "$folder") in
        "$uid d"????w* | "$uid d"???????w*) false ;;
        "$uid d"*) ;;
        *) false ;;
    esac
}

if ! find_user; then
    [ "$look" = yes ] || fail "there is no user $user: create it in an earlier task (module user)"
    report at absent
    [ "$state" = absent ] || changed "create authorized_keys of $user"
    return
fi
report keyfile "$path"
if [ "$follow" = yes ] && [ -L "$path" ]; then path=$(as_user readlink -f -- "$path"); fi
folder=${path%/*} file=./${path##*/}
for name in "$folder" "$path"; do
    [ ! -L "$name" ] ||
        fail "$name is a link, which may lead anywhere: remove it, or set follow: true"
done
if [ "$step" = read ]; then
    if ! as_user test -e "$path"; then report at absent; return; fi
    report at file
    say
    printf 'before=' >&3
    as_user cat -- "$path" >&3 && printf '\0' >&3 && return
    printf '\0' >&3
    fail "$path can't be read by $user"
fi
if [ "$manage_dir" = yes ] && [ "$state" = present ]; then
    ensure "create $folder" folder_is_right make_folder
fi
if [ "$look" = no ]; then
    enter
    owner='' group='' mode=''
    at "$file" || true
    if [ "$at_kind" != file ]; then owner=$uid group=$gid mode=0600; fi
    replace "$file"
    at "$file"
    holds "$file" || fail "$path holds something else right after it was written"
fi
changed "$what"
