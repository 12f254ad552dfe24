"""The command line: `python3 -m tools.toolchain ensure | run | box | registry | lock | clean-all`."""

from __future__ import annotations

import signal
import sys
from types import FrameType

OLDEST_PYTHON = (3, 11)

# Before anything else is imported: an older Python would fail over its contents instead of saying this.
if sys.version_info < OLDEST_PYTHON:
    sys.stderr.write(
        f"error: Python {sys.version.split()[0]} ({sys.executable}) is too old: 3.11 or newer is needed\n"
        "Install a newer one, then name it: make PYTHON=/usr/bin/python3.12 ...\n"
    )
    sys.exit(1)

from tools.toolchain import commands  # noqa: E402 (see above)
from tools.toolchain.errors import ToolchainError  # noqa: E402 (see above)


def main(arguments: list[str]) -> int:
    """Run one command.

    Returns:
        0, or 1 with two lines on the error stream: what is wrong, and what to do.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        return commands.dispatch(arguments)
    except ToolchainError as error:
        sys.stderr.write(f"error: {error.what}\n{error.remedy}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted; what was complete is kept\n")
        return 130


def _end(number: int, _frame: FrameType | None) -> None:
    """Leave by way of an exception, so that what is half made is removed."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
