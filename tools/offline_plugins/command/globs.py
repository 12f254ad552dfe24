"""Which files a command made: the path patterns of `assetPaths` and `archivePaths`.

The patterns are those of github.com/gobwas/glob with `/` as separator: `*` and `?` stop at it, `**` does not;
`[a-z]`, `[!a-z]`, `{one,other}` and a backslash before a sign that is meant as it is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.offline_plugins.plugin import PluginError


def matching(folder: str, patterns: Sequence[str]) -> list[str]:
    """Give the files of a folder that patterns name, as paths below it.

    Args:
        folder: Where to look, at any depth.
        patterns: In their order; one that begins with `!` takes away what earlier ones named.

    Raises:
        PluginError: When a pattern is none.
    """
    rules = [(not pattern.startswith("!"), expression(pattern.removeprefix("!"))) for pattern in patterns]
    found = []
    for path in _files(Path(folder)):
        is_wanted = False
        for includes, rule in rules:
            if rule.fullmatch(path):
                is_wanted = includes
        if is_wanted:
            found.append(path)
    return found


def expression(pattern: str) -> re.Pattern[str]:
    """Give the regular expression of a pattern.

    Args:
        pattern: Without a leading `!`.

    Raises:
        PluginError: When it is no pattern.
    """
    try:
        return re.compile("".join(_parts(pattern)), re.DOTALL)
    except re.error as error:
        raise PluginError(f'"{pattern}" is no pattern of paths: {error}') from error


def _parts(pattern: str) -> Iterator[str]:
    tokens = re.findall(r"\*\*+|\\.|\[!?[^]]+\]|.", pattern, re.DOTALL)
    depth = 0
    for token in tokens:
        match token:
            case "*":
                yield "[^/]*"
            case "?":
                yield "[^/]"
            case "{":
                depth += 1
                yield "(?:"
            case "}" if depth:
                depth -= 1
                yield ")"
            case "," if depth:
                yield "|"
            case _ if token.startswith("**"):
                yield ".*"
            case _ if token.startswith("[") and len(token) > 1:
                yield "[" + token[1:-1].replace("!", "^", 1) + "]" if token[1] == "!" else token
            case _:
                yield re.escape(token.removeprefix("\\") or token)
    if depth:
        yield "("  # an alternative that nothing ends: an error, as there


def _files(folder: Path) -> Iterator[str]:
    """Walk in the order of names; links are files, also those to folders."""
    pending = [""]
    while pending:
        below = pending.pop()
        for entry in sorted(os.scandir(folder / below), key=lambda entry: entry.name):
            path = f"{below}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                pending.append(f"{path}/")
            else:
                yield path
