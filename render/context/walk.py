"""The files of a build context: which of them count for the digest, and which go to the engine.

The two walks differ where the official plugin's do: below a folder that is left out, only the digest
looks for files that an exception with a wildcard lets back in.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from render.context import paths
from render.context.ignore import IgnoreError, IgnoreRules, Pattern, read_patterns

_WILDCARDS = "*[]?^\\"


class ContextError(Exception):
    """A build context that cannot be read."""


@dataclass(frozen=True)
class Entry:
    """A file or folder of a build context.

    Attributes:
        path: Where it is on this machine.
        name: Slash-separated, relative to the context.
        mode: Its `st_mode`; links are not followed.
    """

    path: str
    name: str
    mode: int

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return stat.S_ISDIR(self.mode)


def ignore_patterns(dockerfile: str, context: str) -> list[str]:
    """Read the ignore file that belongs to a build.

    Args:
        dockerfile: Path of the Dockerfile; `<Dockerfile>.dockerignore` has precedence.
        context: Folder of the build context.

    Returns:
        The patterns, none when there is no ignore file.

    Raises:
        ContextError: When the ignore file cannot be read.
    """
    for path in (dockerfile + ".dockerignore", paths.join(context, ".dockerignore")):
        try:
            return read_patterns(Path(path).read_bytes())
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ContextError(f'reading "{path}": open {path}: {(error.strerror or "").lower()}') from error
    return []


def ignore_rules(patterns: Sequence[str]) -> IgnoreRules:
    """Compile patterns, and name all of them where one has no meaning.

    Args:
        patterns: Lines of an ignore file.

    Raises:
        ContextError: When a pattern has no meaning.
    """
    try:
        return IgnoreRules(patterns)
    except IgnoreError as error:
        raise ContextError(f"invalid excludepatterns: [{' '.join(patterns)}]: {error}") from error


def digested_files(context: str, rules: IgnoreRules, visit: Callable[[Entry], None]) -> None:
    """Visit the files that count for the digest, in the order of their names.

    A file that turns out to be missing ends the visit of its folder, without an error.

    Args:
        context: Folder of the build context.
        rules: What is left out.
        visit: Called with each file that is no folder.
    """
    root = paths.resolve_links(context)
    if not stat.S_ISDIR(Path(root).stat().st_mode):
        raise NotADirectoryError(20, "not a directory", root)
    exact = not any(set(_WILDCARDS) & set(_without_globs(pattern)) for pattern in rules.exceptions)

    def enters(name: str) -> bool:
        return not exact or any(_leads_to(_without_globs(each), name) for each in rules.exceptions)

    def look(folder: str, prefix: str, parent: list[bool]) -> None:
        for entry in _entries(folder, prefix):
            ignored, results = rules.match(entry.name, parent)
            try:
                if entry.is_folder and (not ignored or enters(entry.name)):
                    look(entry.path, entry.name + "/", results)
                elif not entry.is_folder and not ignored:
                    visit(entry)
            except (FileNotFoundError, NotADirectoryError):
                if not entry.is_folder:
                    return

    look(root, "", [])


def sent_files(context: str, rules: IgnoreRules) -> Iterator[Entry]:
    """Give the files and folders that are sent to the engine, each folder before what is in it.

    Args:
        context: Folder of the build context.
        rules: What is left out.
    """

    def look(folder: str, prefix: str, parent: list[bool]) -> Iterator[Entry]:
        for entry in _entries(folder, prefix):
            ignored, results = rules.match(entry.name, parent)
            if not ignored:
                yield entry
            if entry.is_folder and (
                not ignored or any(_leads_to(each.text, entry.name) for each in rules.exceptions)
            ):
                yield from look(entry.path, entry.name + "/", results)

    return look(context, "", [])


def _entries(folder: str, prefix: str) -> list[Entry]:
    with os.scandir(folder) as found:
        names = sorted((entry.name for entry in found), key=os.fsencode)
    return [_entry(f"{folder}/{name}", prefix + name) for name in names]


def _entry(path: str, name: str) -> Entry:
    return Entry(path, name, os.lstat(path).st_mode)


def _leads_to(pattern: str, folder: str) -> bool:
    return f"{pattern}/".startswith(f"{folder}/")


def _without_globs(pattern: Pattern) -> str:
    return pattern.text.removesuffix("/**").removesuffix("/*")
