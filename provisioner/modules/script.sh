# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module script: run a script of the controller on the host.

due || return 0
if [ "$look" = yes ]; then
    if [ -n "$creates$removes" ]; then changed "run $what"; else report check ''; fi
    return
fi
# The interpreter reads the file. It is not executed itself: /tmp may be mounted noexec.
for folder in /tmp /var/tmp /dev/shm /run "$HOME" ''; do
    [ -n "$folder" ] || fail "can't write the script: /tmp, /var/tmp, /dev/shm and /run are full"
    file=$(mktemp "$folder/.provision-script-XXXXXXXX") && break
done
temp=$file # the kernel removes $temp at the end
trap 'exit 129' HUP INT TERM
exec 7>"$file"
order "$content_size" 0
_arrive || fail "the script did not arrive completely in $file: is the disk full? $_why"
[ "$_sum" = "$content_sha256" ] || fail "the script arrived with another checksum than it was sent with"
exec 7>&-
if [ -n "$chdir" ]; then cd -P "$chdir" || fail "can't change to $chdir"; fi
eval "set -- $arguments"
eval "set -- $interpreter \"\$file\" \"\$@\""
login_path
run_program "$@" || true
report rc "$status"
output
case $status in
    0) changed "run $what" ;;
    127) fail "exit 127: $1 or a command in the script was not found" ;;
    *) fail "exit $status" ;;
esac
