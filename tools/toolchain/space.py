"""Room on the disk, looked at before something long begins."""

from __future__ import annotations

import shutil
from pathlib import Path

from tools.toolchain.errors import ToolchainError

MIB = 1024 * 1024


def need(needed_mib: int, folder: Path, purpose: str) -> None:
    """Stop unless there is room for something.

    Args:
        needed_mib: how much it takes while it is being made, in MiB.
        folder: where; the nearest folder above it that exists is asked.
        purpose: what for: `to build the engine`.

    Raises:
        ToolchainError: there is less.
    """
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free_mib = shutil.disk_usage(existing).free // MIB
    if free_mib < needed_mib:
        raise ToolchainError(
            f"no room on the disk of {folder}: {needed_mib} MiB needed {purpose}, {free_mib} MiB free",
            "Free some room there, or set BACKSTAFF_CACHE (Go's own: GOPATH, GOCACHE) to another disk.",
        )
