"""Check what the settings say about files on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from settings.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from settings.model import Builder, Ssh

# What the text of a private key holds, in every format, and the name of a file does not.
KEY_TEXT = "PRIVATE KEY-----"


def check_files(source: str, app: object, builder: Builder | None, ssh: Ssh | None) -> list[Problem]:
    """Check that the app's folder, its Dockerfile and the private key are there.

    Args:
        source: the file that names them, for messages.
        app: the app's folder, absolute; anything but a path is left to the types' check.
        builder: what names the Dockerfile; none if it is wrong in itself.
        ssh: what names the key; none if it is wrong in itself.

    Returns:
        What is not there.
    """
    problems: list[Problem] = []
    if isinstance(app, Path):
        problems += _check_app(source, app, builder)
    if ssh:
        problems += _check_keys(source, ssh)
    return problems


def expanded(path: Path) -> Path:
    """Replace a leading `~`; a user that is not known is left as written, as a shell does.

    Args:
        path: as written.

    Returns:
        The path.
    """
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def _check_app(source: str, app: Path, builder: Builder | None) -> Iterator[Problem]:
    where = f"{source}: backstaff:app"
    if not app.is_dir():
        yield Problem(where, f"no such folder: {app}", "Name the app's folder.")
    elif builder:
        context = (app / builder.context).resolve()
        if not _is_file(context / builder.dockerfile):
            rule = f"there is no {builder.dockerfile} in {context}"
            yield Problem(where, rule, "Write one, or name it in backstaff:builder.dockerfile.")


def _check_keys(source: str, ssh: Ssh) -> Iterator[Problem]:
    where = f"{source}: backstaff:ssh.keys"
    for key in ssh.keys:
        if KEY_TEXT in str(key):
            yield Problem(where, "names a file, and is not the key itself", "Write the key's path.")
        elif not _is_file(expanded(key)):
            yield Problem(where, f"no such file: {key}", "Name the private key of the server's user.")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long, say
        return False
