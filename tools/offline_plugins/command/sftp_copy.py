"""Files, folders and texts copied to a server by SFTP."""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterator
from typing import Final

import asyncssh

from tools.offline_plugins.command.errno_text import errno_text
from tools.offline_plugins.plugin import PluginError
from tools.offline_plugins.values import Archive, Asset

_CHUNK_BYTES: Final = 4 * 1024 * 1024


async def copy(connection: asyncssh.SSHClientConnection, source: Asset | Archive, destination: str) -> None:
    """Copy a source to where it should be.

        source    | there is a folder | there is nothing | there is a file
        ----------|-------------------|------------------|----------------
        folder    | into folder/name  | into folder/name | error
        folder/   | into the folder   | into the folder  | error
        file      | folder/name       | that file        | that file
        text      | error             | that file        | that file

    Args:
        connection: To the server.
        source: What to copy; an archive is a folder or file like any other.
        destination: A path on the server. Folders above it are made.

    Raises:
        PluginError: When something cannot be read here or made there.
    """
    try:
        sftp = await connection.start_sftp_client()
    except asyncssh.ChannelOpenError as error:
        raise PluginError("ssh: subsystem request failed") from error
    async with sftp:
        copier = _Copier(sftp)
        if isinstance(source, Asset) and source.text is not None:
            await copier.text(source.text, destination)
        elif source.path is not None:
            await copier.path(source.path, destination)


class _Copier:
    def __init__(self, sftp: asyncssh.SFTPClient) -> None:
        self._sftp = sftp

    async def text(self, content: str, destination: str) -> None:
        if await self._is_folder(destination):
            raise PluginError(
                f"remote path {destination} is a directory; "
                "when using a text asset, remotePath must be a file path"
            )
        await self._make_parents(destination)
        await self._write(
            destination, iter([content.encode()]), "failed to write text content to remote path"
        )

    async def path(self, source: str, destination: str) -> None:
        kind = _kind(source)
        is_folder = await self._is_folder(destination)
        if stat.S_ISDIR(kind):
            await self._folder_into(source, destination, is_new=is_folder is None)
        elif is_folder:
            await self._file(source, posixpath.join(destination, posixpath.basename(source)))
        else:
            if is_folder is None:
                await self._make_parents(destination)
            await self._file(source, destination)

    async def _folder_into(self, source: str, destination: str, *, is_new: bool) -> None:
        if is_new:
            await self._make_folders(destination, "failed to create remote directory")
        if not source.endswith("/"):
            destination = posixpath.join(destination, posixpath.basename(source))
        await self._folder(source, destination)

    async def _folder(self, source: str, destination: str) -> None:
        """Copy what is in a folder, in the order of names; a link is followed as a file."""
        await self._make_folder(destination)
        for entry in sorted(os.scandir(source), key=lambda entry: entry.name):
            there = posixpath.join(destination, entry.name)
            if entry.is_dir(follow_symlinks=False):
                await self._folder(entry.path, there)
            else:
                await self._file(entry.path, there)

    async def _file(self, source: str, destination: str) -> None:
        try:
            with open(source, "rb") as file:  # noqa: ASYNC230, PTH123 - local, short reads
                chunks = iter(lambda: file.read(_CHUNK_BYTES), b"")
                await self._write(destination, chunks, f"failed to copy file {source} to remote path")
        except OSError as error:
            raise PluginError(f"open {source}: {errno_text(error.errno)}") from error

    async def _write(self, destination: str, chunks: Iterator[bytes], failure: str) -> None:
        try:
            file = await self._sftp.open(destination, "wb")
        except asyncssh.SFTPError as error:
            raise PluginError(f"failed to create remote file {destination}: {_text(error)}") from error
        try:
            async with file:
                for chunk in chunks:
                    await file.write(chunk)
        except asyncssh.SFTPError as error:
            raise PluginError(f"{failure} {destination}: {_text(error)}") from error

    async def _is_folder(self, path: str) -> bool | None:
        """Tell whether there is a folder at a path; nothing when there is nothing."""
        try:
            found = await self._sftp.stat(path)
        except asyncssh.SFTPNoSuchFile:
            return None
        except asyncssh.SFTPError as error:
            raise PluginError(f"failed to stat remote path {path}: {_text(error)}") from error
        return found.type == asyncssh.FILEXFER_TYPE_DIRECTORY

    async def _make_parents(self, path: str) -> None:
        await self._make_folders(
            posixpath.dirname(path) or ".", "failed to create parent directories for", path
        )

    async def _make_folders(self, path: str, failure: str, of: str | None = None) -> None:
        """Make a folder with those above it."""
        above = ""
        try:
            for name in path.split("/"):
                above = posixpath.join(above, name) if name else above or "/"
                is_folder = await self._is_folder(above)
                if is_folder is None:
                    await self._sftp.mkdir(above)
                elif not is_folder:
                    raise PluginError(f"{failure} {of or path}: mkdir {above}: not a directory")
        except asyncssh.SFTPError as error:
            raise PluginError(f"{failure} {of or path}: {_text(error)}") from error

    async def _make_folder(self, path: str) -> None:
        is_folder = await self._is_folder(path)
        if is_folder is None:
            try:
                await self._sftp.mkdir(path)
            except asyncssh.SFTPError as error:
                raise PluginError(f"failed to create remote directory {path}: {_text(error)}") from error
        elif not is_folder:
            raise PluginError(f"remote path {path} exists but is not a directory")


def _kind(path: str) -> int:
    try:
        return os.stat(path).st_mode  # noqa: PTH116 - a trailing slash counts
    except OSError as error:
        raise PluginError(f"open {path}: {errno_text(error.errno)}") from error


def _text(error: asyncssh.SFTPError) -> str:
    match error:
        case asyncssh.SFTPNoSuchFile():
            return "file does not exist"
        case asyncssh.SFTPPermissionDenied():
            return "permission denied"
        case asyncssh.SFTPFailure():
            return f'sftp: "{error.reason}" (SSH_FX_FAILURE)'
    return f'sftp: "{error.reason}"'
