"""yum (also dnf and package): install, update or remove rpm packages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from provisioner.modules.framework.base import Module, TaskContext, Words
from provisioner.modules.framework.bodies import load_body
from provisioner.modules.framework.fields import parameter
from provisioner.modules.yum.listing import listing
from provisioner.modules.yum.specs import Specs, sort
from provisioner.remote.shell import Program, Report

BODY = load_body("yum/rpm.sh", "yum/transaction.sh", "yum/failures.sh", "yum/states.sh")


class Yum(Module):
    """Install, update or remove packages."""

    body: ClassVar[str] = BODY

    name: Specs | None = parameter(None, aliases=("pkg",))
    """The packages: `docker-ce`, `docker-ce-26.1.4`, `name >= 1.0`, globs, `@group`,
    `@^environment`, paths or URLs of rpm files, or files and capabilities that a package provides.
    `*` with `state: latest` is all packages."""
    state: Literal["present", "installed", "latest", "absent", "removed"] | None = None
    """`present` (or `installed`) installs missing packages, `latest` also updates them, `absent`
    (or `removed`) removes them and the packages that need them. By default present; with
    `autoremove`, absent."""
    list_: str | None = parameter(None, name="list")
    """Instead of changing packages, return a list: installed, updates, available, repos, or all
    versions of one package."""
    update_cache: bool = parameter(False, aliases=("expire-cache",))
    """Let yum download its metadata again before it installs. Without `name`, only download it."""
    enablerepo: Words = ()
    """Repositories to enable for this task."""
    disablerepo: Words = ()
    """Repositories to disable for this task; `*` is all but those in `enablerepo`."""
    exclude: Words = ()
    """Packages to leave alone, by name or glob."""
    disable_excludes: str | None = None
    """Ignore the excludes in yum's configuration: all, main, or the id of a repository."""
    disable_gpg_check: bool = False
    """Install packages without checking their signatures."""
    disable_plugin: Words = ()
    """Plugins of yum to disable for this task."""
    enable_plugin: Words = ()
    """Plugins of yum to enable for this task."""
    conf_file: str | None = None
    """The configuration file to use instead of /etc/yum.conf, on the host."""
    installroot: str = "/"
    """The root directory of the system to install into."""
    releasever: str | None = None
    """The release to take packages from; by default the host's own."""
    security: bool = False
    """With `state: latest`, install security updates only."""
    bugfix: bool = False
    """With `state: latest`, install bug fixes only."""
    skip_broken: bool = False
    """Leave out packages whose dependencies can't be installed."""
    update_only: bool = False
    """With `state: latest`, update installed packages only and install no others."""
    autoremove: bool = False
    """Also remove packages that were installed as a dependency and are no longer needed."""
    allow_downgrade: bool = False
    """Install an older version if the name of the package asks for it."""
    download_only: bool = False
    """Download the packages and do not install them."""
    download_dir: str | None = None
    """With `download_only`, the directory to download to; by default yum's cache."""
    cacheonly: bool = False
    """Use yum's cache only and download no metadata."""
    lock_timeout: int = 30
    """Seconds to wait for yum's lock while another process holds it; 0 does not wait."""
    validate_certs: bool = True
    """Check the certificates of servers that rpm files are downloaded from by URL."""
    sslverify: bool = True
    """Check the certificates of the servers of repositories."""
    nobest: bool = False
    """Install an older version if the newest one can't be installed (dnf only)."""
    allowerasing: bool = False
    """Remove installed packages that conflict with the new ones (dnf only)."""
    install_weak_deps: bool = True
    """Also install packages that are only recommended (dnf only; packages of CentOS 7 recommend
    none)."""
    use_backend: str = parameter("auto", aliases=("use",))
    """Ignored: the host's yum is always used."""
    install_repoquery: bool = True
    """Ignored: repoquery is not needed."""

    def validate(self) -> None:
        if self.list_ is not None and self.name is not None:
            raise ValueError("give either name or list")
        if self.name is None and self.list_ is None and not (self.update_cache or self.autoremove):
            raise ValueError("give one of name, list, update_cache and autoremove")
        if self.autoremove and self.state not in (None, "absent", "removed"):
            raise ValueError("autoremove can be used with state: absent only")

    @property
    def desired_state(self) -> str:
        """The state to reach: present, latest, absent, or cache (only download metadata)."""
        if self.state in ("absent", "removed") or (self.state is None and self.autoremove):
            return "absent"
        if self.name is None:
            return "cache"
        return "latest" if self.state == "latest" else "present"

    def program(self, context: TaskContext) -> Program:
        variables: dict[str, Any] = self.as_dict(
            include={
                "update_cache",
                "update_only",
                "autoremove",
                "allow_downgrade",
                "download_only",
                "download_dir",
            }
        )
        kinds = sort(self.name or ())
        variables |= kinds | {
            "state": self.desired_state,
            "list": self.list_,
            "root": "" if self.installroot == "/" else self.installroot.rstrip("/"),
            "lock_timeout": self.lock_timeout,
            "options": self.options(),
            "dnf_options": self.dnf_options(),
        }
        return Program("yum", self.body, variables, packages=self._plain_names(kinds))

    def _plain_names(self, kinds: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
        """Return the names, if all are plain ones that the host's own rpm is asked about."""
        items = [item.split("=") for item in kinds["names"]]
        if self.installroot != "/" or kinds["files"] or any(item[0] != item[1] for item in items):
            return ()
        return tuple(query for query, *_ in items)

    def options(self) -> list[str]:
        """Return the options that both yum 3.4 and dnf 4 have."""
        flags = {
            "--nogpgcheck": self.disable_gpg_check,
            "--security": self.security and self.desired_state == "latest",
            "--bugfix": self.bugfix and self.desired_state == "latest",
            "--skip-broken": self.skip_broken,
            "--setopt=sslverify=0": not (self.validate_certs and self.sslverify),
            "-C": self.cacheonly,
            "--downloadonly": self.download_only,
        }
        values = {
            "--config": self.conf_file,
            "--installroot": None if self.installroot == "/" else self.installroot,
            "--releasever": self.releasever,
            "--disableexcludes": self.disable_excludes,
            "--downloaddir": self.download_dir if self.download_only else None,
        }
        lists = {
            "--disablerepo": self.disablerepo,
            "--enablerepo": self.enablerepo,
            "--exclude": self.exclude,
            "--disableplugin": self.disable_plugin,
            "--enableplugin": self.enable_plugin,
        }
        return [
            *(flag for flag, on in flags.items() if on),
            *(f"{option}={value}" for option, value in values.items() if value is not None),
            *(f"{option}={value}" for option, words in lists.items() for value in words),
        ]

    def dnf_options(self) -> list[str]:
        """Return the options that only dnf has."""
        flags = {
            "--nobest": self.nobest,
            "--allowerasing": self.allowerasing,
            "--setopt=install_weak_deps=0": not self.install_weak_deps,
        }
        return [flag for flag, on in flags.items() if on]

    def returns(self, report: Report) -> dict[str, Any]:
        if self.list_ is not None:
            return {"results": listing(report)}
        suffix = "is not installed" if self.desired_state == "absent" else "is installed already"
        results = [f"{spec} {suffix}" for spec in report.get("checked").splitlines()]
        results += [
            f"Packages providing {spec} not installed due to update_only specified"
            for spec in report.get("left").splitlines()
        ]
        if "stdout" in report.records:
            results.append(report.get("stdout"))
        else:
            results += report.changes
        rc = {} if "rc" in report.records else {"rc": 0}
        return {"msg": "", **rc, "results": results, "changes": _changes(report)}


def _changes(report: Report) -> dict[str, list[Any]]:
    """Return the changes that were made, or would be: names as in the playbook.

    For updates, the new version is added.
    """
    updated = [line.split(" ", 2) for line in report.all("updated")]
    planned = [line.partition(" to ") for line in report.get("to_update").splitlines()]
    return {
        "installed": report.get("to_install").splitlines(),
        "updated": [[name, evr] for name, _, evr in updated or planned],
        "removed": report.get("to_remove").splitlines(),
    }


class Package(Yum):
    """Install, update or remove packages.

    Roles for several systems also pass parameters of apt, which are ignored.
    """

    cache_valid_time: int | None = None
    """Ignored: a parameter of apt."""
    install_recommends: bool | None = None
    """Ignored: a parameter of apt."""
    default_release: str | None = None
    """Ignored: a parameter of apt."""
    dpkg_options: str | None = None
    """Ignored: a parameter of apt."""
    purge: bool | None = None
    """Ignored: a parameter of apt."""
    force: bool | None = None
    """Ignored: a parameter of apt."""
    upgrade: str | None = None
    """Ignored: a parameter of apt."""
