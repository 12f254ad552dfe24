"""Making sure of several parts at once: what hangs together one after the other, the rest side by side."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from concurrent import futures

from tools.toolchain import process
from tools.toolchain.errors import ToolchainError

Part = Callable[[], None]


def run(lanes: Sequence[Sequence[Part]]) -> None:
    """Run several lanes of parts side by side; if one part fails, the programs of all others are ended.

    Args:
        lanes: each the parts that go one after the other.

    Raises:
        ToolchainError: of the part that failed first.
    """
    begun = [lane for lane in lanes if lane]
    if not begun:
        return
    failures: list[BaseException] = []

    def follow(lane: Sequence[Part]) -> None:
        try:
            for part in lane:
                part()
        except BaseException as error:  # noqa: BLE001 (a thread's failure is this run's failure)
            failures.append(explained(error) if isinstance(error, OSError) else error)
            process.stop_all()

    with futures.ThreadPoolExecutor(len(begun)) as threads:
        try:
            futures.wait([threads.submit(follow, lane) for lane in begun])
        except BaseException:
            # A signal: leaving the block waits until each lane has removed what it had half made.
            process.stop_all()
            raise
    if failures:
        raise failures[0]


def explained(error: OSError) -> ToolchainError:
    """Return what a failure of the system means to a person."""
    place = f" ({error.filename})" if error.filename else ""
    what = f"the system refused something: {error.strerror or error}{place}"
    if error.errno == errno.ENOSPC:
        return ToolchainError(what, "Free some room on that disk, then run again.")
    return ToolchainError(what, "Check the rights to that path, or set BACKSTAFF_CACHE to another folder.")
