"""Read the app's `.env` with python-dotenv, the parser that Python's users know."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dotenv.parser import parse_stream

from settings.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What a process's environment can carry to a container and a shell can name.
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def read_dotenv(path: Path) -> tuple[dict[str, str], list[Problem]]:
    """Read all variables of a `.env` file, literally: `$NAME` is not expanded.

    Args:
        path: the file; one that does not exist holds no variables.

    Returns:
        The variables, the last one of a name winning, and what is wrong with the file. A problem names
        file, line and variable, never a value.
    """
    if not path.is_file():
        return {}, []
    variables: dict[str, str] = {}
    problems: list[Problem] = []
    try:
        with path.open(encoding="utf-8") as stream:
            bindings = list(parse_stream(stream))
    except UnicodeDecodeError as error:
        return {}, [Problem(str(path), f"must be UTF-8 (byte {error.start} is not)", "Save it as UTF-8.")]
    for binding in bindings:
        problems += _problems(path, binding.original.line, binding.key, binding.value, error=binding.error)
        if binding.key is not None and binding.value is not None:
            variables[binding.key] = binding.value
    return variables, problems


def _problems(path: Path, line: int, key: str | None, value: str | None, *, error: bool) -> Iterator[Problem]:
    where = f"{path}:{line}"
    if error:
        yield Problem(
            where, "is not a variable", "Write NAME=value, or quote a value with special characters."
        )
    elif key is not None and value is None:
        yield Problem(where, f"{key} has no value", f"Write {key}= for an empty one.")
    elif key is not None and not VARIABLE.fullmatch(key):
        yield Problem(where, f"{key!r} is not a name for a variable", "Use letters, digits and underscores.")
    elif value is not None and "\0" in value:
        yield Problem(
            where, f"{key} holds a NUL byte, which no process can receive", "Encode it, as base64 say."
        )
    elif key is not None and value is not None and "\n" in value and not key.isidentifier():
        yield Problem(
            where, f"{key} has several lines, which Docker takes only under a plain name", "Rename it."
        )
