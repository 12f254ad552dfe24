"""A base image made from the packages of this machine's distribution, where Docker Hub cannot be reached."""

from __future__ import annotations

import os
import platform
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.toolchain import cache, docker_cli, packages, process, space
from tools.toolchain.errors import ToolchainError
from tools.toolchain.progress import Step
from tools.toolchain.repository import ROOT, digest_of

RECIPE: Final = ROOT / "tools" / "images" / "base" / "make-rootfs"
NAME: Final = "backstaff/base"
APT: Final = Path("/etc/apt")
CERTIFICATES: Final = Path("/usr/local/share/ca-certificates")
# Measured: 220 MiB unpacked, as much again as a tar, and once more in Docker.
NEEDED_MIB: Final = 900

# Where each distribution's archive is, if this machine's apt names none, and what Docker needs of it.
ARCHIVES: Final = {
    "debian": ("http://deb.debian.org/debian", "main"),
    "ubuntu": ("http://archive.ubuntu.com/ubuntu", "main,universe"),
}
# The ways of apt to its archives that hold for a container on this machine as well.
APT_OPTIONS: Final = re.compile(
    r"^Acquire::(?:https?::Proxy|Check-Valid-Until|Check-Date)\b[^;]*;", re.MULTILINE
)


@dataclass(frozen=True)
class Distribution:
    """This machine's distribution and how its apt reaches the archive.

    Attributes:
        suite: `bookworm`.
        mirror: the archive of the suite.
        components: of the archive, with commas.
        sources: text of a sources.list.
        options: text of an apt.conf.
    """

    suite: str
    mirror: str
    components: str
    sources: str
    options: str


def make(part: Step) -> str:
    """Find or make the base image.

    Returns:
        Its reference, named by the content of its recipe.

    Raises:
        ToolchainError: it cannot be made on this machine.
    """
    wanted = reference()
    with cache.lock("base-image", part.now):
        if docker_cli.ask("image", "inspect", wanted) is None:
            _make(part, wanted)
    return wanted


def reference() -> str:
    """Return the name that the base image has, or would have; read from files only, asking apt takes long.

    Raises:
        ToolchainError: it cannot be made on this machine.
    """
    suite = _name_and_suite()[1]
    return f"{NAME}:{suite}-{digest_of(RECIPE, suite, _apt_ways(), *_certificates())}"


def clean() -> None:
    """Remove what making the base image has left, if it was cut; that takes root, as debootstrap does."""
    work = _work_folder()
    if work.exists():
        remove = ["rm", "-rf", str(work)]
        process.run(process.as_root(remove, f"remove {work}"), remedy=f"Run: sudo rm -rf {work}")


def this_distribution() -> Distribution:
    """Return this machine's distribution.

    Raises:
        ToolchainError: it is neither Debian nor Ubuntu.
    """
    name, suite = _name_and_suite()
    mirror, components = ARCHIVES[name]
    sources = _sources(name, suite)
    own_mirrors = [line.split()[1] for line in sources if line.split()[2] == suite]
    mirror = own_mirrors[0] if own_mirrors else mirror
    if not own_mirrors:
        sources.append(f"deb {mirror} {suite} {components.replace(',', ' ')}")
    options = "\n".join(APT_OPTIONS.findall(_printed("apt-config", "dump")))
    return Distribution(suite, mirror, components, "\n".join(sources) + "\n", f"{options}\n")


def _name_and_suite() -> tuple[str, str]:
    """Return this machine's distribution and the name of its release: `debian`, `bookworm`.

    Raises:
        ToolchainError: no image can be made of it.
    """
    release = platform.freedesktop_os_release()
    name, suite = release["ID"], release.get("VERSION_CODENAME", "")
    if name not in ARCHIVES or not suite:
        raise ToolchainError(
            f"Docker Hub cannot be reached, and on {release.get('PRETTY_NAME', name)} no image can be made",
            "Let this machine reach registry-1.docker.io, or use Debian or Ubuntu.",
        )
    return name, suite


def _apt_ways() -> str:
    """Return the lines of this machine's files that say how its apt reaches its archives."""
    wanted = ("sources.list", "sources.list.d/*"), ("apt.conf", "apt.conf.d/*")
    sources, options = ([path for one in pair for path in sorted(APT.glob(one))] for pair in wanted)
    # The rest of apt's options changes on its own: it keeps lists of kernels and the like there.
    option_lines = [line for line in _lines(options) if re.search("Proxy|Check-Valid-Until|Check-Date", line)]
    return "\n".join([*_lines(sources), *option_lines])


def _lines(files: list[Path]) -> list[str]:
    """Return the lines of those files that this user may read, without comments."""
    readable = [path for path in files if path.is_file() and os.access(path, os.R_OK)]
    lines = (
        line for path in readable for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
    )
    return [line for line in lines if line.strip() and not line.startswith(("#", "//"))]


def _sources(distribution: str, suite: str) -> list[str]:
    """Return the lines of a sources.list for what this machine's apt takes from the distribution itself."""
    wanted = "$(CREATED_BY) $(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)"
    lines: dict[tuple[str, str], list[str]] = {}
    for line in sorted(_printed("apt-get", "indextargets", "--format", wanted).splitlines()):
        kind, origin, uri, release, component = (*line.split(), "", "", "", "", "")[:5]
        if kind == "Packages" and origin.lower() == distribution and release.startswith(suite):
            lines.setdefault((uri, release), []).append(component)
    return [f"deb {uri} {release} {' '.join(parts)}" for (uri, release), parts in lines.items()]


def _printed(*command: str) -> str:
    """Return what one of apt's programs prints; nothing if there is no apt."""
    return process.run(command, remedy="Check this machine's apt.") if shutil.which(command[0]) else ""


def _certificates() -> list[Path]:
    """Return the certificate authorities that were added to this machine."""
    return sorted(CERTIFICATES.glob("*.crt"))


def _make(part: Step, wanted: str) -> None:
    """Make the base image. A work folder that a killed run has left is used anew."""
    work = _work_folder()
    space.need(NEEDED_MIB, work, "to make a base image")
    if not shutil.which("debootstrap", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"):
        packages.install(part, ["debootstrap"], "the base image")
    here = this_distribution()
    _prepare(work / "machine", here)
    part.now(f"making a root file system of {here.suite}")
    tar = work / "rootfs.tar"
    recipe = [str(RECIPE), here.suite, here.mirror, here.components, str(work / "machine"), str(tar)]
    process.run(
        process.as_root([*recipe, str(os.geteuid())], "make a root file system with debootstrap"),
        what=f"debootstrap could not make a root file system of {here.suite} from {here.mirror}",
        remedy="Check that this machine's apt reaches its archive: sudo apt-get update",
    )
    part.now("handing the root file system to Docker")
    docker_cli.call("import", str(tar), wanted)
    clean()


def _prepare(folder: Path, here: Distribution) -> None:
    """Write down what is taken over from this machine, into a folder for the recipe."""
    cache.remove(folder)
    (folder / "ca-certificates").mkdir(parents=True)
    (folder / "sources.list").write_text(here.sources, encoding="utf-8")
    (folder / "apt.conf").write_text(here.options, encoding="utf-8")
    for certificate in _certificates():
        shutil.copy(certificate, folder / "ca-certificates")


def _work_folder() -> Path:
    """Return the folder in which the base image is made."""
    return cache.folder() / "base-image"
