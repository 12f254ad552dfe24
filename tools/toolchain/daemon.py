"""A program that runs on after this one has ended: started, found again by a later run, and ended.

It is known by its number and the moment it began, so a number that another program got since is not mistaken
for it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tools.toolchain import process
from tools.toolchain.errors import CommandFailed, ToolchainError, telling_line

STOP_SECONDS: Final = 20.0


class Daemon:
    """One such program.

    Args:
        name: what it is, for the names of its files.
        folder: where its log and its number are kept.
    """

    def __init__(self, name: str, folder: Path) -> None:
        """Look at nothing yet."""
        self.name = name
        self.log = folder / f"{name}.log"
        self._number_file = folder / f"{name}.process"

    def start(self, command: Sequence[str]) -> None:
        """Start it; its output goes to a new log."""
        with self.log.open("wb") as log:
            started = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        draft = self._number_file.with_suffix(".draft")
        draft.write_text(f"{started.pid} {_beginning(started.pid)}\n", encoding="utf-8")
        draft.rename(self._number_file)

    def number(self) -> int | None:
        """Return its process number, or None if it does not run."""
        try:
            number, beginning = self._number_file.read_text(encoding="utf-8").split()
        except (FileNotFoundError, ValueError):
            return None
        return int(number) if _beginning(int(number)) == beginning else None

    def is_running(self) -> bool:
        """Say whether it runs."""
        return self.number() is not None

    def stop(self, *, as_root: bool = False) -> None:
        """End it: by SIGTERM, and after 20 s by SIGKILL.

        Args:
            as_root: it runs as root.

        Raises:
            ToolchainError: it cannot be ended.
        """
        for signal_number in (signal.SIGTERM, signal.SIGKILL):
            number = self.number()
            if number is None:
                break
            self._send(signal_number, number, as_root=as_root)
            limit = time.monotonic() + STOP_SECONDS
            while self.is_running() and time.monotonic() < limit:
                time.sleep(0.05)
        if self.is_running():
            raise ToolchainError(
                f"{self.name} (process {self.number()}) does not end", f"End it: sudo kill -9 {self.number()}"
            )
        self._number_file.unlink(missing_ok=True)

    def last_words(self) -> str:
        """Return the line of its log that most likely says why it ended."""
        try:
            text = self.log.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return "it wrote no log"
        return telling_line([line.strip() for line in text.splitlines() if line.strip()])

    def _send(self, signal_number: signal.Signals, number: int, *, as_root: bool) -> None:
        """Send it a signal."""
        if not as_root:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal_number)
            return
        command = ["kill", f"-{signal_number.value}", str(number)]
        with contextlib.suppress(CommandFailed):
            process.run(
                process.as_root(command, f"end {self.name}"), remedy=f"End it: sudo {' '.join(command)}"
            )


def _beginning(number: int) -> str:
    """Return when a process began, in clock ticks since the machine's start; empty if it does not run."""
    try:
        text = Path(f"/proc/{number}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return ""
    # The name in parentheses may hold spaces; the state comes right after it.
    state, *fields = text.rpartition(")")[2].split()
    # A zombie has ended, though nobody has asked for its exit code; but its threads may still hold its port.
    return "" if state in "ZX" and _has_no_threads(number) else fields[18]


def _has_no_threads(number: int) -> bool:
    """Say whether nothing is left of a process but its first thread."""
    try:
        return len(list(Path(f"/proc/{number}/task").iterdir())) <= 1
    except (FileNotFoundError, ProcessLookupError):
        return True
