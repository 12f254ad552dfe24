"""Paths as the Docker tools write them: Go's rules for cleaning a path, following links and naming modes.

The content digest of a build context is made of these texts, so they have to agree letter for letter.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat

MOST_LINKS = 255
"""Links followed in one path before it is taken for a loop (Go: path/filepath/symlink.go)."""

_KINDS = {
    stat.S_IFDIR: "d",
    stat.S_IFLNK: "L",
    stat.S_IFBLK: "D",
    stat.S_IFIFO: "p",
    stat.S_IFCHR: "Dc",
}
_BITS = ((stat.S_ISUID, "u"), (stat.S_ISGID, "g"), (stat.S_ISVTX, "t"))
_ORDER = "dLDpugct"


def clean(path: str) -> str:
    """Shorten a path as Go's `path.Clean` does.

    Args:
        path: A slash-separated path; empty means the current folder.

    Returns:
        The shortest path that means the same.
    """
    shortened = posixpath.normpath(path)
    return shortened[1:] if shortened.startswith("//") else shortened


def join(*parts: str) -> str:
    """Join and clean path elements as Go's `path.Join` does.

    Args:
        parts: The elements; empty ones are left out, and a leading slash in a later one means nothing.

    Returns:
        The cleaned path, or an empty text where there is no element.
    """
    present = [part for part in parts if part]
    return clean("/".join(present)) if present else ""


def resolve_links(path: str) -> str:
    """Follow every link in a path, and leave a relative path relative.

    Args:
        path: The path to follow.

    Returns:
        The cleaned path without links.

    Raises:
        OSError: When an element is missing, is not a folder, or the links form a loop.
    """
    pending = path.split("/")[::-1]
    resolved = "/" if path.startswith("/") else ""
    links = 0
    while pending:
        element = pending.pop()
        if element in ("", "."):
            continue
        if element == "..":
            resolved = _parent(resolved)
            continue
        here = posixpath.join(resolved, element)
        mode = os.lstat(here).st_mode
        if not stat.S_ISLNK(mode):
            if pending and not stat.S_ISDIR(mode):
                raise NotADirectoryError(errno.ENOTDIR, "not a directory", here)
            resolved = here
            continue
        links += 1
        if links > MOST_LINKS:
            raise OSError(errno.ELOOP, "EvalSymlinks: too many links", path)
        target = os.readlink(here)  # noqa: PTH115 - the text as it is
        if target.startswith("/"):
            resolved = "/"
        pending.extend(target.split("/")[::-1])
    return clean(resolved)


def _parent(resolved: str) -> str:
    if resolved in ("", "/") or posixpath.basename(resolved) == "..":
        return posixpath.join(resolved, "..") if resolved != "/" else "/"
    return posixpath.dirname(resolved)


def mode_text(mode: int) -> str:
    """Write a file mode as Go's `fs.FileMode` prints it, e.g. `-rw-r--r--`, `urwxr-xr-x` or `Lrwxrwxrwx`.

    Args:
        mode: `st_mode` of a file; 0 stands for a plain file without permissions.

    Returns:
        Kind and special bits, then the nine permission letters. A socket shows as a plain file.
    """
    marks = _KINDS.get(stat.S_IFMT(mode), "") + "".join(letter for bit, letter in _BITS if mode & bit)
    prefix = "".join(letter for letter in _ORDER if letter in marks)
    letters = "".join(
        letter if mode & (1 << (8 - place)) else "-" for place, letter in enumerate("rwxrwxrwx")
    )
    return (prefix or "-") + letters
