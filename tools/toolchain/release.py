"""Pulumi's own release, the archive that its installer downloads: the engine and the Python language host."""

from __future__ import annotations

import functools
import platform
import tarfile
from pathlib import Path
from typing import Final

from tools.toolchain import cache, download, space
from tools.toolchain.progress import Step
from tools.toolchain.repository import engine_version

PROBE: Final = "https://get.pulumi.com"
# The order in which Pulumi's installer asks; checksums are published with the first only.
ARCHIVES: Final = (
    "https://github.com/pulumi/pulumi/releases/download/v{version}/pulumi-v{version}-{platform}.tar.gz",
    "https://get.pulumi.com/releases/sdk/pulumi-v{version}-{platform}.tar.gz",
)
CHECKSUMS: Final = (
    "https://github.com/pulumi/pulumi/releases/download/v{version}/pulumi-{version}-checksums.txt"
)
PROGRAMS: Final = ("pulumi", "pulumi-language-python", "pulumi-language-python-exec")
KIND: Final = "release"
NEEDED_MIB: Final = 800

MACHINES: Final = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def folder() -> Path:
    """Return where the programs of the release are once they were downloaded."""
    return cache.path_of(KIND, f"{engine_version()}-{platform_name()}")


def platform_name() -> str:
    """Return this machine's platform as Pulumi writes it: `linux-x64`."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}-{MACHINES.get(machine, machine)}"


@functools.cache
def site_is_reachable() -> bool:
    """Say whether Pulumi's download site answers; asked once in a run, as a dead network makes one wait."""
    return download.is_reachable(PROBE)


def get(part: Step) -> bool:
    """Download the release, if Pulumi's download site can be reached.

    Args:
        part: the step that wants it; it says why the release is not used.

    Returns:
        Whether the programs are in `folder` now.
    """
    if folder().exists():
        return True
    part.now("asking Pulumi's download site")
    if not site_is_reachable():
        part.note(f"{PROBE} cannot be reached: nothing is downloaded from there")
        return False
    try:
        cache.part(KIND, folder().name, functools.partial(_make, part), part.now)
    except download.Unavailable as error:
        part.note(f"the release is not used: {error}")
        return False
    return True


def _make(part: Step, draft: Path) -> None:
    """Download the archive into an empty folder, check it, and take from it what is needed."""
    space.need(NEEDED_MIB, cache.folder(), "to download and unpack Pulumi")
    names = {"version": engine_version(), "platform": platform_name()}
    archive = draft / Path(ARCHIVES[0].format(**names)).name
    part.now(f"downloading {archive.name}")
    checksum = find_checksum(download.read(CHECKSUMS.format(**names)), archive.name)
    _fetch_from_any([url.format(**names) for url in ARCHIVES], archive, checksum)
    with tarfile.open(archive) as tar:
        for name in PROGRAMS:
            _extract(tar, f"pulumi/{name}", draft / name)
    archive.unlink()


def find_checksum(text: str, name: str) -> str:
    """Return a file's SHA-256 from a list with lines of `<hash>  <name>`.

    Raises:
        Unavailable: the list does not name the file.
    """
    for line in text.splitlines():
        if line.split()[1:] == [name]:
            return line.split()[0]
    raise download.Unavailable(f"the published checksums name no {name}")


def _fetch_from_any(urls: list[str], target: Path, sha256: str) -> None:
    """Download a file from the first place that has it."""
    for url in urls[:-1]:
        try:
            download.fetch(url, target, sha256)
        except download.Unavailable:
            continue
        return
    download.fetch(urls[-1], target, sha256)


def _extract(tar: tarfile.TarFile, member: str, target: Path) -> None:
    """Take one program out of an archive."""
    try:
        source = tar.extractfile(member)
    except KeyError as error:
        raise download.Unavailable(f"the archive holds no {member}") from error
    if source is None:
        raise download.Unavailable(f"{member} in the archive is no file")
    target.write_bytes(source.read())
    target.chmod(0o755)
