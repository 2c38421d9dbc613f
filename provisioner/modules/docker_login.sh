# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of docker_login: log in to a registry, or log out.

# store_credentials: let docker check the password with the registry and store it. The file is
# written here if docker is too old to read the password on stdin (before 17.07), and if the file
# has another name than docker's own.
store_credentials() {
    case $config_path in
        */config.json) ;;
        *) write_config; return ;;
    esac
    make_directory
    run call_docker && return
    case $(stderr) in
        *password-stdin*) ;;
        *) broken "$_what" "exit $status" ;;
    esac
    write_config
    report note "this version of docker reads no password on stdin: stored without a check"
}
call_docker() {
    if [ "$state" = absent ]; then
        cli --config "${config_path%/*}" logout ${server:+"$server"}
    else
        printf '%s' "$password" |
            cli --config "${config_path%/*}" login --username "$username" --password-stdin \
                ${server:+"$server"}
    fi
}
make_directory() {
    [ -d "${config_path%/*}" ] || run mkdir -p -m 0700 -- "${config_path%/*}" ||
        broken "create ${config_path%/*}" "exit $status"
}
write_config() {
    make_directory
    mode=0600
    at "$config_path" || true
    replace "$config_path"
}

on_failure=explain_run error=''
_what="log in to $registry as $username"
[ "$state" = present ] || _what="log out of $registry"
need_docker "$_what" || return 0
what=$_what
if [ "$look" = no ]; then store_credentials; fi
changed "$what"
