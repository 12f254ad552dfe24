"""What the engine's messages say to the user: status lines, results, errors that end a build or a push."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tools.offline_plugins.docker import wire
from tools.offline_plugins.plugin import PluginError

TRACE = "moby.buildkit.trace"
"""The id of messages that carry BuildKit's own progress: base64 of a `StatusResponse`."""

HTTP_UNAUTHORIZED = 401
_BAR_WIDTH = 50
_THOUSAND = 1000
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")

Result = Callable[[Mapping[str, Any]], str | None]
"""Takes a message's result. Gives what to say about it, None when it is not what was expected."""


class ProgressError(PluginError):
    """What the engine reported in place of a result."""


def follow(
    messages: Iterable[Mapping[str, Any]], say: Callable[[str], None], take: Result | None = None
) -> None:
    """Follow the engine's messages to their end.

    Args:
        messages: The messages.
        say: Shows a status line.
        take: Takes the results among them.

    Raises:
        ProgressError: When a message reports an error.
    """
    for message in messages:
        line = describe(message, take)
        if line:
            say(line)


def describe(message: Mapping[str, Any], take: Result | None = None) -> str:
    """Say in words what one message tells.

    Args:
        message: The message.
        take: Takes the result that it may carry.

    Returns:
        The status line, empty when there is nothing to say.

    Raises:
        ProgressError: When it reports an error.
    """
    if message.get("errorDetail"):
        raise _error(message["errorDetail"])
    said = message.get("from") or ""
    if message.get("progressDetail"):
        said += f"{message.get('status', '')} {_bar(message['progressDetail'])}"
    else:
        said += message.get("stream") or message.get("status") or ""
    result = message.get("aux")
    if result is None:
        return said.strip()
    if message.get("id") == TRACE:
        return (said + _trace(result)).strip()
    taken = take(result) if take and isinstance(result, Mapping) else None
    return (said + (json.dumps(result, separators=(",", ":")) if taken is None else taken)).strip()


def _error(detail: Mapping[str, Any]) -> ProgressError:
    reason = detail.get("message", "")
    if detail.get("code") == HTTP_UNAUTHORIZED:
        return ProgressError("authentication is required")
    if reason == "EOF":
        return ProgressError(
            f"{reason}\n: This error is most likely due to incorrect or mismatched registry credentials. "
            "Please double check you are using the correct credentials and registry name"
        )
    return ProgressError(reason)


def _trace(result: object) -> str:
    """Give the lines of a `StatusResponse`: steps (1), their parts (2), their output (3), warnings (4)."""
    try:
        status = base64.b64decode(result if isinstance(result, str) else "", validate=True)
        return "".join(f"{line}\n" for line in _trace_lines(status))
    except (binascii.Error, ValueError) as error:
        return f"failed to parse info bytes: {error}"


def _trace_lines(status: bytes) -> list[str]:
    lines = []
    for step in wire.parts(status, 1):
        lines += [f"digest: {text}" for text in wire.texts(step, 1)] + wire.texts(step, 3)
        lines += [f"error: {text}" for text in wire.texts(step, 7)]
    for number, text in ((2, 1), (3, 4), (4, 3)):
        for part in wire.parts(status, number):
            lines += wire.texts(part, text)
    return lines


def _bar(detail: Mapping[str, Any]) -> str:
    """Draw the progress of a transfer as the Docker CLI does on a terminal of 200 columns."""
    current, total = detail.get("current", 0), detail.get("total", 0)
    if current <= 0 and total <= 0:
        return ""
    if total <= 0:
        return f"{_size(current):>8}"
    share = min(int(current / total * 100) // 2, _BAR_WIDTH)
    bar = "[" + "=" * share + ">" + " " * (_BAR_WIDTH - share) + "] "
    return bar + f"{_size(current):>8}" + ("" if current > total else f"/{_size(total)}")


def _size(count: float) -> str:
    place = 0
    while count >= _THOUSAND and place < len(_UNITS) - 1:
        count /= _THOUSAND
        place += 1
    return f"{count:.4g}{_UNITS[place]}"
