# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module yum_repository: keep a section in a file of /etc/yum.repos.d.

nl='
'
# Walk the file once: $new becomes its text with our section replaced (or left out), $items what our
# section says now, as lines key=value. All other lines stay byte for byte.
new='' items='' tail='' place=other found=no others=no last_line=''
take() {
    case $1 in
        '['*)
            leave
            if [ "${1%%]*}]" = "[$section]" ]; then
                place=ours
                [ "$found" = yes ] || new=$new$text
                found=yes
            else
                place=other others=yes new=$new$1
            fi
            return ;;
    esac
    if [ "$place" = other ]; then new=$new$1; return; fi
    case $1 in
        '#'* | ';'*) tail=$tail$1 ;;
        *[![:space:]]*) tail=''; item "${1%"$nl"}" ;;
        *) tail=$tail$1 ;;
    esac
}
# Comments and empty lines behind our last option belong to what follows.
leave() {
    if [ -z "$text" ]; then
        while [ "${tail#"$nl"}" != "$tail" ]; do tail=${tail#"$nl"}; done
    fi
    new=$new$tail tail=''
}
item() {
    case $1 in
        [[:space:]]*)
            trim "$1"
            items=${items%"$nl"}
            case $items in *=) ;; *) items="$items " ;; esac
            items=$items$value$nl
            return ;;
    esac
    key=${1%%[=:]*}
    trim "$key"; key=$value
    trim "${1#*[=:]}"
    items=$items$key=$value$nl
}
trim() {
    value=${1#"${1%%[![:space:]]*}"}
    value=${value%"${value##*[![:space:]]}"}
}
# same: our section says what is wanted, in whatever order and spacing.
same() {
    [ "${#items}" -eq "${#wanted}" ] || return
    rest=$items
    while [ -n "$rest" ]; do
        case $nl$wanted in *"$nl${rest%%"$nl"*}$nl"*) ;; *) return 1 ;; esac
        rest=${rest#*"$nl"}
    done
}
gone() { [ ! -e "$path" ]; }
remove() { rm -f -- "$path"; }

if [ -f "$path" ]; then
    [ -r "$path" ] || fail "$path can't be read"
    while IFS= read -r last_line; do take "$last_line$nl"; done <"$path"
    [ -z "$last_line" ] || take "$last_line"
    leave
fi
if [ "$state" = absent ]; then
    [ "$found" = yes ] || return 0
    if [ "$others" = no ]; then
        [ "$diff" = no ] || ! at "$path" || before "$path"
        ensure "remove $path" gone remove
        return
    fi
elif [ "$found" = no ]; then
    case $new in
        '' | *"$nl$nl") ;;
        *"$nl") new=$new$nl ;;
        *) new=$new$nl$nl ;;
    esac
    new=$new$text
elif same; then
    at "$path"
    attributes "$path"
    return
fi
content=$new
[ "$diff" = no ] || report after "$content"
put "$path"
