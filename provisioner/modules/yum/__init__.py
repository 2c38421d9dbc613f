"""yum (also called dnf and package): rpm packages are there, newest, or gone."""

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
    """Packages are installed, of a version, the newest, or removed."""

    body: ClassVar[str] = BODY

    name: Specs | None = parameter(None, aliases=("pkg",))
    """Packages: `docker-ce`, `docker-ce-26.1.4`, `name >= 1.0`, globs, `@group`, `@^environment`,
    paths or URLs of rpms, files or capabilities that a package provides; `*` with latest is all."""
    state: Literal["present", "installed", "latest", "absent", "removed"] | None = None
    """present (installed), latest, or absent (removed, with what needs it). By default present;
    absent with `autoremove`."""
    list_: str | None = parameter(None, name="list")
    """Instead of `name`: return installed, updates, available or repos, or all of one package."""
    update_cache: bool = parameter(False, aliases=("expire-cache",))
    """Have yum fetch its metadata anew before it installs; alone: fetch it."""
    enablerepo: Words = ()
    """Repositories to enable for this task."""
    disablerepo: Words = ()
    """Repositories to disable for this task; `*` is all but those in `enablerepo`."""
    exclude: Words = ()
    """Packages (globs) to leave alone."""
    disable_excludes: str | None = None
    """Ignore the configuration's excludes: all, main, or a repository's id."""
    disable_gpg_check: bool = False
    """Install without checking signatures."""
    disable_plugin: Words = ()
    """Plugins of yum to disable for this task."""
    enable_plugin: Words = ()
    """Plugins of yum to enable for this task."""
    conf_file: str | None = None
    """Another yum.conf on the host."""
    installroot: str = "/"
    """The root of the system to install into."""
    releasever: str | None = None
    """The release whose packages are taken."""
    security: bool = False
    """With latest: only updates that repair security."""
    bugfix: bool = False
    """With latest: only updates that repair bugs."""
    skip_broken: bool = False
    """Leave out packages whose dependencies can't be met."""
    update_only: bool = False
    """With latest: update what is installed, install nothing."""
    autoremove: bool = False
    """Also remove what was installed as a dependency and is not needed any more."""
    allow_downgrade: bool = False
    """Go back to an older version where the name says one."""
    download_only: bool = False
    """Download, install nothing."""
    download_dir: str | None = None
    """Where `download_only` puts packages; yum's cache by default."""
    cacheonly: bool = False
    """Use only what the cache has."""
    lock_timeout: int = 30
    """Seconds to wait for another yum to end; 0 is not to wait."""
    validate_certs: bool = True
    """Check the certificates of servers that rpms come from by URL."""
    sslverify: bool = True
    """Check the certificates of repositories."""
    nobest: bool = False
    """Take an older version where the newest can't be installed (dnf only)."""
    allowerasing: bool = False
    """Remove packages that are in the way (dnf only)."""
    install_weak_deps: bool = True
    """Also install what is only recommended (dnf only: EL7's rpms recommend nothing)."""
    use_backend: str = parameter("auto", aliases=("use",))
    """Ignored: the host's yum is used."""
    install_repoquery: bool = True
    """Ignored: repoquery isn't needed."""

    def validate(self) -> None:
        if self.list_ is not None and self.name is not None:
            raise ValueError("give one of name and list")
        if self.name is None and self.list_ is None and not (self.update_cache or self.autoremove):
            raise ValueError("give one of name, list, update_cache and autoremove")
        if self.autoremove and self.state not in (None, "absent", "removed"):
            raise ValueError("autoremove goes with state: absent only")

    @property
    def wish(self) -> str:
        """The state in one word: present, latest, absent, or cache (fetch metadata, no more)."""
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
            "state": self.wish,
            "list": self.list_,
            "root": "" if self.installroot == "/" else self.installroot.rstrip("/"),
            "lock_timeout": self.lock_timeout,
            "options": self.options(),
            "dnf_options": self.dnf_options(),
        }
        return Program("yum", self.body, variables, packages=self._asked(kinds))

    def _asked(self, kinds: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
        """The names, if the body asks this host's rpm about nothing but plain ones."""
        items = [item.split("=") for item in kinds["names"]]
        if self.installroot != "/" or kinds["files"] or any(item[0] != item[1] for item in items):
            return ()
        return tuple(query for query, *_ in items)

    def options(self) -> list[str]:
        """Options that yum 3.4 and dnf 4 have in common."""
        flags = {
            "--nogpgcheck": self.disable_gpg_check,
            "--security": self.security and self.wish == "latest",
            "--bugfix": self.bugfix and self.wish == "latest",
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
            *(flag for flag, wanted in flags.items() if wanted),
            *(f"{option}={value}" for option, value in values.items() if value is not None),
            *(f"{option}={value}" for option, words in lists.items() for value in words),
        ]

    def dnf_options(self) -> list[str]:
        """Options that only dnf has."""
        flags = {
            "--nobest": self.nobest,
            "--allowerasing": self.allowerasing,
            "--setopt=install_weak_deps=0": not self.install_weak_deps,
        }
        return [flag for flag, wanted in flags.items() if wanted]

    def returns(self, report: Report) -> dict[str, Any]:
        if self.list_ is not None:
            return {"results": listing(report)}
        there = "is not installed" if self.wish == "absent" else "is there already"
        results = [f"{spec} {there}" for spec in report.get("checked").splitlines()]
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
    """What was asked for and is done, or would be: names as the playbook has them, and what was
    updated to which version."""
    updated = [line.split(" ", 2) for line in report.all("updated")]
    planned = [line.partition(" to ") for line in report.get("to_update").splitlines()]
    return {
        "installed": report.get("to_install").splitlines(),
        "updated": [[name, evr] for name, _, evr in updated or planned],
        "removed": report.get("to_remove").splitlines(),
    }


class Package(Yum):
    """Packages are installed, of a version, the newest, or removed.

    Roles for several systems also give it what only apt knows, which says nothing here.
    """

    cache_valid_time: int | None = None
    """Ignored: apt's."""
    install_recommends: bool | None = None
    """Ignored: apt's; rpms of EL7 recommend nothing."""
    default_release: str | None = None
    """Ignored: apt's."""
    dpkg_options: str | None = None
    """Ignored: apt's."""
    purge: bool | None = None
    """Ignored: apt's."""
    force: bool | None = None
    """Ignored: apt's."""
    upgrade: str | None = None
    """Ignored: apt's."""
