"""Debian packages, for what cannot be had in a folder of one's own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from tools.toolchain import process
from tools.toolchain.cache import lock
from tools.toolchain.errors import ToolchainError
from tools.toolchain.progress import Step

# Another apt (a system's daily upgrade, say) may hold dpkg's lock for a while.
LOCK_TIMEOUT_SECONDS: Final = 300
# dpkg's journal: not empty if it was cut short.
UNFINISHED: Final = Path("/var/lib/dpkg/updates")


def install(step: Step, names: list[str], purpose: str) -> None:
    """Install Debian packages with apt.

    Args:
        step: the part that needs them; it shows what is going on.
        names: the packages.
        purpose: what they are for, in the message if they cannot be installed: `Python's venv`.

    Raises:
        ToolchainError: this is not Debian or Ubuntu, there is no right to install, or apt failed.
    """
    if not shutil.which("apt-get"):
        raise ToolchainError(
            f"{purpose} is missing, and this machine has no apt to install it with",
            f"Install what Debian calls {', '.join(names)} with this system's own packages, then run again.",
        )
    apt = ["apt-get", "-y", "-q", "-o", f"DPkg::Lock::Timeout={LOCK_TIMEOUT_SECONDS}"]
    apt_install = [*apt, "--no-install-recommends", "install", *names]
    purpose_line = f"install {' '.join(names)} for {purpose}"
    # sudo drops the caller's variables, so this one is set behind it.
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive"]
    by_hand = f"sudo apt-get update && sudo apt-get install {' '.join(names)}"
    update = process.as_root([*quiet, *apt, "update"], purpose_line, by_hand)
    command = process.as_root([*quiet, *apt_install], purpose_line, by_hand)
    with lock("apt", step.now):
        step.now(f"installing {', '.join(names)} with apt")
        repair()
        # A package list that cannot be refreshed is no reason to stop: the one that is there may do.
        for attempt in (update, command):
            try:
                process.run(
                    attempt,
                    what=f"apt could not install {', '.join(names)} for {purpose}",
                    remedy=f"See what apt says to: {by_hand}",
                    ends_with_us=False,
                )
            except ToolchainError:
                if attempt is command:
                    raise


def repair() -> None:
    """Let dpkg finish what an interrupted apt has left half done."""
    if UNFINISHED.is_dir() and any(UNFINISHED.iterdir()):
        process.run(
            process.as_root(["dpkg", "--configure", "-a"], "finish an interrupted installation"),
            remedy="Run `sudo dpkg --configure -a` and see what it says.",
            ends_with_us=False,
        )
