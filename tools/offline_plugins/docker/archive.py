"""The build context as the tar archive that goes to the engine."""

from __future__ import annotations

import io
import os
import secrets
import stat
import tarfile
import tempfile
import time
from pathlib import Path
from typing import IO

from render.context import paths
from render.context.walk import ContextError, Entry, ignore_patterns, ignore_rules, sent_files
from tools.offline_plugins.plugin import PluginError

_IGNORE_FILE = ".dockerignore"


def locate(context: str, dockerfile: str) -> tuple[str, str]:
    """Find a build context and the Dockerfile in it, following links.

    Args:
        context: Folder of the build context.
        dockerfile: Path of the Dockerfile.

    Returns:
        The context's absolute path, and the Dockerfile's path relative to it (`../` when it is outside).

    Raises:
        PluginError: When there is no such folder or file.
    """
    try:
        folder = paths.resolve_links(_absolute(context))
    except OSError as error:
        raise PluginError(
            f"error resolving context: unable to evaluate symlinks in context path: {_missing(error)}"
        ) from error
    if not Path(folder).is_dir():
        raise PluginError(f"error resolving context: context must be a directory: {folder}")
    try:
        file = paths.resolve_links(_absolute(dockerfile))
    except OSError as error:
        raise PluginError(
            f"error resolving context: unable to evaluate symlinks in Dockerfile path: {_missing(error)}"
        ) from error
    return folder, os.path.relpath(file, folder)


def _absolute(path: str) -> str:
    return paths.join(str(Path.cwd()), path) if not path.startswith("/") else paths.clean(path)


def _missing(error: OSError) -> str:
    return f"lstat {error.filename}: {(error.strerror or '').lower()}"


def pack(context: str, dockerfile: str, patterns_of: tuple[str, str]) -> tuple[IO[bytes], str]:
    """Pack a build context.

    Args:
        context: Absolute path of the context.
        dockerfile: The Dockerfile, relative to the context; one outside is added under a name of its own.
        patterns_of: Dockerfile and context as the user wrote them, for their ignore file.

    Returns:
        The archive, to be closed by the caller, and the Dockerfile's name in it.

    Raises:
        PluginError: When a file cannot be read.
    """
    try:
        rules = ignore_rules(_with_build_files(ignore_patterns(*patterns_of), dockerfile))
    except ContextError as error:
        raise PluginError(str(error)) from error
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    outside = dockerfile.startswith("../")
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        seen: dict[int, str] = {}
        for entry in sent_files(context, rules):
            if outside and entry.name == _IGNORE_FILE:
                continue
            _add(archive, entry, seen)
        name = _add_dockerfile(archive, context, dockerfile) if outside else dockerfile
    file.seek(0)
    return file, name


def _with_build_files(patterns: list[str], dockerfile: str) -> list[str]:
    """Let the Dockerfile and the ignore file through: the engine needs them, and leaves them out itself."""
    rules = ignore_rules(patterns)
    needed = [f"!{name}" for name in (_IGNORE_FILE, dockerfile) if rules.match(name)[0]]
    return patterns + needed


def _add(archive: tarfile.TarFile, entry: Entry, seen: dict[int, str]) -> None:
    """Add one entry, owned by root, its time in whole seconds; a further hard link refers to the first."""
    if stat.S_ISSOCK(entry.mode):
        return
    status = os.lstat(entry.path)
    header = archive.gettarinfo(entry.path, entry.name)
    header.uid = header.gid = 0
    header.uname = header.gname = ""
    header.mtime = int(header.mtime)
    if header.islnk() or (status.st_nlink > 1 and header.isreg()):
        first = seen.setdefault(status.st_ino, entry.name)
        header.type = tarfile.REGTYPE if first == entry.name else tarfile.LNKTYPE
        header.linkname = "" if first == entry.name else first
        header.size = status.st_size if first == entry.name else 0
    try:
        if header.isreg():
            with Path(entry.path).open("rb") as content:
                archive.addfile(header, content)
        else:
            archive.addfile(header)
    except PermissionError as error:
        raise PluginError(f"error validating context: no permission to read from '{entry.path}'") from error


def _add_dockerfile(archive: tarfile.TarFile, context: str, dockerfile: str) -> str:
    """Add a Dockerfile from outside the context, and hide it from the image by the ignore file."""
    name = f".dockerfile.{secrets.token_hex(10)}"
    _add_text(archive, name, Path(context, dockerfile).read_bytes())
    try:
        ignored = Path(context, _IGNORE_FILE).read_bytes()
    except FileNotFoundError:
        ignored = _IGNORE_FILE.encode()
    _add_text(archive, _IGNORE_FILE, ignored + f"\n{name}\n".encode())
    return name


def _add_text(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    header = tarfile.TarInfo(name)
    header.size = len(content)
    header.mode = 0o600
    header.mtime = int(time.time())
    archive.addfile(header, io.BytesIO(content))
