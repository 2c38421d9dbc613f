# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2329
# Explain the error messages of docker, from version 1.13 to 26.

no_daemon="the Docker daemon can't be reached: start it first, and see journalctl -u docker"

# unreachable: true if $error says that the daemon is not running.
unreachable() {
    case $error in
        *'ermission denied'*) return 1 ;;
        *'annot connect to the Docker daemon'* | *'docker daemon running'*) ;;
        *'docker.sock: connect: '*) ;;
        *) return 1 ;;
    esac
}

# A body may set $undo to a function that is called before a failure ends the program. It leaves a
# sentence in $undone, which ends the message.
undo='' undone=''

# refuse REASON: undo what was done, and fail.
refuse() {
    [ -z "$undo" ] || "$undo"
    fail "$1$undone"
}

# explain: fail with the meaning of $error, if it is a known one.
explain() {
    ! unreachable ||
        fail "${_what:+$_what: }$no_daemon ($error)$undone"
    why=''
    case $error in
        *'ermission denied'*ocker*sock* | *'docker.sock: connect: permission denied'*)
            why="this user may not talk to the Docker daemon"
            report hint "set become: true, or add the user to the group docker" ;;
        *toomanyrequests* | *'rate limit'*)
            why="the registry's pull limit is reached"
            report hint "log in first (docker_login), use a mirror, or wait some hours" ;;
        *'OCI index found'* | *'OCI manifest found'* | *'missing signature key'* | \
            *'unsupported manifest'* | *'nsupported media type'* | \
            *'mediaType in manifest should be'*)
            why="this Docker is too old for the image's format"
            report hint "use a tag in the older format (Docker schema 2), or install a newer Docker" ;;
        *'no matching manifest'* | *'exec format error'*)
            why="the image does not exist for this host's platform" ;;
        *'anifest unknown'* | *'manifest for '*'not found'* | *'epository does not exist'* | \
            *'pull access denied'* | *'epository '*' not found'* | \
            *'tag '*' not found in repository'*)
            why="the registry has no such image, or requires a login"
            report hint "check name and tag, or log in first (docker_login)" ;;
        *unauthorized* | *'no basic auth credentials'* | *'access to the resource is denied'* | \
            *'ncorrect username or password'*)
            why="the registry refuses the login"
            report hint "log in first (docker_login), and check user and password" ;;
        *x509*)
            why="the registry's certificate is not trusted"
            report hint "put its CA certificate into /etc/docker/certs.d/REGISTRY/ca.crt" ;;
        *'server gave HTTP response to HTTPS client'*)
            why="the registry does not use TLS"
            report hint "add it to insecure-registries in /etc/docker/daemon.json" ;;
        *'port is already allocated'* | *'ddress already in use'*)
            why="a port is already in use"
            report hint "see ss -lntp for its user, or publish another port" ;;
        *'dial tcp'* | *'no such host'* | *'i/o timeout'* | *'handshake timeout'* | \
            *'request canceled'* | *'Client.Timeout'* | *'unexpected EOF'*)
            why="the registry can't be reached"
            report hint "check the host's network, DNS and proxy (docker info shows the daemon's)" ;;
        *'o space left on device'*)
            why="the disk is full"
            report hint "see docker system df; docker_prune frees space" ;;
        *'executable file not found'* | *'no such file or directory'*exec* | *' exec: '*)
            why="the container's command can't be run" ;;
        *onflict*'is already in use by container'*)
            why="another process has created a container with that name"
            report hint "run the playbook again" ;;
        *'nknown flag'* | *'nknown shorthand flag'*)
            why="this version of Docker has no such option" ;;
        *'has active endpoints'*)
            why="containers are still in the network"
            report hint "disconnect them, or set force: true" ;;
        *'volume is in use'* | *'is using its referenced image'* | *'is being used by'*)
            why="a container still uses it"
            report hint "remove that container first (for an image force_absent: true does it)" ;;
        *"'compose' is not a docker command"*)
            why="docker compose is not installed"
            report hint "install docker-compose-plugin in an earlier task" ;;
        *) return 0 ;;
    esac
    fail "${_what:+$_what: }$why: $error$undone"
}

# explain_run: the same for the last lines on the stderr of the last `run`.
explain_run() {
    error=$(stderr | grep -v -e '^$' -e 'See .docker' | tail -n 3)
    _failed_what=$_what
    [ -z "$undo" ] || "$undo"
    _what=$_failed_what
    explain
    [ -z "$error$undone" ] || fail "$_what: $error$undone"
}
