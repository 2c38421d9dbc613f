"""yum_repository: add, change or remove a yum repository in a file of /etc/yum.repos.d."""

from __future__ import annotations

import posixpath
from typing import Annotated, Any, ClassVar, Literal

from provisioner.modules.framework.base import FileAttributes, Module, TaskContext, Words
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import Before, fields, parameter
from provisioner.remote.shell import Program, Report
from provisioner.result import Diff


def _flag(value: Any) -> Any:
    return str(int(value)) if isinstance(value, int) else value


Number = Annotated[str, Before(_flag)]
"""A number as text; booleans are 1 and 0."""


class YumRepository(FileAttributes, Module):
    """A yum repository is configured, or is not."""

    body: ClassVar[str] = load_body("yum_repository.sh")

    name: str
    """The repository's id, the section's name."""
    state: Literal["present", "absent"] = "present"
    """Whether it is configured. A file without any repository left is removed."""
    file: str | None = None
    """The file's name without `.repo`; the repository's id by default. Other sections stay."""
    reposdir: str = "/etc/yum.repos.d"
    """The directory of the file."""
    description: str | None = None
    """The name for people; needed with state: present."""
    baseurl: Words | None = None
    """Where the directory `repodata` is; several are alternatives."""
    metalink: str | None = None
    """The URL of a metalink file, instead of `baseurl`."""
    mirrorlist: str | None = None
    """The URL of a list of mirrors, instead of `baseurl`."""
    enabled: bool | None = None
    """Whether yum uses it unasked."""
    gpgcheck: bool | None = None
    """Check the signatures of packages."""
    gpgkey: Words | None = None
    """URLs of the keys that sign the packages."""
    gpgcakey: str | None = None
    """The URL of the key that signs the keys."""
    repo_gpgcheck: bool | None = None
    """Check the signature of the metadata."""
    async_: bool | None = parameter(None, name="async")
    """Download in parallel."""
    bandwidth: Number | None = None
    """Bytes a second that `throttle` is a share of."""
    cost: Number | None = None
    """What using it costs, against the others' 1000."""
    countme: bool | None = None
    """Let the mirror list count this host (dnf)."""
    deltarpm_metadata_percentage: Number | None = None
    """Largest size of deltarpm metadata, in percent of the packages."""
    deltarpm_percentage: Number | None = None
    """Largest size of a deltarpm, in percent of the package."""
    enablegroups: bool | None = None
    """Use its package groups."""
    exclude: Words | None = None
    """Packages (globs) never to take from it."""
    failovermethod: Literal["roundrobin", "priority"] | None = None
    """How one of several URLs is chosen."""
    http_caching: Literal["all", "packages", "none"] | None = None
    """What proxies may cache."""
    include: str | None = None
    """The URL of a further configuration file."""
    includepkgs: Words | None = None
    """The only packages (globs) to take from it."""
    ip_resolve: Annotated[Literal["4", "6", "IPv4", "IPv6", "whatever"] | None, Before(_flag)] = (
        None
    )
    """The IP version to use."""
    keepalive: bool | None = None
    """Keep HTTP connections open."""
    keepcache: Annotated[Literal["0", "1"], Before(_flag)] | None = None
    """Keep downloaded packages."""
    metadata_expire: Number | None = None
    """Seconds after which metadata is fetched again, or `6h`, `never`."""
    metadata_expire_filter: (
        Literal["never", "read-only:past", "read-only:present", "read-only:future"] | None
    ) = None
    """Which commands heed `metadata_expire`."""
    mirrorlist_expire: Number | None = None
    """Seconds after which the list of mirrors is fetched again."""
    module_hotfixes: bool | None = None
    """Let its packages replace those of module streams (dnf)."""
    password: str | None = None
    """For HTTP's basic authentication; hidden in diffs."""
    priority: Number | None = None
    """1 to 99, smaller is preferred (plugin priorities)."""
    protect: bool | None = None
    """Never replace its packages by another's (plugin protectbase)."""
    proxy: str | None = None
    """The proxy's URL, or `_none_`."""
    proxy_password: str | None = None
    """The proxy's password; hidden in diffs."""
    proxy_username: str | None = None
    """The proxy's user."""
    retries: Number | None = None
    """How often to try a download."""
    s3_enabled: bool | None = None
    """It lies in Amazon S3 (plugin)."""
    skip_if_unavailable: bool | None = None
    """Go on without it when it can't be reached."""
    ssl_check_cert_permissions: bool | None = None
    """Refuse certificates that yum can't read."""
    sslcacert: str | None = parameter(None, aliases=("ca_cert",))
    """The CAs' certificates (a path on the host)."""
    sslclientcert: str | None = parameter(None, aliases=("client_cert",))
    """The client's certificate."""
    sslclientkey: str | None = parameter(None, aliases=("client_key",))
    """The client's key."""
    sslverify: bool | None = parameter(None, aliases=("validate_certs",))
    """Check the server's certificate."""
    throttle: Number | None = None
    """The bandwidth to use: bytes a second, or `50%` of `bandwidth`."""
    timeout: Number | None = None
    """Seconds until a connection is given up."""
    ui_repoid_vars: str | None = None
    """Variables shown with the repository's id."""
    username: str | None = None
    """For HTTP's basic authentication."""

    def validate(self) -> None:
        if not self.name or set(self.name) & set("[]\n/"):
            raise ValueError(f"{self.name!r} can't be the id of a repository")
        if self.state == "present":
            if self.description is None:
                raise ValueError("state: present needs a description")
            if not (self.baseurl or self.metalink or self.mirrorlist):
                raise ValueError("state: present needs one of baseurl, metalink and mirrorlist")

    @property
    def path(self) -> str:
        return posixpath.join(self.reposdir, f"{self.file or self.name}.repo")

    def options(self) -> dict[str, list[str]]:
        """Return the options of the section, each with its lines, sorted by name."""
        skipped = {"name", "state", "file", "reposdir", *fields(FileAttributes)}
        values = self.as_dict(exclude=skipped, exclude_none=True)
        names = {"description": "name", "async_": "async"}
        options = {names.get(key, key): _lines(key, value) for key, value in values.items()}
        return dict(sorted(options.items()))

    def program(self, context: TaskContext) -> Program:
        options = self.options()
        text = "".join(f"{key} = " + "\n    ".join(lines) + "\n" for key, lines in options.items())
        variables = self.as_dict(include=set(fields(FileAttributes))) | {
            "section": self.name,
            "path": self.path,
            "state": self.state,
            "text": f"[{self.name}]\n{text}" if self.state == "present" else "",
            "right_items": "".join(f"{key}={' '.join(lines)}\n" for key, lines in options.items()),
        }
        return Program("yum_repository", self.body, variables)

    def returns(self, report: Report) -> dict[str, Any]:
        return {"repo": self.name, "state": self.state}

    def diff(self, report: Report) -> tuple[Diff, ...]:
        if not report.changes:
            return ()
        before, after = self._hidden(report.get("before")), self._hidden(report.get("after"))
        return (Diff(before, after, self.path, self.path),) if before != after else ()

    def _hidden(self, text: str) -> str:
        for secret in (self.password, self.proxy_password):
            if secret:
                text = text.replace(secret, "********")
        return text


def _lines(key: str, value: Any) -> list[str]:
    """Return the value of an option as lines. A list of URLs has one a line."""
    if isinstance(value, bool):
        return [str(int(value))]
    if isinstance(value, tuple):
        words = [word for item in value for word in item.split()]
        return words if key in ("baseurl", "gpgkey") else [" ".join(words)]
    return [line.strip() for line in str(value).splitlines()] or [""]
