# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Ask the MariaDB or MySQL server through the host's mysql command.

# client PROGRAM ARG...: run a program of MariaDB with the login. The login is passed through a pipe,
# so that no other user of the host can see it. Stdin is the caller's.
client() {
    _program=$1
    shift
    {
        printf '%s' "$login" |
            "$_program" --defaults-file=/proc/self/fd/5 \
                ${charset:+--default-character-set="$charset"} "$@" 5<&0 <&6 6<&- 3>&- 4<&-
    } 6<&0
}
# sql OPTION...: run the SQL on stdin.
sql() { client mysql --batch --no-auto-rehash "$@"; }

# ask SQL [OPTION...]: leave the server's answer in $answer; if it fails, leave the reason in $error.
ask() {
    _sql=$1
    shift
    answer=$(printf '%s' "$_sql" | sql "$@" 2>/dev/null) && return
    error=$(printf '%s' "$_sql" | sql "$@" 2>&1 >/dev/null)
    return 1
}

# log_in WHAT SQL [OPTION...]: ask the first question. If the server can't be asked, fail; but in
# check mode an earlier task may install or start the server: a look reports that WHAT would be done.
log_in() {
    charset=utf8 hint='' _change=$1
    shift
    expand config_file
    _general="!include /etc/my.cnf$_nl"
    login="!include $config_file$_nl$options"
    [ "$restrict_config_file" = yes ] || login=$_general$login
    if ! command -v mysql >/dev/null; then
        error='mysql is not installed on this host: install mariadb in an earlier task'
    else
        if [ "$check_implicit_admin" = yes ]; then
            _own_login=$login
            login=$_general$implicit
            ask "$@" && return
            login=$_own_login
        fi
        ask "$@" && return
        case $error in
            *'ERROR 1045'*) hint="check login_user and login_password, or $config_file" ;;
            *'ERROR 200'[23]*)
                hint='start the server in an earlier task, or set login_unix_socket'
                ;;
        esac
        error="the server can't be asked: ${error:-no answer}"
    fi
    if [ "$look" = no ]; then
        [ -z "$hint" ] || report hint "$hint"
        fail "$error"
    fi
    assume "$error"
    changed "$_change"
    return 1
}
