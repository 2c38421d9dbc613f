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
    """Add, change or remove a yum repository."""

    body: ClassVar[str] = load_body("yum_repository.sh")

    name: str
    """The id of the repository, which is the name of its section."""
    state: Literal["present", "absent"] = "present"
    """`present` adds the repository, `absent` removes it. A file without repositories is removed
    too."""
    file: str | None = None
    """The name of the file without `.repo`. The default is the id. Other sections of the file are
    kept."""
    reposdir: str = "/etc/yum.repos.d"
    """The directory of the file."""
    description: str | None = None
    """The name of the repository. Needed for state: present."""
    baseurl: Words | None = None
    """The URL of the directory with `repodata`. Several URLs are alternatives."""
    metalink: str | None = None
    """The URL of a metalink file, instead of `baseurl`."""
    mirrorlist: str | None = None
    """The URL of a list of mirrors, instead of `baseurl`."""
    enabled: bool | None = None
    """Whether yum uses the repository by default."""
    gpgcheck: bool | None = None
    """Verify the signatures of packages."""
    gpgkey: Words | None = None
    """URLs of the keys of the packages."""
    gpgcakey: str | None = None
    """The URL of the key that signs the keys."""
    repo_gpgcheck: bool | None = None
    """Verify the signature of the metadata."""
    async_: bool | None = parameter(None, name="async")
    """Download in parallel."""
    bandwidth: Number | None = None
    """The bandwidth in bytes a second, of which `throttle` may be a percentage."""
    cost: Number | None = None
    """The cost of the repository. Others have 1000; a lower cost is preferred."""
    countme: bool | None = None
    """Let the server count this host (dnf)."""
    deltarpm_metadata_percentage: Number | None = None
    """The maximum size of deltarpm metadata in percent of the package metadata."""
    deltarpm_percentage: Number | None = None
    """The maximum size of a deltarpm in percent of the package."""
    enablegroups: bool | None = None
    """Use the package groups of the repository."""
    exclude: Words | None = None
    """Packages or globs to exclude."""
    failovermethod: Literal["roundrobin", "priority"] | None = None
    """How a URL is chosen if there are several."""
    http_caching: Literal["all", "packages", "none"] | None = None
    """What HTTP proxies may cache."""
    include: str | None = None
    """The URL of a further configuration file."""
    includepkgs: Words | None = None
    """Packages or globs. Only these are used."""
    ip_resolve: Annotated[Literal["4", "6", "IPv4", "IPv6", "whatever"] | None, Before(_flag)] = (
        None
    )
    """The IP version to use."""
    keepalive: bool | None = None
    """Keep HTTP connections open."""
    keepcache: Annotated[Literal["0", "1"], Before(_flag)] | None = None
    """Keep downloaded packages."""
    metadata_expire: Number | None = None
    """Seconds after which metadata is fetched again; also `6h` or `never`."""
    metadata_expire_filter: (
        Literal["never", "read-only:past", "read-only:present", "read-only:future"] | None
    ) = None
    """The commands to which `metadata_expire` applies."""
    mirrorlist_expire: Number | None = None
    """Seconds after which the list of mirrors is fetched again."""
    module_hotfixes: bool | None = None
    """Let its packages replace those of module streams (dnf)."""
    password: str | None = None
    """The password for HTTP basic authentication. It is masked in diffs."""
    priority: Number | None = None
    """The priority: 1 to 99, the lowest is preferred (plugin priorities)."""
    protect: bool | None = None
    """Never replace its packages by those of other repositories (plugin protectbase)."""
    proxy: str | None = None
    """The URL of the proxy, or `_none_`."""
    proxy_password: str | None = None
    """The password for the proxy. It is masked in diffs."""
    proxy_username: str | None = None
    """The user name for the proxy."""
    retries: Number | None = None
    """The number of attempts to download a file."""
    s3_enabled: bool | None = None
    """The repository is in Amazon S3 (plugin)."""
    skip_if_unavailable: bool | None = None
    """Continue without the repository if it can't be reached."""
    ssl_check_cert_permissions: bool | None = None
    """Refuse certificates that yum can't read."""
    sslcacert: str | None = parameter(None, aliases=("ca_cert",))
    """The certificates of the CAs, a path on the host."""
    sslclientcert: str | None = parameter(None, aliases=("client_cert",))
    """The client certificate, a path on the host."""
    sslclientkey: str | None = parameter(None, aliases=("client_key",))
    """The key of the client certificate, a path on the host."""
    sslverify: bool | None = parameter(None, aliases=("validate_certs",))
    """Verify the certificate of the server."""
    throttle: Number | None = None
    """The maximum bandwidth: bytes a second, or a percentage of `bandwidth`."""
    timeout: Number | None = None
    """Seconds after which a connection attempt fails."""
    ui_repoid_vars: str | None = None
    """Variables to show with the id of the repository."""
    username: str | None = None
    """The user name for HTTP basic authentication."""

    def validate(self) -> None:
        if not self.name or set(self.name) & set("[]\n/"):
            raise ValueError(f"{self.name!r} is not a valid id of a repository")
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
