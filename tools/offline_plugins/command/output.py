"""What a command prints: kept for the state and for an error, and shown line by line while it comes."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import Final

from tools.offline_plugins.command.quoting import quoted
from tools.offline_plugins.plugin import PluginError

_LONGEST_LINE: Final = 64 * 1024  # bytes; the real plugin's reader of lines gives up at a longer one
_LOGS_STDOUT: Final = (None, "stdout", "stdoutAndStderr")
_LOGS_STDERR: Final = (None, "stderr", "stdoutAndStderr")


class Output:
    """The output of one command.

    Args:
        logging: The input of that name: what is shown; everything if it is not given.
        show: Shows one line.
    """

    def __init__(self, logging: str | None, show: Callable[[str], None]) -> None:
        self._stdout = bytearray()
        self._stderr = bytearray()
        self._both = bytearray()
        self._lines = _Lines(show)
        self._shows_stdout = logging in _LOGS_STDOUT
        self._shows_stderr = logging in _LOGS_STDERR

    def take_stdout(self, data: bytes) -> None:
        """Take what came on standard output."""
        self._take(data, self._stdout, is_shown=self._shows_stdout)

    def take_stderr(self, data: bytes) -> None:
        """Take what came on standard error."""
        self._take(data, self._stderr, is_shown=self._shows_stderr)

    def _take(self, data: bytes, kept: bytearray, *, is_shown: bool) -> None:
        kept += data
        self._both += data
        if is_shown:
            self._lines.take(data)

    def end(self) -> None:
        """Show the last line if nothing ended it."""
        self._lines.end()

    @property
    def stdout(self) -> str:
        """Standard output without its last line break."""
        return _text(self._stdout).removesuffix("\n")

    @property
    def stderr(self) -> str:
        """Standard error without its last line break."""
        return _text(self._stderr).removesuffix("\n")

    def failure(self, reason: str, command: str) -> PluginError:
        """Make the error of a command that failed.

        Args:
            reason: How it ended.
            command: The command.
        """
        return PluginError(f"{reason}: running {quoted(command)}:\n{_text(self._both)}")


class _Lines:
    """Cuts what comes into lines."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._begun = b""
        self._has_ended = False

    def take(self, data: bytes) -> None:
        *whole, self._begun = (self._begun + data).split(b"\n")
        for line in whole:
            self._show_one(line)
        if len(self._begun) > _LONGEST_LINE:
            self._has_ended = True

    def end(self) -> None:
        if self._begun:
            self._show_one(self._begun)

    def _show_one(self, line: bytes) -> None:
        if len(line) > _LONGEST_LINE:
            self._has_ended = True
        if not self._has_ended:
            self._show(_text(line.removesuffix(b"\r")))


def _text(data: bytes | bytearray) -> str:
    """Read output as UTF-8; what is not becomes a replacement sign, as a state can only hold text."""
    return codecs.decode(data, "utf-8", "replace")
