# shellcheck shell=sh
# The benchmark's play for plain ssh: functions, then one task a line. $1 is the host's directory.
# The harness puts content_a … content_d before it, which print the files.
root=$1
set -u

changed() { echo "changed: $*"; }
directory() {
    [ -d "$1" ] && [ "$(stat -c %a "$1")" = 755 ] && return
    mkdir -p "$1" && chmod 755 "$1" && changed "$1"
}
file() {
    sum=$(content_"$2" | sha256sum)
    [ -f "$1" ] && [ "$(sha256sum <"$1")" = "$sum" ] && [ "$(stat -c %a "$1")" = 644 ] && return
    content_"$2" >"$1.new" && chmod 644 "$1.new" && mv "$1.new" "$1" && changed "$1"
}
line() {
    grep -qxF "$3" "$1" && return
    sed "s|$2.*|$3|" "$1" >"$1.new" && mv "$1.new" "$1" && changed "$1"
}
service() { systemctl is-active "$1" >/dev/null && systemctl is-enabled "$1" >/dev/null; }
package() { rpm -q "$1" >/dev/null; }
marker() { [ -e "$1" ] || { : >"$1" && changed "$1"; }; }

# tasks
uname -r
directory "$root/app"
directory "$root/app/conf"
directory "$root/app/data"
directory "$root/app/log"
file "$root/app/conf/a.conf" a
file "$root/app/conf/b.conf" b
file "$root/app/conf/c.conf" c
file "$root/app/conf/d.conf" d
line "$root/limits.conf" ^nofile= nofile=65536
line "$root/sysctl.conf" ^swappiness= swappiness=10
service sshd
service chronyd
package curl
package openssh-server
package sudo
marker "$root/app/data/initialised"
marker "$root/app/data/registered"
cat /proc/loadavg
id -un
