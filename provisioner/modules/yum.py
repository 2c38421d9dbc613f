"""yum (also called dnf and package): rpm packages are there, newest, or gone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, AliasChoices, Field, model_validator

from provisioner.modules.base import Module, Sources, Text, Words
from provisioner.modules.yum_body import BODY
from provisioner.remote.shell import Program, Report

_VERSIONED = re.compile(r"([^\s<>=]+)\s*(>=|<=|==|=|<|>)\s*([A-Za-z0-9._+~^:-]+)")

_ARCH = r"(\.(?:noarch|x86_64|i[3-6]86|aarch64|ppc64le|ppc64|s390x|armv7hl))?"

# name-[epoch:]version[-release][.arch] or epoch:name-…: the first part that starts with a digit, and
# all behind it do, is the version (java-1.8.0-openjdk is a name).
_NEVRA = re.compile(rf"(?:(\d+):)?(.+?)-(?:(\d+):)?(\d[^-:]*?)(?:-(\d[^-:]*?))?{_ARCH}")


def _split(values: tuple[str, ...]) -> tuple[str, ...]:
    """Ansible splits at commas in a list's items too."""
    words = tuple(word.strip() for value in values for word in value.split(","))
    for word in words:
        if word.startswith("-") or "\n" in word:
            raise ValueError(f"{word!r} is not the name of a package")
    return tuple(word for word in words if word)


Specs = Annotated[Words, AfterValidator(_split)]


class Yum(Module):
    """Packages are installed, of a version, the newest, or removed."""

    body: ClassVar[str] = BODY

    name: Specs | None = Field(None, validation_alias=AliasChoices("name", "pkg"))
    """Packages: `docker-ce`, `docker-ce-26.1.4`, `name >= 1.0`, globs, `@group`, `@^environment`,
    paths or URLs of rpms, files or capabilities that a package provides; `*` with latest is all."""
    state: Literal["present", "installed", "latest", "absent", "removed"] | None = None
    """present (installed), latest, or absent (removed, with what needs it). By default present;
    absent with `autoremove`."""
    list_: Text | None = Field(None, validation_alias=AliasChoices("list", "list_"))
    """Instead of `name`: return installed, updates, available or repos, or all of one package."""
    update_cache: bool = Field(False, validation_alias=AliasChoices("update_cache", "expire-cache"))
    """Have yum fetch its metadata anew before it installs; alone: fetch it."""
    enablerepo: Words = ()
    """Repositories to enable for this task."""
    disablerepo: Words = ()
    """Repositories to disable for this task; `*` is all but those in `enablerepo`."""
    exclude: Words = ()
    """Packages (globs) to leave alone."""
    disable_excludes: Text | None = None
    """Ignore the configuration's excludes: all, main, or a repository's id."""
    disable_gpg_check: bool = False
    """Install without checking signatures."""
    disable_plugin: Words = ()
    """Plugins of yum to disable for this task."""
    enable_plugin: Words = ()
    """Plugins of yum to enable for this task."""
    conf_file: Text | None = None
    """Another yum.conf on the host."""
    installroot: Text = "/"
    """The root of the system to install into."""
    releasever: Text | None = None
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
    download_dir: Text | None = None
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
    use_backend: Text = "auto"
    """Ignored: the host's yum is used."""
    install_repoquery: bool = True
    """Ignored: repoquery isn't needed."""

    @model_validator(mode="after")
    def _one_wish(self) -> Self:
        if self.list_ is not None and self.name is not None:
            raise ValueError("give one of name and list")
        if self.name is None and self.list_ is None and not (self.update_cache or self.autoremove):
            raise ValueError("give one of name, list, update_cache and autoremove")
        if self.autoremove and self.state not in (None, "absent", "removed"):
            raise ValueError("autoremove goes with state: absent only")
        return self

    @property
    def wish(self) -> str:
        """The state in one word: present, latest, absent, or cache (fetch metadata, no more)."""
        if self.state in ("absent", "removed") or (self.state is None and self.autoremove):
            return "absent"
        if self.name is None:
            return "cache"
        return "latest" if self.state == "latest" else "present"

    def program(self, sources: Sources) -> Program:
        variables: dict[str, Any] = self.model_dump(
            include={
                "update_cache",
                "update_only",
                "autoremove",
                "allow_downgrade",
                "download_only",
                "download_dir",
            }
        )
        variables |= sort(self.name or ()) | {
            "state": self.wish,
            "list": self.list_,
            "root": "" if self.installroot == "/" else self.installroot.rstrip("/"),
            "lock_timeout": self.lock_timeout,
            "options": self.options(),
            "dnf_options": self.dnf_options(),
        }
        return Program("yum", self.body, variables)

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
        if "stdout" in report.records:
            results.append(report.get("stdout"))
        changes = {
            "installed": list(report.all("installed")),
            "updated": [line.split(" ", 1) for line in report.all("updated")],
            "removed": list(report.all("removed")),
        }
        return {"results": results, "changes": changes}


class Package(Yum):
    """Packages are installed, of a version, the newest, or removed."""

    use: Text = "auto"
    """Ignored: CentOS 7 has yum."""


def sort(specs: Iterable[str]) -> dict[str, list[str]]:
    """`specs` by what can answer for them; the body's docstring says how each list looks."""
    kinds: dict[str, list[str]] = {
        key: [] for key in ("names", "files", "versions", "provided", "asked")
    }
    for spec in specs:
        kind, item = classify(spec)
        kinds[kind].append(item)
    return kinds


def classify(spec: str) -> tuple[str, str]:
    """One spec's kind and item."""
    if spec.startswith("@"):
        return "asked", spec
    if "://" in spec or spec.endswith(".rpm"):
        base = re.sub(r"[?#].*", "", spec).rpartition("/")[2].removesuffix(".rpm")
        return "files", f"{base}={spec}"
    if found := _VERSIONED.fullmatch(spec):
        return "versions", " ".join(found.groups())
    if set(spec) & set("*?["):
        return "asked", spec
    if spec.startswith("/") or "(" in spec:
        return "provided", spec
    if found := _NEVRA.fullmatch(spec):
        before, name, epoch, version, release, arch = found.groups()
        epoch = epoch or before
        number = f"{version}-{release}" if release else version
        evr = f"{epoch}:{number}" if epoch else number
        return "names", f"{name}-{number}{arch or ''}={name}={evr}={spec}"
    return "names", f"{spec}={spec}=={spec}"


def listing(report: Report) -> list[dict[str, str]]:
    """What `list` returns, from rpm's and yum's listings."""
    if "repos" in report.records:
        return list(_repositories(report.get("repos")))
    found = [
        _entry(*line.split(), "installed") for line in report.get("installed_list").splitlines()
    ]
    state = "available"
    words: list[str] = []
    for line in report.get("list").splitlines():
        if re.fullmatch(r"[A-Z][a-z]+ (Packages|Upgrades)|Obsoleting Packages", line):
            state, words = ("updates" if line.startswith("Up") else line.split()[0].lower()), []
            continue
        words += line.split()  # yum 3.4 breaks long lines
        while len(words) >= 3:
            package, evr, repository = words[:3]
            del words[:3]
            found.append(_listed(package, evr, repository, state))
    return found


def _listed(package: str, evr: str, repository: str, state: str) -> dict[str, str]:
    name, _, arch = package.rpartition(".")
    epoch, _, number = evr.rpartition(":")
    version, _, release = number.partition("-")
    return _entry(name, epoch or "0", version, release, arch, repository.lstrip("@"), state)


def _entry(
    name: str, epoch: str, version: str, release: str, arch: str, *rest: str
) -> dict[str, str]:
    state = rest[-1]
    nevra = f"{name}-{epoch}:{version}-{release}.{arch}"
    return {
        "name": name,
        "epoch": epoch,
        "version": version,
        "release": release,
        "arch": arch,
        "repo": rest[0],
        "yumstate": "installed" if state == "installed" else "available",
        "nevra": nevra,
        "envra": f"{epoch}:{name}-{version}-{release}.{arch}",
    }


def _repositories(text: str) -> Iterable[dict[str, str]]:
    for line in text.splitlines():
        found = re.match(r"!?([^\s/]+)\S*\s.*?\b(enabled|disabled)\b", line)
        if found:
            yield {"repoid": found[1], "state": found[2]}
