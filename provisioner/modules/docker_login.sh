# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of docker_login: log in to a registry, or log out.

# logged_in: docker checks the password with the registry and keeps it. Where it is too old to take
# it on stdin (before 17.07), and for settings of another name, the file is written here.
logged_in() {
    case $config_path in
        */config.json) ;;
        *) put_settings; return ;;
    esac
    make_folder
    if [ "$direct" != yes ]; then
        run by_docker && return
        case $(stderr) in
            *password-stdin*) ;;
            *) broken "$_what" "exit $status" ;;
        esac
    fi
    put_settings
    report note "this Docker takes no password on stdin: it is kept, unchecked"
}
by_docker() {
    if [ "$state" = absent ]; then
        cli --config "${config_path%/*}" logout ${server:+"$server"}
    else
        printf '%s' "$password" |
            cli --config "${config_path%/*}" login --username "$username" --password-stdin \
                ${server:+"$server"}
    fi
}
make_folder() {
    [ -d "${config_path%/*}" ] || run mkdir -p -m 0700 -- "${config_path%/*}" ||
        broken "create ${config_path%/*}" "exit $status"
}
put_settings() {
    make_folder
    mode=0600
    at "$config_path" || true
    replace "$config_path"
}

on_failure=explain_run complaint=''
_what="log in to $registry as $username"
[ "$state" = present ] || _what="log out of $registry"
installed "$_what" || return 0
what=$_what
if [ "$look" = no ]; then logged_in; fi
changed "$what"
