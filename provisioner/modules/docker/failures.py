"""What docker's complaints mean and what to do about them, for 1.13 and 26."""

from __future__ import annotations

from provisioner.records import dataclass


@dataclass(frozen=True)
class Failure:
    """Patterns of sh in what docker says ▶ why, and what to do."""

    why: str
    hint: str
    patterns: tuple[str, ...]

    def arm(self) -> str:
        """An arm of a `case`."""
        hint = f'report hint "{self.hint}"' if self.hint else ":"
        patterns = " | ".join(self.patterns)
        return f'        {patterns})\n            why="{self.why}"\n            {hint} ;;\n'


KNOWN = (
    Failure(
        "this user may not talk to the Docker daemon",
        "set become: true, or add the user to the group docker",
        ("*'ermission denied'*ocker*sock*", "*'docker.sock: connect: permission denied'*"),
    ),
    Failure(
        "the registry's pull limit is reached",
        "log in first (docker_login), use a mirror (registry-mirrors), or wait some hours",
        ("*toomanyrequests*", "*'rate limit'*"),
    ),
    Failure(  # what 1.13 says of images that only exist in OCI's format
        "this Docker is too old for the image's format",
        "use a tag in the older format (Docker schema 2), or install a newer Docker",
        (
            "*'OCI index found'*",
            "*'OCI manifest found'*",
            "*'missing signature key'*",
            "*'unsupported manifest'*",
            "*'nsupported media type'*",
            "*'mediaType in manifest should be'*",
        ),
    ),
    Failure(
        "the image does not exist for this host's platform",
        "",
        ("*'no matching manifest'*", "*'exec format error'*"),
    ),
    Failure(
        "the registry has no such image, or wants a login",
        "check name and tag, or log in first (docker_login)",
        (
            "*'anifest unknown'*",
            "*'manifest for '*'not found'*",
            "*'epository does not exist'*",
            "*'pull access denied'*",
            "*'epository '*' not found'*",
            "*'tag '*' not found in repository'*",
        ),
    ),
    Failure(
        "the registry refuses the login",
        "log in first (docker_login), and check user and password",
        (
            "*unauthorized*",
            "*'no basic auth credentials'*",
            "*'access to the resource is denied'*",
            "*'ncorrect username or password'*",
        ),
    ),
    Failure(
        "the registry's certificate is not trusted",
        "put its CA into /etc/docker/certs.d/REGISTRY/ca.crt, and check the host's clock",
        ("*x509*",),
    ),
    Failure(
        "the registry speaks no TLS",
        "add it to insecure-registries in /etc/docker/daemon.json",
        ("*'server gave HTTP response to HTTPS client'*",),
    ),
    Failure(
        "a port is taken",
        "see ss -lntp, or publish another port",
        ("*'port is already allocated'*", "*'ddress already in use'*"),
    ),
    Failure(
        "the registry can't be reached",
        "check the host's network, DNS and proxy (docker info shows the daemon's)",
        (
            "*'dial tcp'*",
            "*'no such host'*",
            "*'i/o timeout'*",
            "*'handshake timeout'*",
            "*'request canceled'*",
            "*'Client.Timeout'*",
            "*'unexpected EOF'*",
        ),
    ),
    Failure(
        "the disk is full",
        "see docker system df; docker_prune frees space",
        ("*'o space left on device'*",),
    ),
    Failure(
        "the container's command can't be run",
        "",
        ("*'executable file not found'*", "*'no such file or directory'*exec*", "*' exec: '*"),
    ),
    Failure(
        "a container of that name was made meanwhile",
        "run again",
        ("*onflict*'is already in use by container'*",),
    ),
    Failure(
        "this version of Docker has no such option",
        "",
        ("*'nknown flag'*", "*'nknown shorthand flag'*"),
    ),
    Failure(
        "containers are still in the network",
        "disconnect them, or set force: true",
        ("*'has active endpoints'*",),
    ),
    Failure(
        "a container still uses it",
        "remove that container first (for an image force_absent: true does it)",
        ("*'volume is in use'*", "*'is using its referenced image'*", "*'is being used by'*"),
    ),
    Failure(
        "docker compose is not installed",
        "install docker-compose-plugin in an earlier task",
        ("*\"'compose' is not a docker command\"*",),
    ),
)

FAILURES = (
    r"""
no_daemon="the Docker daemon can't be reached: start it first, and see journalctl -u docker"

# unreachable: $complaint says that there is no daemon to talk to.
unreachable() {
    case $complaint in
        *'ermission denied'*) return 1 ;;
        *'annot connect to the Docker daemon'* | *'docker daemon running'*) ;;
        *'docker.sock: connect: '*) ;;
        *) return 1 ;;
    esac
}

# explain: end the program with what $complaint means, where that is known.
explain() {
    ! unreachable ||
        fail "${_what:+$_what: }$no_daemon ($complaint)"
    why=''
    case $complaint in
"""
    + "".join(failure.arm() for failure in KNOWN)
    + r"""
        *) return 0 ;;
    esac
    fail "${_what:+$_what: }$why: $complaint"
}

# explain_run: the same for what the last `run` said: its last lines.
explain_run() {
    complaint=$(stderr | grep -v -e '^$' -e 'See .docker' | tail -n 3)
    explain
    [ -z "$complaint" ] || fail "$_what: $complaint"
}
"""
)
