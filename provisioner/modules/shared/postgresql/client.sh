# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Ask the PostgreSQL server through the host's psql command.

# sql: run the SQL on stdin. The login is passed through a pipe, as a service file, so that no other
# user of the host can see it.
sql() {
    {
        printf '%s' "$service" |
            PGSERVICEFILE=/proc/self/fd/5 PGSERVICE=provision PGCLIENTENCODING=UTF8 \
                psql -X -A -t -q -w -v ON_ERROR_STOP=1 5<&0 <&6 6<&- 3>&- 4<&-
    } 6<&0
}
# ask SQL: leave the server's answer in $answer; if it fails, leave the reason in $error.
ask() {
    answer=$(printf '%s' "$1" | sql 2>/dev/null) && return
    error=$(printf '%s' "$1" | sql 2>&1 >/dev/null)
    return 1
}
# submit: run $statements. The error message may quote a statement, so its hash is masked.
submit() {
    error=$(printf '%s' "$statements" | sql 2>&1 >/dev/null) && return
    _code=$?
    printf '%s\n' "$error" |
        sed "s/'md5[0-9a-f]*/'********/g; s/'SCRAM-SHA-256[\$].*/'********/" >&2
    return "$_code"
}

# psql warns if it can't access the working directory, which another user's home often is.
cd / || :
if ! command -v psql >/dev/null; then
    error='psql is not installed on this host: install postgresql in an earlier task'
elif ask "$question"; then
    error=''
else
    error="the server can't be asked: ${error:-no answer}"
fi
