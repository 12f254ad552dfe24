"""Read text that people wrote, without being exhausted by it."""

from __future__ import annotations

from pathlib import Path

from settings.errors import Problem

# The largest files in use are a tenth of this.
MAX_BYTES = 256 * 1024


def read_text(path: Path, name: str) -> str | Problem:
    """Read a file of UTF-8, with Unix's or Windows' line ends, with a byte order mark or without.

    Args:
        path: the file.
        name: as shown.

    Returns:
        Its text with Unix's line ends, or what is wrong with it.

    Raises:
        FileNotFoundError: it is not there.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(name) from None
    except OSError as error:
        return Problem(name, f"cannot be read ({error.strerror})", "Make it a readable file.")
    if len(content) > MAX_BYTES:
        rule = f"is larger than {MAX_BYTES // 1024} KiB, the most that settings can have"
        return Problem(name, rule, "Write less.")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Problem(f"{name}:{line}", "must be UTF-8", "Save the file as UTF-8.")
