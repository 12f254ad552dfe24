"""Check what the settings say about files on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from settings.errors import Problem
from settings.tree import Node, find

if TYPE_CHECKING:
    from collections.abc import Iterator

    from settings.model import Builder, Ssh

# What the text of a private key holds, in every format, and the name of a file does not.
KEY_TEXT = "PRIVATE KEY-----"


def check_files(tree: Node, app: object, builder: Builder | None, ssh: Ssh | None) -> list[Problem]:
    """Check that the app's folder, its Dockerfile and the private key are there.

    Args:
        tree: what names them, for messages.
        app: the app's folder, absolute; anything but a path is left to the types' check.
        builder: what names the Dockerfile; none if it is wrong in itself.
        ssh: what names the key; none if it is wrong in itself.

    Returns:
        What is not there.
    """
    problems: list[Problem] = []
    if isinstance(app, Path):
        problems += _check_app(tree, app, builder)
    if ssh:
        problems += _check_keys(tree, ssh)
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


def _check_app(tree: Node, app: Path, builder: Builder | None) -> Iterator[Problem]:
    node = find(tree, ("app",)) or Node(None, tree.place, ("app",))
    if not app.is_dir():
        yield node.problem(f"no such folder: {app}", "Name the app's folder.")
    elif builder:
        named = find(tree, ("builder", "dockerfile"))
        if not _is_file(app / builder.dockerfile):
            rule = f"there is no {builder.dockerfile} in {app}"
            yield (named or node).problem(rule, "Write one, or name it in builder.dockerfile.")
        context = find(tree, ("builder", "context"))
        if context and not (app / builder.context).is_dir():
            yield context.problem(
                f"there is no folder {builder.context} in {app}", "Name the build's context."
            )


def _check_keys(tree: Node, ssh: Ssh) -> Iterator[Problem]:
    node = find(tree, ("ssh", "keys")) or tree
    for key in ssh.keys:
        if KEY_TEXT in str(key):
            yield node.problem("names a file, and is not the key itself", "Write the key's path.")
        elif not _is_file(expanded(key)):
            yield node.problem(f"no such file: {key}", "Name the private key of the server's user.")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long, say
        return False
