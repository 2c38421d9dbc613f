# shellcheck shell=sh disable=SC2034,SC2119,SC2120,SC2154,SC2317,SC2329
# Body of the module iptables: add or remove a rule or chain, or set a chain's policy.

# shellcheck disable=SC2086
tables() { "$tool" -w $wait -t "$table" "$@"; }
# has_rule: the chain has the rule. iptables -C exits with 1 if not, and with 2 if the rule jumps to a
# chain that does not exist yet.
has_rule() {
    eval "set -- $rule"
    why=$(tables -C "$chain" "$@" 2>&1) && return
    case $? in 1 | 2) return 1 ;; esac
    fail "can't list the rules: ${why##*: }"
}
lacks_rule() { ! has_rule; }
add_rule() {
    eval "set -- $rule"
    if [ "$action" = insert ]; then
        # shellcheck disable=SC2086
        tables -I "$chain" $rule_num "$@"
    else
        tables -A "$chain" "$@"
    fi
}
remove_rule() {
    eval "set -- $rule"
    while tables -C "$chain" "$@"; do tables -D "$chain" "$@" || return; done
}
has_chain() { tables -S "$chain"; }
lacks_chain() { ! has_chain; }
add_chain() { tables -N "$chain"; }
remove_chain() { tables -X "$chain"; }
is_flushed() {
    rules=$(tables -S ${chain:+"$chain"}) || return
    case "
$rules" in *"
-A "*) return 1 ;; esac
}
flush_rules() { tables -F ${chain:+"$chain"}; }
has_policy() {
    lines=$(tables -S "$chain") || return
    case $lines in "-P $chain $policy"*) ;; *) false ;; esac
}
set_policy() { tables -P "$chain" "$policy"; }

if ! command -v "$tool" >/dev/null; then
    [ "$look" = yes ] ||
        fail "$tool is not found: install the package iptables in an earlier task, or add become"
    changed "$what"
    return
fi
if [ "$flush" = yes ]; then ensure "$what" is_flushed flush_rules
elif [ -n "$policy" ]; then ensure "$what" has_policy set_policy
elif [ -z "$rule" ]; then
    if [ "$state" = present ]; then ensure "add chain $chain" has_chain add_chain
    else ensure "remove chain $chain" lacks_chain remove_chain
    fi
elif [ "$state" = absent ]; then ensure "$what" lacks_rule remove_rule
else
    [ "$chain_management" = no ] || ensure "add chain $chain" has_chain add_chain
    ensure "$what" has_rule add_rule
fi
