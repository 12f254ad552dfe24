"""Errors of the operating system in the words of the real plugin's runtime."""

from __future__ import annotations

import os


def errno_text(number: int | None) -> str:
    """Give the text of an error number, such as `no such file or directory`.

    Args:
        number: The number; without one the text says that it is not known.
    """
    if number is None:
        return "unknown error"
    text = os.strerror(number)
    return text[:1].lower() + text[1:]
