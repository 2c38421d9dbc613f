# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Ask the MariaDB or MySQL server through the host's mysql command.

# client PROGRAM ARG...: a program of MariaDB with the login, which comes by a pipe: no other user
# of the host sees it. Stdin stays that of the caller.
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

# ask SQL [OPTION...]: leaves in $answer what the server says, or in $complaint why there is none.
ask() {
    _sql=$1
    shift
    answer=$(printf '%s' "$_sql" | sql "$@" 2>/dev/null) && return
    complaint=$(printf '%s' "$_sql" | sql "$@" 2>&1 >/dev/null)
    return 1
}

# signed_in WHAT SQL [OPTION...]: ask the first question. In check mode an earlier task may have
# installed or started the server by now: a look says that WHAT would be done.
signed_in() {
    charset=utf8 hint='' _would=$1
    shift
    expand config_file
    _general="!include /etc/my.cnf$_nl"
    login="!include $config_file$_nl$options"
    [ "$restrict" = yes ] || login=$_general$login
    if ! command -v mysql >/dev/null; then
        complaint='there is no mysql on this host: install mariadb in an earlier task'
    else
        if [ "$check_implicit_admin" = yes ]; then
            _given=$login
            login=$_general$implicit
            ask "$@" && return
            login=$_given
        fi
        ask "$@" && return
        case $complaint in
            *'ERROR 1045'*) hint="check login_user and login_password, or what $config_file says" ;;
            *'ERROR 200'[23]*)
                hint='start the server in an earlier task, or name its login_unix_socket'
                ;;
        esac
        complaint="the server can't be asked: ${complaint:-no answer}"
    fi
    if [ "$look" = no ]; then
        [ -z "$hint" ] || report hint "$hint"
        fail "$complaint"
    fi
    assume "$complaint"
    changed "$_would"
    return 1
}
