"""The scripts of `remote/`, packed so that one command brings them to a server."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

REMOTE = Path(__file__).parent.parent / "remote"
BUNDLE_DIGITS = 8
# The script that unpacks the others, which arrives on standard input.
CONNECT = "connect.sh"


@dataclass(frozen=True)
class Bundle:
    """All scripts for a server.

    Attributes:
        digest: 8 hex digits over names and contents; names the folder on the server.
        program: `connect.sh` with the packed scripts in it, for `bash -s`.
    """

    digest: str
    program: str


def bundle(folder: Path = REMOTE) -> Bundle:
    """Pack the scripts; the same contents give the same bytes.

    Args:
        folder: where the scripts lie.

    Returns:
        The bundle.
    """
    packed = _archive(sorted(folder.glob("*.sh")))
    digest = hashlib.sha256(packed + (folder / CONNECT).read_bytes()).hexdigest()[:BUNDLE_DIGITS]
    text = base64.b64encode(gzip.compress(packed, mtime=0)).decode()
    return Bundle(digest, f"readonly PACKED_SCRIPTS={text}\n" + (folder / CONNECT).read_text())


def _archive(scripts: list[Path]) -> bytes:
    """Make a tar archive that does not depend on when or by whom the files were written."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for script in scripts:
            if script.name == CONNECT:
                continue
            content = script.read_bytes()
            # A library is sourced by its file name; a step is called by its name alone.
            entry = tarfile.TarInfo(script.name if script.name.startswith("lib") else script.stem)
            entry.size = len(content)
            entry.mode = 0o500
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
