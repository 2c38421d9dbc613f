"""The programs of mysql_user: READ reports the account, CHANGE changes it and reports it again."""

from __future__ import annotations

from provisioner.modules.shared.mysql.client import CLIENT

_REPORT = (
    CLIENT
    + r"""
# read_grants: leave the grants of the accounts in $grants. SHOW GRANTS needs a statement for each
# account, so the server composes these statements first.
read_grants() {
    grants=''
    [ -n "$question" ] || return 0
    ask "$question" --raw --skip-column-names || fail "$error"
    [ -n "$answer" ] || return 0
    ask "$session$answer" --raw --skip-column-names || fail "$error"
    grants=$answer
}
# submit: change the account. The error message quotes the statement, so its hash is masked.
submit() {
    error=$(printf '%s' "$statements" | sql 2>&1 >/dev/null) && return
    printf '%s\n' "$error" |
        sed '/^-\{14\}$/,/^-\{14\}$/d; /^$/d; s/\*[0-9A-Fa-f]\{40\}/********/g' >&2
    return 1
}

log_in "$what" "$rows_of" || return 0
"""
)

READ = (
    _REPORT
    + r"""
report users "$answer"
read_grants
report grants "$grants"
"""
)

CHANGE = (
    _REPORT
    + r"""
if [ "$look" = no ]; then
    run submit || broken "$what" "exit $status"
    ask "$rows_of" || fail "$error"
    report users_after "$answer"
    read_grants
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
