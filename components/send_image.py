"""Step 5 without a registry: bring an image of this machine's engine to a server over SSH.

Run as a program by `ImageTransfer`, with the standard library alone. Only the layers that the server lacks
are sent: an engine that has the layers below takes an archive without them. Source: `tarexport.load` of moby,
which opens a layer's file only where the layer is not there.

Standard input: the server's public host key. Exit: 0 the image is there; 1 not, with the reason.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import os
import shlex
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CONNECT_SECONDS = 20
MEGABYTE = 1_000_000
SSH_PORT = 22


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


@dataclass(frozen=True)
class Way:
    """How the server is reached.

    Attributes:
        host: its address.
        port: of its SSH server.
        user: who logs in.
        key: a private key file; the SSH agent's keys if none.
        scripts: the folder of the scripts there.
        known_hosts: a file with the server's key.
    """

    host: str
    port: int
    user: str
    key: str | None
    scripts: str
    known_hosts: Path

    def command(self, script: str, *arguments: str) -> list[str]:
        """Write the command that runs a script there: its host key checked, nobody's configuration."""
        options = {
            "UserKnownHostsFile": shlex.quote(str(self.known_hosts)),
            "StrictHostKeyChecking": "yes",
            "BatchMode": "yes",
            "ConnectTimeout": str(CONNECT_SECONDS),
            "ServerAliveInterval": "10",
            "LogLevel": "ERROR",
        }
        words = ["ssh", "-F", "none", "-p", str(self.port)]
        for key, value in options.items():
            words += ["-o", f"{key}={value}"]
        if self.key:
            words += ["-o", "IdentitiesOnly=yes", "-i", self.key]
        script_words = [] if self.user == "root" else ["sudo", "-n"]
        script_words += [f"{self.scripts}/{script}", *arguments]
        return [*words, f"{self.user}@{self.host}", shlex.join(script_words)]

    def trust(self, host_key: str) -> None:
        """Write the server's key into the file of known hosts.

        Args:
            host_key: as `ssh-keyscan` prints it, without the host.
        """
        # With a port of its own, a host is looked up as `[host]:port`.
        host = self.host if self.port == SSH_PORT else f"[{self.host}]:{self.port}"
        self.known_hosts.write_text(f"{host} {host_key.strip()}\n", encoding="utf-8")


def send(way: Way, image: str, name: str) -> None:
    """Bring an image there, unless it is there.

    Args:
        way: to the server.
        image: its id on this machine.
        name: what it is called there.

    Raises:
        SendError: it could not be brought.
    """
    arguments = ("--image", image, "--name", name)
    list_layers = way.command("list-layers", *arguments)
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
            load = way.command("load-image", *arguments)
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
    parser = argparse.ArgumentParser()
    for name in ("image", "name", "host", "port", "user", "scripts"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--key")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        known_hosts = Path(folder) / "known_hosts"
        way = Way(given.host, int(given.port), given.user, given.key, given.scripts, known_hosts)
        way.trust(sys.stdin.read())
        try:
            send(way, given.image, given.name)
        except SendError as error:
            sys.exit(f"step 5, send: {error}")
        except FileNotFoundError as error:
            sys.exit(f"step 5, send: there is no `{error.filename}` on this machine. Install it.")


if __name__ == "__main__":
    main()
