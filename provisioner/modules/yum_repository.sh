# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module yum_repository: keep a section in a file of /etc/yum.repos.d.

nl='
'
# The file is read once. $new becomes its text with our section replaced or left out; all other lines stay
# as they are. $items becomes the present content of our section, in lines key=value.
new='' items='' tail='' place=other found=no has_others=no last_line=''
add_line() {
    case $1 in
        '['*)
            end_section
            if [ "${1%%]*}]" = "[$section]" ]; then
                place=ours
                [ "$found" = yes ] || new=$new$text
                found=yes
            else
                place=other has_others=yes new=$new$1
            fi
            return ;;
    esac
    if [ "$place" = other ]; then new=$new$1; return; fi
    case $1 in
        '#'* | ';'*) tail=$tail$1 ;;
        *[![:space:]]*) tail=''; add_item "${1%"$nl"}" ;;
        *) tail=$tail$1 ;;
    esac
}
# end_section: comments and empty lines after our last option belong to the next section.
end_section() {
    if [ -z "$text" ]; then
        while [ "${tail#"$nl"}" != "$tail" ]; do tail=${tail#"$nl"}; done
    fi
    new=$new$tail tail=''
}
add_item() {
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
# trim TEXT: set $value to TEXT without white space at both ends.
trim() {
    value=${1#"${1%%[![:space:]]*}"}
    value=${value%"${value##*[![:space:]]}"}
}
# is_right: our section has the right items, in any order and spacing.
is_right() {
    [ "${#items}" -eq "${#right_items}" ] || return
    rest=$items
    while [ -n "$rest" ]; do
        case $nl$right_items in *"$nl${rest%%"$nl"*}$nl"*) ;; *) return 1 ;; esac
        rest=${rest#*"$nl"}
    done
}
gone() { [ ! -e "$path" ]; }
remove() { rm -f -- "$path"; }

if [ -f "$path" ]; then
    [ -r "$path" ] || fail "$path can't be read"
    while IFS= read -r last_line; do add_line "$last_line$nl"; done <"$path"
    [ -z "$last_line" ] || add_line "$last_line"
    end_section
fi
if [ "$state" = absent ]; then
    [ "$found" = yes ] || return 0
    if [ "$has_others" = no ]; then
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
elif is_right; then
    at "$path"
    attributes "$path"
    return
fi
content=$new
[ "$diff" = no ] || report after "$content"
put "$path"
