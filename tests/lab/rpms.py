"""Build and sign an rpm from its name, version, dependencies, files and scripts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.commands import run
from tests.lab.keys import keys

_MACROS = (
    "%define __os_install_post %{nil}",
    "%define _binary_payload w1.gzdio",
    "%define _build_id_links none",
    "%define debug_package %{nil}",
)


@dataclass(frozen=True)
class Rpm:
    """A package. `evr` is [epoch:]version-release; `files` are folders whose files it contains."""

    name: str
    evr: str
    requires: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    obsoletes: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    config: tuple[str, ...] = ()
    scripts: dict[str, str] = field(default_factory=dict)
    arch: str = "x86_64"
    summary: str = ""

    @property
    def epoch(self) -> str:
        return self.evr.partition(":")[0] if ":" in self.evr else ""

    @property
    def version(self) -> str:
        return self.evr.rpartition(":")[2].rpartition("-")[0]

    @property
    def release(self) -> str:
        return self.evr.rpartition("-")[2]


def build_rpm(rpm: Rpm, scratch: Path, target: Path) -> Path:
    """Build the package into the folder `target` and return its path."""
    home = scratch / f"{rpm.name}-{rpm.version}"
    home.mkdir(parents=True)
    spec = home / "package.spec"
    spec.write_text(_spec(rpm))
    target.mkdir(parents=True, exist_ok=True)
    defines = [f"_topdir {home}", f"_rpmdir {target}", "_rpmfilename %{NAME}-%{VERSION}-"
               "%{RELEASE}.%{ARCH}.rpm"]  # fmt: skip
    options = [word for define in defines for word in ("--define", define)]
    run(["rpmbuild", "-bb", "--target", rpm.arch, *options, spec])
    return target / f"{rpm.name}-{rpm.version}-{rpm.release}.{rpm.arch}.rpm"


def sign(packages: Iterable[Path], key: str) -> None:
    """Sign packages with one of the lab's keys."""
    # Debian's rpmsign looks for gpg2. If it does not find gpg2, it signs nothing.
    defines = ["--define", f"_gpg_name {key}", "--define", "__gpg /usr/bin/gpg"]
    home = ["--define", f"_gpg_path {keys() / 'gnupg'}"]
    run(["rpmsign", *defines, *home, "--addsign", *packages])


def _spec(rpm: Rpm) -> str:
    head = [
        *_MACROS,
        f"Name: {rpm.name}",
        f"Version: {rpm.version}",
        f"Release: {rpm.release}",
        f"Summary: {rpm.summary or rpm.name + ' of the lab'}",
        "License: none",
        "AutoReqProv: no",
    ]
    if rpm.epoch:
        head.append(f"Epoch: {rpm.epoch}")
    for tag in ("requires", "provides", "conflicts", "obsoletes"):
        head += [f"{tag.capitalize()}: {word}" for word in getattr(rpm, tag)]
    body = ["%description", rpm.summary or "A package of the lab.", "%install"]
    body += [f"cp -a --no-preserve=ownership {folder}/. %{{buildroot}}/" for folder in rpm.files]
    for name, script in rpm.scripts.items():
        body += [f"%{name}", script]
    body += ["%files", "%defattr(-,root,root,-)", *_file_lines(rpm)]
    return "\n".join([*head, *body]) + "\n"


def _file_lines(rpm: Rpm) -> list[str]:
    lines = []
    for folder in rpm.files:
        for file in sorted(folder.rglob("*")):
            if file.is_symlink() or file.is_file():
                path = "/" + str(file.relative_to(folder))
                lines.append(("%config(noreplace) " if path in rpm.config else "") + path)
    return lines
