"""mysql_user's programs: one tells the account, the other changes it and tells it again."""

from __future__ import annotations

from provisioner.modules.shared.mysql.client import ASK

_TELL = (
    ASK
    + r"""
# tell_grants: which grants to ask for depends on the accounts: the server writes these questions.
tell_grants() {
    grants=''
    [ -n "$question" ] || return 0
    ask "$question" --raw --skip-column-names || fail "$complaint"
    [ -n "$answer" ] || return 0
    ask "$session$answer" --raw --skip-column-names || fail "$complaint"
    grants=$answer
}
# submit: change the account. The client's complaint quotes the statement, with the hash in it.
submit() {
    complaint=$(printf '%s' "$statements" | sql 2>&1 >/dev/null) && return
    printf '%s\n' "$complaint" |
        sed '/^-\{14\}$/,/^-\{14\}$/d; /^$/d; s/\*[0-9A-Fa-f]\{40\}/********/g' >&2
    return 1
}

signed_in "$what" "$rows_of" || return 0
"""
)

READ = (
    _TELL
    + r"""
report users "$answer"
tell_grants
report grants "$grants"
"""
)

CHANGE = (
    _TELL
    + r"""
if [ "$look" = no ]; then
    run submit || broken "$what" "exit $status"
    ask "$rows_of" || fail "$complaint"
    report users_after "$answer"
    tell_grants
    report grants_after "$grants"
fi
eval "set -- $changes"
for change; do changed "$change"; done
"""
)

REFUSE = r"""
fail "$reason"
"""

ROWS = """\
SELECT v.version, u.User IS NOT NULL AS found, u.*
FROM (SELECT VERSION() AS version) v LEFT JOIN mysql.user u ON u.{which};
"""

GRANTS = """\
SELECT CONCAT('SHOW GRANTS FOR ''', REPLACE(User, '''', ''''''), '''@''',
    REPLACE(Host, '''', ''''''), ''';')
FROM mysql.user WHERE {which};
"""
