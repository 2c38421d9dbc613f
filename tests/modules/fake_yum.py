"""A fake rpm and yum, which keep their packages in files.

`db` holds the installed packages and `repo` the available ones, one on each line (NAME EPOCH
VERSION RELEASE ARCH, with `-` for no epoch); `provides` has lines PACKAGE CAPABILITY. yum behaves
like version 3.4: it ignores unknown names, and exits with 0 if it installs another package. With a
file `yum_says` it fails with that text; `yum_exit` is its exit status then, by default 1.
"""

from __future__ import annotations

from tests.modules.conftest import Host

_COMMON = r"""
cd "%s" || exit
touch db repo provides
# matching FILE SPEC: the lines of packages that SPEC names.
matching() {
    while read -r n e v r a; do
        # shellcheck disable=SC2254
        case $n in $2) echo "$n $e $v $r $a"; continue ;; esac
        case $2 in
            "$n-$v" | "$n-$v-$r" | "$n-$v-$r.$a" | "$n.$a" | "$n-$e:$v" | "$n-$e:$v-$r" | \
                "$n >= "* | *"/$n-$v-$r.$a.rpm") echo "$n $e $v $r $a" ;;
        esac
    done <"$1"
    [ "$1" = repo ] || return
    while read -r n cap; do [ "$cap" != "$2" ] || matching "$1" "$n"; done <provides
}
"""

RPM = (
    _COMMON
    + r"""
format='%%{NAME}\n' provides=no all=no
case $1 in --eval) vercmp=$2 ;; esac
while [ $# -gt 0 ]; do
    case $1 in
        -qa) all=yes ;;
        --qf) format=$2; shift ;;
        --root) shift ;;
        --whatprovides) provides=yes ;;
        --) shift; break ;;
        -*) ;;
        *) break ;;
    esac
    shift
done
show() {
    case $2 in -) colon='' zero=0 ;; *) colon=$2: zero=$2 ;; esac
    line=$(printf %%s "$format" | sed "s/%%|EPOCH?{%%{EPOCH}:}:{}|/$colon/
        s/%%|EPOCH?{%%{EPOCH}}:{0}|/$zero/; s/%%|EPOCH?{%%{EPOCH}}:{}|/${colon%%:}/; s/%%{NAME}/$1/g
        s/%%{VERSION}/$3/g; s/%%{RELEASE}/$4/g; s/%%{ARCH}/$5/g; s/%%|ARCH?{\(.*\)}:{}|/\1/")
    printf '%%b' "$line"
}
if [ -n "$vercmp" ]; then
    set -- $(echo "$vercmp" | grep -o "'[^']*'" | tr -d "'")
    while [ $# -gt 0 ] && [ "$1" = "$2" ]; do shift 2; done
    if [ $# -eq 0 ]; then echo 0
    elif [ "$(printf '%%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; then echo -1
    else echo 1
    fi
    exit
fi
if [ -e broken ]; then cat broken >&2; echo "package $1 is not installed"; exit 1; fi
if [ $all = yes ]; then
    matching db "${1:-*}" | while read -r line; do show $line; done
    exit 0
fi
rc=0
for spec; do
    if [ $provides = yes ]; then
        while read -r n cap; do
            [ "$cap" = "$spec" ] && matching db "$n"
        done <provides >found
        [ -s found ] || { echo "no package provides $spec"; rc=1; }
    else
        matching db "$spec" >found
        [ -s found ] || { echo "package $spec is not installed"; rc=1; }
    fi
    while read -r line; do show $line; done <found
done
exit $rc
"""
)

YUM = (
    _COMMON
    + r"""
assumeno=no command=''
for word; do
    shift
    case $word in
        --assumeno) assumeno=yes ;;
        -*) ;;
        *) if [ -z "$command" ]; then command=$word; else set -- "$@" "$word"; fi ;;
    esac
done
case $command in
    repolist)
        printf 'repo id   repo name\nbase/7/x86_64   Base\n!extras/7/x86_64   Extras\n'
        exit ;;
    clean | makecache) exit ;;
esac
if [ -e yum_says ]; then cat yum_says >&2; exit "$(cat yum_exit 2>/dev/null || echo 1)"; fi
newest() { matching repo "$1" | tail -n 1; }
put() { grep -v "^$1 " db >db.new; echo "$*" >>db.new; mv db.new db; }
done=no
[ $# -gt 0 ] || set -- '*'
for spec; do
    case $command in
        install | downgrade)
            newest "$spec" | { read -r line && ! grep -qx "$line" db && echo "$line"; } >todo
            [ -n "$(newest "$spec")" ] || echo "No package $spec available."
            [ -s todo ] || continue
            done=yes
            [ $assumeno = yes ] || put $(cat todo) ;;
        update | check-update)
            matching db "$spec" | while read -r n rest; do
                line=$(newest "$n")
                grep -qx "$line" db || echo "$line"
            done >todo
            while read -r n e v r a; do
                done=yes
                if [ "$command" = update ]; then put "$n" "$e" "$v" "$r" "$a"
                else echo "$n.$a   $v-$r   base"; fi
            done <todo ;;
        remove)
            [ -n "$(matching db "$spec")" ] || continue
            done=yes
            [ $assumeno = yes ] || { grep -v "^${spec%%%%-[0-9]*} " db >db.new; mv db.new db; } ;;
    esac
done
case $command$assumeno$done in
    check-updatenoyes) exit 100 ;;
    *yesyes) echo 'Exiting on user command'; exit 1 ;;
    installnono)
        echo 'Nothing to do'
        [ -n "$(for spec; do newest "$spec"; done)" ] || exit 1 ;;
    *no) echo 'Nothing to do' ;;
esac
exit 0
"""
)


def install(host: Host) -> None:
    """Put both on the host, with docker-ce and others in the repository and bash installed."""
    host.fake("rpm", RPM % host.root)
    host.fake("yum", YUM % host.root)
    host.fake("sleep", "exit 0")
    write(host, db="bash - 4.2.46 35.el7 x86_64")
    write(
        host,
        repo="docker-ce 3 25.0.0 1.el7 x86_64\n"
        "docker-ce 3 26.1.4 1.el7 x86_64\n"
        "vim-enhanced 2 7.4.629 8.el7 x86_64\n"
        "bash - 4.2.46 35.el7 x86_64\n",
        provides="vim-enhanced /usr/bin/vim\nvim-enhanced vim",
    )


def write(host: Host, **files: str) -> None:
    for name, text in files.items():
        (host.root / name).write_text(text.rstrip("\n") + "\n")


def installed(host: Host) -> list[str]:
    """Return the installed packages as NAME-VERSION."""
    lines = (line.split() for line in (host.root / "db").read_text().splitlines())
    return sorted(f"{words[0]}-{words[2]}" for words in lines)
