"""The digest of a build context: the key that says whether an image has to be built again.

SHA-256 over the name, mode and content of every file that the `.dockerignore` leaves in, and over the
Dockerfile. Times and owners do not count, so a file that was only touched changes nothing.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path

from render.context import paths
from render.context.walk import (
    ContextError,
    Entry,
    digested_files,
    ignore_patterns,
    ignore_rules,
)

DOCKERFILE_NAME = "Dockerfile"
"""The name under which the Dockerfile is hashed, whatever its own name is."""


def context_digest(context: str, dockerfile: str) -> str:
    """Digest a build context.

    Args:
        context: Folder of the build context.
        dockerfile: Path of the Dockerfile.

    Returns:
        64 hexadecimal digits.

    Raises:
        ContextError: When a file cannot be read.
    """
    patterns = ignore_patterns(dockerfile, context)
    digest = hashlib.sha256()
    try:
        digest.update(_record(dockerfile, DOCKERFILE_NAME, 0))
    except OSError as error:
        raise ContextError(
            f'error hashing dockerfile "{dockerfile}": {_reading(error, dockerfile)}'
        ) from error

    def add(entry: Entry) -> None:
        located = paths.join(context, entry.name)
        try:
            digest.update(_record(located, entry.name, entry.mode))
        except (FileNotFoundError, NotADirectoryError):
            raise
        except OSError as error:
            raise ContextError(f'error while hashing "{entry.name}": {_reading(error, located)}') from error

    try:
        digested_files(context, ignore_rules(patterns), add)
    except ContextError as error:
        raise ContextError(f"unable to hash build context: {error}") from error
    except OSError as error:
        reason = f"resolve : lstat {error.filename}: {(error.strerror or '').lower()}"
        raise ContextError(f"unable to hash build context: {reason}") from error
    return digest.hexdigest()


def _record(path: str, name: str, mode: int) -> bytes:
    """Give what one file adds to the digest: its name, its mode, the hash of its content, a zero byte."""
    content = hashlib.sha256()
    if stat.S_ISLNK(mode):
        content.update(os.fsencode(paths.resolve_links(path)))
    elif stat.S_IFMT(mode) in (0, stat.S_IFREG, stat.S_IFSOCK):
        with Path(path).open("rb") as file:
            while chunk := file.read(1 << 20):
                content.update(chunk)
    return os.fsencode(paths.clean(name)) + paths.mode_text(mode).encode() + content.digest() + b"\0"


def _reading(error: OSError, path: str) -> str:
    if error.errno == errno.ELOOP:
        return f"could not evaluate symlink at {path}: {error.strerror}"
    return f"could not open file {path}: open {path}: {(error.strerror or '').lower()}"
