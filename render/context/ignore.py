"""What a `.dockerignore` leaves out, by the rules of moby's patternmatcher.

Differs from shell globbing: `**` spans folders, a pattern that matches a folder takes all below it,
later patterns win, and `!` lets files back in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from render.context import paths


class IgnoreError(Exception):
    """An ignore file that cannot be read as one."""


@dataclass(frozen=True)
class Pattern:
    """One line of an ignore file.

    Attributes:
        text: The cleaned pattern, without its `!`.
        is_exception: Whether it lets files back in.
    """

    text: str
    is_exception: bool
    _regex: re.Pattern[str] = field(repr=False, compare=False)

    def matches(self, path: str) -> bool:
        """Tell whether the pattern matches exactly this slash-separated path."""
        return self._regex.match(path) is not None


def read_patterns(content: bytes) -> list[str]:
    """Read the lines of an ignore file.

    Args:
        content: The file's bytes.

    Returns:
        The patterns, cleaned and relative to the context; comments and empty lines are gone.
    """
    lines = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape").split("\n")
    return [_read_line(line.strip()) for line in lines if line.strip() and not line.startswith("#")]


def _read_line(line: str) -> str:
    mark = "!" if line.startswith("!") else ""
    pattern = line[len(mark) :].strip()
    if pattern:
        pattern = paths.clean(pattern)
        if len(pattern) > 1 and pattern.startswith("/"):
            pattern = pattern[1:]
    return mark + pattern


class IgnoreRules:
    """The patterns of an ignore file, in their order.

    Args:
        patterns: Lines as `read_patterns` gives them.

    Raises:
        IgnoreError: When a pattern has no meaning.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self.patterns = [_compile(pattern) for pattern in patterns if pattern.strip()]

    @property
    def exceptions(self) -> list[Pattern]:
        """The patterns that let files back in."""
        return [pattern for pattern in self.patterns if pattern.is_exception]

    def match(self, path: str, parent: Sequence[bool] | None = None) -> tuple[bool, list[bool]]:
        """Tell whether a path is left out.

        Args:
            path: Slash-separated, relative to the context.
            parent: What the call for the folder of this path returned as its second value.
                Without it, the path's folders are tried one by one.

        Returns:
            Whether the path is left out, and which patterns matched, for the calls below this path.
        """
        ignored = False
        results = []
        for place, pattern in enumerate(self.patterns):
            matched = bool(parent) and bool(parent and parent[place])
            if not matched and pattern.is_exception == ignored:
                matched = pattern.matches(path) or (not parent and _matches_folder(pattern, path))
            results.append(matched)
            if matched:
                ignored = not pattern.is_exception
        return ignored, results


def _matches_folder(pattern: Pattern, path: str) -> bool:
    folders = path.split("/")[:-1]
    return any(pattern.matches("/".join(folders[: depth + 1])) for depth in range(len(folders)))


def _compile(line: str) -> Pattern:
    text = paths.clean(line.strip())
    is_exception = text.startswith("!")
    if text == "!":
        raise IgnoreError('illegal exclusion pattern: "!"')
    text = text[1:] if is_exception else text
    _check_syntax(text)
    try:
        regex = re.compile(_regex(text))
    except re.error:
        raise IgnoreError("syntax error in pattern") from None
    return Pattern(text, is_exception, regex)


def _regex(text: str) -> str:
    """Translate a pattern to a regular expression that matches a whole path."""
    literal = text.removeprefix("**") if text.startswith("**") else text.removesuffix("**")
    if not set("*?[]\\") & set(literal):
        return _literal_regex(text)
    parts = []
    place = 0
    while place < len(text):
        letter = text[place]
        if text.startswith("**", place):
            place += 3 if text.startswith("/", place + 2) else 2
            parts.append("(.*/)?" if place < len(text) else ".*")
            continue
        if letter in "*?":
            parts.append("[^/]*" if letter == "*" else "[^/]")
        elif letter == "\\":
            place += 1
            parts.append("\\" + text[place])
        else:
            parts.append("\\" + letter if letter in ".+()|{}$" else letter)
        place += 1
    return "".join(parts) + r"\Z"


def _literal_regex(text: str) -> str:
    """Translate a pattern whose only wildcard is a `**` at its start or its end, if there is one."""
    if text.startswith("**/"):
        return f"(.*/)?{re.escape(text[3:])}\\Z"
    if text.startswith("**"):
        return f".*{re.escape(text[2:])}\\Z"
    return re.escape(text[:-2]) if text.endswith("**") else f"{re.escape(text)}\\Z"


def _check_syntax(text: str) -> None:
    """Refuse what Go's `filepath.Match` calls a bad pattern: an unclosed class or a trailing backslash."""
    place = 0
    while place < len(text):
        if text[place] == "\\":
            place += 1
            if place >= len(text):
                raise IgnoreError("syntax error in pattern")
        elif text[place] == "[":
            place = _end_of_class(text, place + 1)
        place += 1


def _end_of_class(text: str, place: int) -> int:
    place += text.startswith("^", place)
    is_empty = True
    while place < len(text) and (is_empty or text[place] != "]"):
        place = _end_of_letter(text, place)
        if text.startswith("-", place):
            place = _end_of_letter(text, place + 1)
        is_empty = False
    if place >= len(text):
        raise IgnoreError("syntax error in pattern")
    return place


def _end_of_letter(text: str, place: int) -> int:
    if place >= len(text) or text[place] in "-]":
        raise IgnoreError("syntax error in pattern")
    place += 2 if text[place] == "\\" else 1
    if place >= len(text):
        raise IgnoreError("syntax error in pattern")
    return place
