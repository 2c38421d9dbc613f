"""What docker's complaints mean and what to do about them, for 1.13 and 26."""

FAILURES = r"""
# unreachable: $complaint says that there is no daemon to talk to.
unreachable() {
    case $complaint in
        *'annot connect to the Docker daemon'* | *'docker daemon running'*) ;;
        *'docker.sock: connect: '*) ;;
        *) return 1 ;;
    esac
    case $complaint in *'ermission denied'*) return 1 ;; esac
}

# explain: end the program with what $complaint means, where that is known.
explain() {
    case $complaint in
        *'ermission denied'*docker*sock*)
            why="this user may not talk to the Docker daemon"
            report remedy 'set become: true, or add the user to the group docker' ;;
        *toomanyrequests* | *'rate limit'*)
            why="the registry's pull limit is reached"
            report remedy 'wait some hours, log in first (docker_login), or use a mirror (registry-mirrors)' ;;
        *'OCI index found'* | *'OCI manifest found'* | *'missing signature key'* | \
            *'unsupported manifest'* | *'nsupported media type'* | *'mediaType in manifest should be'*)
            why="this Docker is too old for the image's format"
            report remedy 'use a tag made in the older format (Docker schema 2), or a newer Docker' ;;
        *'anifest unknown'* | *'manifest for '*'not found'* | *'epository does not exist'* | \
            *'pull access denied'* | *'epository '*' not found'* | *'tag '*' not found in repository'*)
            why="the registry has no such image, or wants a login"
            report remedy 'check name and tag, or log in first (docker_login)' ;;
        *'no matching manifest'*)
            why="the image does not exist for this host's platform" ;;
        *unauthorized* | *'no basic auth credentials'* | *'access to the resource is denied'* | *'ncorrect username or password'*)
            why="the registry refuses the login"
            report remedy 'log in first (docker_login), and check the user and password' ;;
        *x509*)
            why="the registry's certificate is not trusted"
            report remedy "put its CA into /etc/docker/certs.d/REGISTRY/ca.crt, and check the host's clock" ;;
        *'server gave HTTP response to HTTPS client'*)
            why="the registry speaks no TLS"
            report remedy 'add it to insecure-registries in /etc/docker/daemon.json' ;;
        *'port is already allocated'* | *'ddress already in use'*)
            why="a port is taken"
            report remedy 'see ss -lntp, or publish another port' ;;
        *'dial tcp'* | *'no such host'* | *'i/o timeout'* | *'handshake timeout'* | \
            *'request canceled'* | *'Client.Timeout'* | *'unexpected EOF'*)
            why="the registry can't be reached"
            report remedy "check the host's network, DNS and proxy (docker info shows the daemon's)" ;;
        *'o space left on device'*)
            why="the disk is full"
            report remedy 'see docker system df; docker_prune frees space' ;;
        *'executable file not found'* | *'no such file or directory'*'exec'* | *'exec: '*)
            why="the container's command can't be run" ;;
        *'exec format error'*)
            why="the image is made for another processor" ;;
        *'onflict'*'is already in use by container'*)
            why="a container of that name was made meanwhile"
            report remedy 'run again' ;;
        *'nknown flag'* | *'nknown shorthand flag'*)
            why="this version of Docker has no such option" ;;
        *)
            if unreachable; then
                fail "${_what:+$_what: }the Docker daemon can't be reached: see journalctl -u docker ($complaint)"
            fi
            return 0 ;;
    esac
    fail "${_what:+$_what: }$why: $complaint"
}

# explain_run: the same for what the last `run` said, as its last lines have it.
explain_run() {
    complaint=$(stderr | grep -v -e '^$' -e 'See .docker' | tail -n 3)
    explain
    [ -z "$complaint" ] || fail "$_what: $complaint"
}
"""
