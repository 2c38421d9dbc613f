# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module git: check out a revision of a git repository.

nl='
'
# in_dest ARG...: call git in $dest.
in_dest() { (cd "$dest" && "$executable" "$@"); }

# find_version REPOSITORY: set $commit to the commit of $version in the remote repository, and $kind to
# commit, head, branch or tag. Both are empty if it has no such version.
find_version() {
    commit='' kind=''
    if [ -n "$sha" ]; then
        commit=$sha kind=commit
        return
    fi
    set -- "$1" "$version" "refs/heads/$version" "refs/tags/$version" "refs/tags/$version^{}"
    heads=$("$executable" ls-remote "$@") || fail_unreachable "$@"
    tab='	' rest=$heads$nl
    while [ -n "${rest#"$nl"}" ]; do
        line=${rest%%"$nl"*} rest=${rest#*"$nl"}
        name=${line#*"$tab"} id=${line%%"$tab"*}
        case $name in
            HEAD) [ "$version" != HEAD ] || { commit=$id kind=head; } ;;
            "refs/heads/$version") commit=$id kind=branch ;;
            "refs/tags/$version^{}") [ "$kind" = branch ] || { commit=$id kind=tag; } ;;
            "refs/tags/$version" | "$version") [ -n "$commit" ] || { commit=$id kind=tag; } ;;
        esac
    done
}
# fail_unreachable ARG...: run ls-remote again to get the reason: the first run keeps no errors.
fail_unreachable() {
    why=$("$executable" ls-remote "$@" 2>&1)
    fail "can't read $shown: ${why##*fatal: }"
}
local_head() { in_dest rev-parse --verify -q "HEAD^{commit}"; }

clone() {
    set -- --origin "$remote"
    [ "$kind" != commit ] || depth=''  # the commit may be older than depth allows
    [ -z "$depth" ] || set -- "$@" --depth "$depth"
    [ -z "$reference" ] || set -- "$@" --reference "$reference"
    [ -z "$separate_git_dir" ] || set -- "$@" --separate-git-dir="$separate_git_dir"
    if [ "$bare" = yes ]; then set -- "$@" --bare; else set -- "$@" --no-checkout; fi
    case $kind in branch | tag) set -- "$@" --branch "$version" ;; esac
    if [ "$single_branch" = yes ]; then set -- "$@" --single-branch
    elif [ -n "$depth" ]; then set -- "$@" --no-single-branch
    fi
    case $dest in */?*) mkdir -p -- "${dest%/*}" || return ;; esac
    "$executable" clone "$@" "$repo" "$dest" || return
    if [ -n "$refspec" ]; then in_dest fetch "$remote" "$refspec" || return; fi
    [ "$bare" = yes ] || check_out
}
fetch() {
    set -- "$remote"
    [ -z "$depth" ] || set -- --depth "$depth" "$@"
    heads=refs/remotes/$remote
    [ "$bare" = no ] || heads=refs/heads
    if [ "$single_branch" = yes ] && [ "$kind" = branch ]; then
        set -- "$@" "+refs/heads/$version:$heads/$version"
    else
        set -- "$@" "+refs/heads/*:$heads/*"
    fi
    [ -z "$refspec" ] || set -- "$@" "$refspec"
    in_dest fetch --update-head-ok "$@" '+refs/tags/*:refs/tags/*'
}
# check_out: check out a branch as a local branch that tracks it, anything else as a detached HEAD.
check_out() {
    [ "$bare" = no ] || return 0
    branch=$version
    if [ "$kind" = head ]; then
        branch=$(in_dest symbolic-ref -q "refs/remotes/$remote/HEAD")
        branch=${branch#"refs/remotes/$remote/"}
    fi
    if [ -n "$branch" ] && [ "$kind" != tag ] && [ "$kind" != commit ] &&
        in_dest rev-parse --verify -q "refs/remotes/$remote/$branch" >/dev/null; then
        if in_dest rev-parse --verify -q "refs/heads/$branch" >/dev/null; then
            in_dest checkout --force "$branch" -- || return
        else
            in_dest checkout --force --track -b "$branch" "$remote/$branch" -- || return
        fi
    else
        in_dest checkout --force --detach "$commit" -- || return
    fi
    in_dest reset --hard "$commit" -- && submodules
}
submodules() {
    [ "$recursive" = yes ] && [ -f "$dest/.gitmodules" ] || return 0
    in_dest submodule sync &&
        if [ "$track_submodules" = yes ]; then
            in_dest submodule update --init --recursive --force --remote
        else
            in_dest submodule update --init --recursive --force
        fi
}
update() {
    fetch || return
    if [ "$kind" = commit ] && ! in_dest rev-parse --verify -q "$commit^{commit}" >/dev/null; then
        echo "no branch or tag that was fetched has the commit $commit" >&2
        return 1
    fi
    check_out
}
set_url() { in_dest config "remote.$remote.url" "$repo"; }
has_url() { [ "$(in_dest config "remote.$remote.url")" = "$repo" ]; }
reset() { in_dest reset --hard -q; }
# unmodified: the files are as they were checked out. `git status` and `git diff` are not used: they write
# the index, and a look must not change anything.
unmodified() {
    [ -n "$before" ] || return 0
    [ -z "$(in_dest ls-files -m -d | head -n 1)" ] || return
    in_dest diff-index --cached --quiet HEAD -- || is_half_cloned
}
# is_half_cloned: an earlier run was stopped between clone and checkout.
is_half_cloned() {
    [ -z "$(in_dest ls-files | head -n 1)" ] && [ -n "$(in_dest ls-tree HEAD | head -n 1)" ] &&
        half=yes
}
# at_version: the checkout is at $commit; a bare repository has it under the name $version.
at_version() {
    after=''
    [ "$half" = no ] || return
    if [ "$bare" = yes ] && [ "$kind" = branch ]; then
        after=$(in_dest rev-parse --verify -q "refs/heads/$version")
    elif [ "$bare" = yes ] && { [ "$kind" = tag ] || [ "$kind" = commit ]; }; then
        after=$(in_dest rev-parse --verify -q "$commit^{commit}")
    else
        after=$(local_head)
    fi
    [ "$after" = "$commit" ]
}
# set_ssh: let git call ssh with our options. git before 2.3 needs a script for that, which remove_ssh
# removes.
set_ssh() {
    [ -n "$ssh" ] || return 0
    [ "$look" = no ] || ssh="$ssh -o UserKnownHostsFile=/dev/null"
    case $version_of_git in
        1.* | 2.[0-2].*) ;;
        *) export GIT_SSH_COMMAND="ssh $ssh"; return ;;
    esac
    for folder in /dev/shm /run /var/tmp /tmp "$HOME"; do
        wrapper=$folder/.provision-$token-ssh
        (umask 077; set -C; printf '#!/bin/sh\nexec ssh %s "$@"\n' "$ssh" >"$wrapper") || continue
        chmod 0700 "$wrapper" && trap remove_ssh EXIT && trap 'exit 129' HUP INT TERM
        export GIT_SSH="$wrapper"
        ! "$wrapper" -V || return 0
        remove_ssh
    done
    fail "can't write a script for ssh: /dev/shm, /run, /var/tmp and /tmp are full or mounted noexec"
}
remove_ssh() { rm -f -- "$wrapper"; }
verify() {
    [ "$verify_commit" = yes ] && [ "$look" = no ] || return 0
    if [ "$kind" = tag ]; then run in_dest verify-tag -v "$version"
    else run in_dest verify-commit -v "$commit"
    fi || broken "verify the signature of $version" "exit $status"
    [ -n "$gpg_allowlist" ] || return 0
    eval "set -- $gpg_allowlist"
    gpg_output=$(stdout; stderr)
    for key; do case $gpg_output in *"$key"*) return 0 ;; esac; done
    fail "$version is not signed by a key of gpg_allowlist"
}

executable=${executable:-git}
if ! command -v "$executable" >/dev/null; then
    [ "$look" = yes ] || fail "$executable is not installed: install the package git in an earlier task"
    [ "$clone" = no ] || changed "clone $shown to $dest"
    return
fi
[ -z "$umask" ] || set_umask "$umask"
export GIT_TERMINAL_PROMPT=0 GIT_ASKPASS=/bin/true
version_of_git=$("$executable" --version)
version_of_git=${version_of_git#git version }
set_ssh
[ -z "$dest" ] || expand dest
dest=${dest%"${dest##*[!/]}"}
cloned=no half=no
if [ -n "$dest" ]; then
    if [ "$bare" = yes ]; then [ ! -f "$dest/config" ] || cloned=yes
    else [ ! -e "$dest/.git" ] || cloned=yes
    fi
fi
if [ "$cloned" = no ]; then
    find_version "$repo"
    [ -n "$commit" ] || fail "$shown has no branch or tag $version"
    report after "$commit"
    [ "$clone" = yes ] || return 0
    changed "clone $shown to $dest"
    [ "$look" = no ] || return 0
    [ ! -d "$dest" ] || [ -z "$(ls -A "$dest")" ] ||
        fail "$dest is not empty and not a git repository: remove it in an earlier task"
    run clone || broken "clone $shown to $dest" "exit $status"
    at_version || fail "$dest is at ${after:-no commit}, not at $commit, after the clone"
    verify
    return
fi
before=$(local_head) || before=''
report before "$before"
if [ "$update" = no ]; then
    report after "$before"
    return
fi
if [ "$bare" = no ] && ! unmodified; then
    [ "$force" = yes ] || fail "Local modifications exist in the destination: $dest (force=no)."
    ensure "discard changes in $dest" unmodified reset
fi
if ! has_url; then
    report remote_url_changed yes
    ensure "set the remote of $dest: $shown" has_url set_url
fi
find_version "$repo"
[ -n "$commit" ] || fail "$shown has no branch or tag $version"
if ! at_version; then
    if [ "$look" = no ]; then
        run update || broken "update $dest to $version" "exit $status"
        half=no
        at_version || fail "$dest is at ${after:-no commit}, not at $commit, after the update"
    fi
    changed "update $dest to $version"
fi
report after "$commit"
verify
