"""What the processes of one `pulumi` take: the engine, the program, its language host and the plugins."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROGRAM: Final = "the program"
# By what a command line holds, the first that fits.
KINDS: Final = (
    ("pulumi-language-python-exec", PROGRAM),
    ("pulumi-language-python", "the language host"),
    ("offline_plugins.command", "plugin command (stand-in)"),
    ("offline_plugins.docker", "plugin docker (stand-in)"),
    ("pulumi-resource-command", "plugin command"),
    ("pulumi-resource-docker", "plugin docker"),
    ("-m pip", "pip, which lists the installed packages for the engine"),
    ("pulumi", "the engine"),
)
OTHER: Final = "other processes"
LOOK_SECONDS: Final = 0.05
KIB: Final = 1024
TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass
class Process:
    """A process as it was seen last.

    Attributes:
        kind: which part of Pulumi it is.
        cpu_seconds: what it took.
        peak_mib: the most that was resident at once; the kernel keeps that number itself (VmHWM).
    """

    kind: str
    cpu_seconds: float
    peak_mib: float


class Watch:
    """Looks at all processes that descend from one `pulumi`, again and again until that ends.

    Attributes:
        seen: by process id.
    """

    def __init__(self) -> None:
        """Watch nothing yet."""
        self.seen: dict[int, Process] = {}

    def __call__(self, pulumi: int) -> None:
        """Begin, in a thread that ends with the process.

        Args:
            pulumi: its process id.
        """
        threading.Thread(target=self._watch, args=(pulumi,), daemon=True).start()

    @property
    def program_mib(self) -> float:
        """The most memory that the program had."""
        return max((one.peak_mib for one in self.seen.values() if one.kind == PROGRAM), default=0.0)

    @property
    def cpu_seconds(self) -> dict[str, float]:
        """CPU seconds by kind, the most first."""
        sums: dict[str, float] = {}
        for one in self.seen.values():
            sums[one.kind] = sums.get(one.kind, 0.0) + one.cpu_seconds
        return dict(sorted(sums.items(), key=lambda item: -item[1]))

    def _watch(self, pulumi: int) -> None:
        pause = threading.Event()
        while Path(f"/proc/{pulumi}/stat").exists():
            for process in _descendants(pulumi):
                # It may have ended since it was listed.
                with contextlib.suppress(OSError, KeyError):
                    self.seen[process] = _look_at(process) or self.seen[process]
            pause.wait(LOOK_SECONDS)


def kind_of(command_line: Iterable[str]) -> str:
    """Tell which part of Pulumi a process is.

    Args:
        command_line: its words.
    """
    line = " ".join(command_line)
    return next((kind for mark, kind in KINDS if mark in line), OTHER)


def _descendants(pulumi: int) -> list[int]:
    """List a process and all below it."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parents[int(folder.name)] = int(_fields(int(folder.name))[1])
    found = {pulumi}
    for process in sorted(parents):  # a child has the higher number, unless they have wrapped around
        if parents[process] in found:
            found.add(process)
    return sorted(found)


def _fields(process: int) -> list[str]:
    """Return what `/proc/PID/stat` says after the name, which may hold anything: state, parent, and so on."""
    return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()


def _look_at(process: int) -> Process | None:
    """Look at a process; of one that has ended and was not yet waited for, nothing is left but its time."""
    words = Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").split("\0")
    fields = _fields(process)
    if not any(words):
        return None
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    peak = next((line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")), "0")
    # utime and stime: fields 14 and 15 of proc(5), which counts the name and the number before it.
    return Process(kind_of(words), (int(fields[11]) + int(fields[12])) / TICKS, int(peak) / KIB)
