"""One line a part on the error stream, and a sign of life from whatever takes long.

On a terminal the last line shows all that is going on and counts the seconds; otherwise each step that still
runs says so every 15 seconds. Steps may run side by side, each in a thread of its own.

    with progress.step("engine") as step:
        step.now("building pulumi 3.259.0")
        ...
        step.done("built", "kept in ~/.cache/backstaff/engine/3.259.0")
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

Way = Literal["found", "downloaded", "installed", "built", "started", "made"]

PLAIN_INTERVAL_SECONDS: Final = 15.0
TERMINAL_INTERVAL_SECONDS: Final = 1.0


class Step:
    """One part on its way. Made by `step`; use it as a context manager."""

    def __init__(self, board: Board, name: str) -> None:
        """Start nothing yet."""
        self.name = name
        self.activity = ""
        self._board = board
        self._since = time.monotonic()

    def __enter__(self) -> Self:
        """Show the step for as long as it lasts."""
        self._since = time.monotonic()
        self._board.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Show it no longer."""
        self._board.remove(self)

    def now(self, activity: str) -> None:
        """Say what is being done from now on, for example `building pulumi 3.259.0`."""
        self.activity = activity
        self._board.announce(self)

    def note(self, text: str) -> None:
        """Print a line that stays."""
        self._board.write(f"{self.name}: {text}")

    def done(self, way: Way, where: str) -> None:
        """Print the line that ends the step.

        Args:
            way: how the part was come by.
            where: what and where it is; a path under the home folder is shortened by `shown`.
        """
        self._board.write(f"{self.name}: {way} {where}" if way == "found" else f"{self.name}: {way}, {where}")

    def status(self) -> str:
        """Return what is going on, with the seconds since the step began."""
        return f"{self.name}: {self.activity} ({time.monotonic() - self._since:.0f} s)"


class Board:
    """All steps that are on their way, and the only place that writes to the error stream."""

    def __init__(self) -> None:
        """Start empty; the thread that counts the seconds lives while there are steps."""
        self._steps: list[Step] = []
        self._guard = threading.RLock()
        self._idle = threading.Event()
        self._ticker: threading.Thread | None = None

    def add(self, step: Step) -> None:
        """Begin to show a step."""
        with self._guard:
            self._steps.append(step)
            if self._ticker is None:
                self._idle.clear()
                self._ticker = threading.Thread(target=self._tick, daemon=True)
                self._ticker.start()

    def remove(self, step: Step) -> None:
        """Show a step no longer."""
        with self._guard:
            self._steps.remove(step)
            self._redraw()
            if not self._steps:
                self._idle.set()
                self._ticker = None

    def announce(self, step: Step) -> None:
        """Show what a step has turned to."""
        with self._guard:
            if is_terminal():
                self._redraw()
            else:
                self.write(f"{step.name}: {step.activity}")

    def write(self, line: str) -> None:
        """Print a line that stays, above the one that counts."""
        with self._guard:
            clear = "\r\x1b[K" if is_terminal() and self._steps else ""
            sys.stderr.write(f"{clear}{line}\n")
            sys.stderr.flush()
            self._redraw()

    def _redraw(self) -> None:
        """Write the line that counts, cut to the terminal's width."""
        if not is_terminal():
            return
        width = shutil.get_terminal_size().columns - 1
        text = " | ".join(step.status() for step in self._steps if step.activity)
        sys.stderr.write(f"\r\x1b[K{text[:width]}")
        sys.stderr.flush()

    def _tick(self) -> None:
        """Give a sign of life at every interval until no step is left."""
        idle = self._idle
        interval = TERMINAL_INTERVAL_SECONDS if is_terminal() else PLAIN_INTERVAL_SECONDS
        while not idle.wait(interval):
            with self._guard:
                if is_terminal():
                    self._redraw()
                    continue
                for step in self._steps:
                    if step.activity:
                        sys.stderr.write(f"{step.status()}\n")
                sys.stderr.flush()


_BOARD = Board()


def step(name: str) -> Step:
    """Return a step to be used as a context manager.

    Args:
        name: the part, for example `engine`; every line of the step begins with it.
    """
    return Step(_BOARD, name)


def is_terminal() -> bool:
    """Say whether a person may be watching: the error stream is a terminal that can move its cursor."""
    return sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def shown(path: Path) -> str:
    """Return a path as people write it, with `~` for the home folder."""
    home = str(Path.home())
    text = str(path)
    return f"~{text.removeprefix(home)}" if text.startswith(f"{home}/") else text
