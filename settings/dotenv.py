"""Read the app's `.env` with python-dotenv, the parser that Python's users know."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from dotenv.parser import parse_stream

from settings.errors import Problem
from settings.text_files import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dotenv.parser import Binding

# What a process's environment can carry to a container and a shell can name.
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
# What goes in a line of the file that Docker reads; its limit is 64 KiB.
LINE_BYTES = 60000
# The kernel's MAX_ARG_STRLEN, for `NAME=value` and the byte that ends it (execve(2)).
PROCESS_BYTES = 131072


def read_dotenv(path: Path) -> tuple[dict[str, str], list[Problem]]:
    """Read all variables of a `.env` file, literally: `$NAME` is not expanded.

    Args:
        path: the file; one that does not exist holds no variables.

    Returns:
        The variables, the last one of a name winning, and what is wrong with the file. A problem names
        file and line, never a value.
    """
    text, problems = _read(path)
    variables: dict[str, str] = {}
    # Line ends of Windows, within quotes too, count as plain ones.
    for binding in parse_stream(io.StringIO(text, newline=None)):
        problems += _problems(path, binding)
        if binding.key is not None and binding.value is not None:
            variables[binding.key] = binding.value
    return variables, problems


def _read(path: Path) -> tuple[str, list[Problem]]:
    try:
        text = read_text(path, str(path))
    except FileNotFoundError:
        if not path.is_symlink():
            return "", []
        return "", [Problem(str(path), "is a link to a file that is not there", "Write that file.")]
    return (text, []) if isinstance(text, str) else ("", [text])


def _problems(path: Path, binding: Binding) -> Iterator[Problem]:
    key, value = binding.key, binding.value
    blank_lines = re.match(r"\s*", binding.original.string)
    line = binding.original.line + (blank_lines.group().count("\n") if blank_lines else 0)
    where = f"{path}:{line}"
    if binding.error:
        yield Problem(
            where, "is not a variable", "Write NAME=value, or quote a value with special characters."
        )
    elif key is None:
        return  # a comment
    elif value is None:
        # What looks like a name can be a line of a private key that was not quoted: it is not shown.
        yield Problem(
            where, "has no value", "Write NAME= for an empty one; put quotes around one of several lines."
        )
    elif not VARIABLE.fullmatch(key):
        yield Problem(
            where, "does not begin with a name for a variable", "Use letters, digits and underscores."
        )
    elif "\0" in value:
        yield Problem(
            where, f"{key} holds a NUL byte, which no process can receive", "Encode it, as base64 say."
        )
    elif len(f"{key}={value}".encode()) >= PROCESS_BYTES:
        rule = (
            f"{key} is longer than {PROCESS_BYTES} bytes, the most that Linux gives a process in one variable"
        )
        yield Problem(where, rule, "Put it into a file of the image, or shorten it.")
    elif not key.isidentifier() and not fits_a_line(value):
        rule = f"{key} is of several lines or very long, which Docker takes only under a plain name"
        yield Problem(where, rule, "Rename it: letters, digits and underscores.")


def fits_a_line(value: str) -> bool:
    """Tell whether a value fits the file that Docker reads, a line each.

    Args:
        value: of a variable.

    Returns:
        Whether it does.
    """
    return not {"\n", "\r"} & set(value) and len(value.encode()) <= LINE_BYTES
