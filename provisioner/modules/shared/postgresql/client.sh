# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Ask the PostgreSQL server through the host's psql command.

# sql: run the SQL on stdin. The login comes by a pipe, as a service file: no other user of the host
# sees it.
sql() {
    {
        printf '%s' "$service" |
            PGSERVICEFILE=/proc/self/fd/5 PGSERVICE=provision PGCLIENTENCODING=UTF8 \
                psql -X -A -t -q -w -v ON_ERROR_STOP=1 5<&0 <&6 6<&- 3>&- 4<&-
    } 6<&0
}
# ask SQL: leaves in $answer what the server says, or in $complaint why there is none.
ask() {
    answer=$(printf '%s' "$1" | sql 2>/dev/null) && return
    complaint=$(printf '%s' "$1" | sql 2>&1 >/dev/null)
    return 1
}
# submit: change what differs. The server's complaint may quote the statement, with a hash in it.
submit() {
    complaint=$(printf '%s' "$statements" | sql 2>&1 >/dev/null) && return
    _code=$?
    printf '%s\n' "$complaint" |
        sed "s/'md5[0-9a-f]*/'********/g; s/'SCRAM-SHA-256[\$].*/'********/" >&2
    return "$_code"
}

# psql complains of a directory that it can't return to; another user's home often is one.
cd / || :
if ! command -v psql >/dev/null; then
    complaint='there is no psql on this host: install postgresql in an earlier task'
elif ask "$question"; then
    complaint=''
else
    complaint="the server can't be asked: ${complaint:-no answer}"
fi
