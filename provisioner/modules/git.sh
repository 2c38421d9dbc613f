# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Body of the module git: check out a revision of a git repository.

nl='
'
git_here() { (cd "$dest" && "$executable" "$@"); }

# remote_head: $wanted is what the version is on the remote, $kind how it is called there.
remote_head() {
    wanted='' kind=''
    if [ -n "$sha" ]; then
        wanted=$sha kind=commit
        return
    fi
    set -- "$1" "$version" "refs/heads/$version" "refs/tags/$version" "refs/tags/$version^{}"
    heads=$("$executable" ls-remote "$@") || unreachable "$@"
    tab='	' rest=$heads$nl
    while [ -n "${rest#"$nl"}" ]; do
        line=${rest%%"$nl"*} rest=${rest#*"$nl"}
        name=${line#*"$tab"} id=${line%%"$tab"*}
        case $name in
            HEAD) [ "$version" != HEAD ] || { wanted=$id kind=head; } ;;
            "refs/heads/$version") wanted=$id kind=branch ;;
            "refs/tags/$version^{}") [ "$kind" = branch ] || { wanted=$id kind=tag; } ;;
            "refs/tags/$version" | "$version") [ -n "$wanted" ] || { wanted=$id kind=tag; } ;;
        esac
    done
}
# unreachable ARG...: ask once more, for the reason: a look keeps no output.
unreachable() {
    why=$("$executable" ls-remote "$@" 2>&1)
    fail "can't ask $shown: ${why##*fatal: }"
}
local_head() { git_here rev-parse --verify -q "HEAD^{commit}"; }

clone_it() {
    set -- --origin "$remote"
    [ "$kind" != commit ] || depth=''  # it may be further back
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
    if [ -n "$refspec" ]; then git_here fetch "$remote" "$refspec" || return; fi
    [ "$bare" = yes ] || check_out
}
fetch_it() {
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
    git_here fetch --update-head-ok "$@" '+refs/tags/*:refs/tags/*'
}
# check_out: a branch of the remote as a branch here, anything else detached.
check_out() {
    [ "$bare" = no ] || return 0
    branch=$version
    if [ "$kind" = head ]; then
        branch=$(git_here symbolic-ref -q "refs/remotes/$remote/HEAD")
        branch=${branch#"refs/remotes/$remote/"}
    fi
    if [ -n "$branch" ] && [ "$kind" != tag ] && [ "$kind" != commit ] &&
        git_here rev-parse --verify -q "refs/remotes/$remote/$branch" >/dev/null; then
        if git_here rev-parse --verify -q "refs/heads/$branch" >/dev/null; then
            git_here checkout --force "$branch" -- || return
        else
            git_here checkout --force --track -b "$branch" "$remote/$branch" -- || return
        fi
    else
        git_here checkout --force --detach "$wanted" -- || return
    fi
    git_here reset --hard "$wanted" -- && submodules
}
submodules() {
    [ "$recursive" = yes ] && [ -f "$dest/.gitmodules" ] || return 0
    git_here submodule sync &&
        if [ "$track_submodules" = yes ]; then
            git_here submodule update --init --recursive --force --remote
        else
            git_here submodule update --init --recursive --force
        fi
}
update_it() {
    fetch_it || return
    if [ "$kind" = commit ] && ! git_here rev-parse --verify -q "$wanted^{commit}" >/dev/null; then
        echo "the commit $wanted is on no branch or tag that was fetched" >&2
        return 1
    fi
    check_out
}
set_url() { git_here config "remote.$remote.url" "$repo"; }
url_right() { [ "$(git_here config "remote.$remote.url")" = "$repo" ]; }
reset_it() { git_here reset --hard -q; }
# `git status` and `git diff` write the index, which a look must not.
unmodified() {
    [ -n "$before" ] || return 0
    [ -z "$(git_here ls-files -m -d | head -n 1)" ] || return
    git_here diff-index --cached --quiet HEAD -- || half_cloned
}
# half_cloned: an earlier run was ended before it had checked anything out.
half_cloned() {
    [ -z "$(git_here ls-files | head -n 1)" ] && [ -n "$(git_here ls-tree HEAD | head -n 1)" ] &&
        half=yes
}
# at_version: what is checked out, or in a bare repository what the version is.
at_version() {
    after=''
    [ "$half" = no ] || return
    if [ "$bare" = yes ] && [ "$kind" = branch ]; then
        after=$(git_here rev-parse --verify -q "refs/heads/$version")
    elif [ "$bare" = yes ] && { [ "$kind" = tag ] || [ "$kind" = commit ]; }; then
        after=$(git_here rev-parse --verify -q "$wanted^{commit}")
    else
        after=$(local_head)
    fi
    [ "$after" = "$wanted" ]
}
# set_ssh: git before 2.3 takes a program only. It is unlinked by `drop_ssh`.
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
        chmod 0700 "$wrapper" && trap drop_ssh EXIT && trap 'exit 129' HUP INT TERM
        export GIT_SSH="$wrapper"
        ! "$wrapper" -V || return 0
        drop_ssh
    done
    fail "no place for ssh's options: /dev/shm, /run, /var/tmp and /tmp are full or mounted noexec"
}
drop_ssh() { rm -f -- "$wrapper"; }
verify() {
    [ "$verify_commit" = yes ] && [ "$look" = no ] || return 0
    if [ "$kind" = tag ]; then run git_here verify-tag -v "$version"
    else run git_here verify-commit -v "$wanted"
    fi || broken "verify the signature of $version" "exit $status"
    [ -n "$gpg_allowlist" ] || return 0
    eval "set -- $gpg_allowlist"
    said=$(stdout; stderr)
    for key; do case $said in *"$key"*) return 0 ;; esac; done
    fail "$version is signed by no key of gpg_allowlist"
}

executable=${executable:-git}
if ! command -v "$executable" >/dev/null; then
    [ "$look" = yes ] || fail "$executable is not there: install the package git in an earlier task"
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
there=no half=no
if [ -n "$dest" ]; then
    if [ "$bare" = yes ]; then [ ! -f "$dest/config" ] || there=yes
    else [ ! -e "$dest/.git" ] || there=yes
    fi
fi
if [ "$there" = no ]; then
    remote_head "$repo"
    [ -n "$wanted" ] || fail "$shown has no branch or tag $version"
    report after "$wanted"
    [ "$clone" = yes ] || return 0
    changed "clone $shown to $dest"
    [ "$look" = no ] || return 0
    [ ! -d "$dest" ] || [ -z "$(ls -A "$dest")" ] ||
        fail "$dest is no repository, and not empty: remove it in an earlier task"
    run clone_it || broken "clone $shown to $dest" "exit $status"
    at_version || fail "$dest is at ${after:-no commit}, not at $wanted, after it was cloned"
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
    ensure "throw away changes in $dest" unmodified reset_it
fi
if ! url_right; then
    report remote_url_changed yes
    ensure "set the remote of $dest: $shown" url_right set_url
fi
remote_head "$repo"
[ -n "$wanted" ] || fail "$shown has no branch or tag $version"
if ! at_version; then
    if [ "$look" = no ]; then
        run update_it || broken "update $dest to $version" "exit $status"
        half=no
        at_version || fail "$dest is at ${after:-no commit}, not at $wanted, after it was updated"
    fi
    changed "update $dest to $version"
fi
report after "$wanted"
verify
