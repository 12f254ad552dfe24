"""Step 5 without a registry: bring an image of this machine's engine to a server over SSH.

Run as a program by `ImageTransfer`. Only the layers that the server lacks are sent: an engine that has the
layers below takes an archive without them. Source: `tarexport.load` of moby, which opens a layer's file only
where the layer is not there.

Standard input: the server's public host key, then the private key (see `way_to`).
Exit: 0 the image is there; 1 not, with the reason.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from local.way import Way, arguments, way_to

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MEGABYTE = 1_000_000


class SendError(Exception):
    """The image could not be brought to the server; the text says why."""


@dataclass(frozen=True)
class Layers:
    """The layers of an image in an archive of `docker save`.

    Attributes:
        paths: the members that hold them, the lowest first.
        digests: of their contents, in the same order.
    """

    paths: Sequence[str]
    digests: Sequence[str]

    def already(self, others: Iterable[Sequence[str]]) -> int:
        """Count the lowest layers that one of the server's images has too.

        Args:
            others: the digests of each image's layers, the lowest first.
        """
        best = 0
        for other in others:
            same = 0
            for ours, theirs in zip(self.digests, other, strict=False):
                if ours != theirs:
                    break
                same += 1
            best = max(best, same)
        return best

    def left_out(self, count: int) -> frozenset[str]:
        """Name the members that need not be sent when the server has the lowest `count` layers."""
        return frozenset(self.paths[:count]) - frozenset(self.paths[count:])


def read_layers(archive: tarfile.TarFile) -> Layers:
    """Read which layers an archive of one image has.

    Raises:
        SendError: it is no such archive.
    """
    try:
        (manifest,) = _json(archive, "manifest.json")
        config = _json(archive, manifest["Config"])
        return Layers(manifest["Layers"], config["rootfs"]["diff_ids"])
    except (KeyError, ValueError, tarfile.TarError) as error:
        raise SendError(f"`docker save` wrote what cannot be read ({error})") from error


def copy_without(archive: tarfile.TarFile, left_out: frozenset[str], into: IO[bytes]) -> int:
    """Copy an archive, compressed, without some members.

    Args:
        archive: of `docker save`.
        left_out: names of members; one that another member links to is copied all the same.
        into: where the compressed copy goes.

    Returns:
        Bytes copied, before compression.
    """
    members = archive.getmembers()
    targets = {os.path.normpath(Path(one.name).parent / one.linkname) for one in members if one.issym()}
    copied = 0
    with (
        gzip.GzipFile(fileobj=into, mode="wb", compresslevel=1) as packed,
        tarfile.open(fileobj=packed, mode="w|") as copy,
    ):
        for member in members:
            if member.name in left_out - targets:
                continue
            copy.addfile(member, archive.extractfile(member) if member.isfile() else None)
            copied += member.size
    return copied


def _json(archive: tarfile.TarFile, name: str) -> Any:  # noqa: ANN401 - of any shape
    file = archive.extractfile(name)
    if file is None:
        raise KeyError(name)
    return json.load(file)


def send(way: Way, scripts: str, image: str, name: str) -> None:
    """Bring an image there, unless it is there.

    Args:
        way: to the server.
        scripts: the folder of the scripts there.
        image: its id on this machine.
        name: what it is called there.

    Raises:
        SendError: it could not be brought.
    """
    named = ("--image", image, "--name", name)
    list_layers = way.as_root(f"{scripts}/list-layers", *named)
    listed = subprocess.run(list_layers, stdout=subprocess.PIPE, text=True, check=False)
    if listed.returncode != 0:
        raise SendError(f"{way.host} could not be asked which layers it has; what it said is above")
    lines = listed.stdout.splitlines()
    if lines == ["there"]:
        _say(f"{name} is already there")
        return
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "image.tar"
        _save(image, saved)
        with tarfile.open(saved) as archive:
            layers = read_layers(archive)
            already = layers.already(line.split() for line in lines)
            load = way.as_root(f"{scripts}/load-image", *named)
            if not _load(load, archive, layers, already) and not (
                already and _load(load, archive, layers, 0)
            ):
                raise SendError(f"{way.host} did not take the image; what it said is above")


def _save(image: str, path: Path) -> None:
    with path.open("wb") as file:
        if subprocess.run(["docker", "save", image], stdout=file, check=False).returncode != 0:
            raise SendError(f"this machine's Docker could not save the image {image}")


def _load(line: Sequence[str], archive: tarfile.TarFile, layers: Layers, already: int) -> bool:
    count = len(layers.paths)
    _say(f"{count - already} of {count} layers, the others are there")
    copied = 0
    load = subprocess.Popen(line, stdin=subprocess.PIPE)
    # A server that has refused it hears no more; its exit status tells.
    with contextlib.suppress(BrokenPipeError), cast("IO[bytes]", load.stdin) as stdin:
        copied = copy_without(archive, layers.left_out(already), stdin)
    if load.wait() == 0:
        _say(f"sent {copied / MEGABYTE:.1f} MB, compressed on the way")
    return load.returncode == 0


def _say(text: str) -> None:
    sys.stdout.write(f"step 5, send: {text}\n")
    sys.stdout.flush()


def main() -> None:
    """Send what the arguments name."""
    given = arguments("image", "name", "scripts")
    with way_to(given.host, given.port, given.user, sys.stdin.read()) as way:
        try:
            send(way, given.scripts, given.image, given.name)
        except SendError as error:
            sys.exit(f"step 5, send: {error}")
        except FileNotFoundError as error:
            sys.exit(f"step 5, send: there is no `{error.filename}` on this machine. Install it.")


if __name__ == "__main__":
    main()
