"""Free TCP ports."""

from __future__ import annotations

import contextlib
import random
import socket
from typing import Final

from tools.toolchain.errors import ToolchainError

# Below those that Linux hands out to outgoing connections (from 32768), which could take one at any time.
RANGE: Final = range(20000, 30000)


def free(count: int, address: str) -> list[int]:
    """Return ports that nobody listens on; somebody may take one before it is used.

    Args:
        count: how many.
        address: at which they are free.

    Raises:
        ToolchainError: there are not that many.
    """
    found: list[int] = []
    for port in random.sample(RANGE, len(RANGE)):
        if is_free(port, address):
            found.append(port)
        if len(found) == count:
            return found
    raise ToolchainError(
        f"there are no {count} free ports from {RANGE[0]} to {RANGE[-1]} on {address}",
        "See what listens there: ss -ltnp",
    )


def is_free(port: int, address: str) -> bool:
    """Say whether nobody listens on a port."""
    with socket.socket() as probe, contextlib.suppress(OSError):
        # A connection that ended a moment ago does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((address, port))
        probe.listen(1)
        return True
    return False


def is_taken_message(output: str) -> bool:
    """Say whether what Docker printed means that somebody else has a port."""
    return any(mark in output for mark in ("port is already allocated", "address already in use"))
