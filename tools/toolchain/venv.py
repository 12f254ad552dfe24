"""The Python virtual environment with all that the program, its tests and its stand-ins import.

It is keyed by the lock file and by the Python it is made with, so a change of either makes a new one.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import platform
import sys
from pathlib import Path
from typing import Final

from tools.toolchain import cache, packages, process, space
from tools.toolchain.errors import ToolchainError
from tools.toolchain.progress import Step, shown, step
from tools.toolchain.repository import PYTHON_REQUIREMENTS, ROOT, digest_of

KIND: Final = "venv"
# Measured: 260 MiB installed, as much again while pip unpacks.
NEEDED_MIB: Final = 600


def ensure() -> None:
    """Make sure that the virtual environment is there.

    Raises:
        ToolchainError: it cannot be made.
    """
    with step("venv") as part:
        path, is_new = install(part, KIND, PYTHON_REQUIREMENTS)
        part.done("installed" if is_new else "found", shown(path))


def folder() -> Path:
    """Return where the virtual environment is, or will be."""
    return cache.path_of(KIND, key(PYTHON_REQUIREMENTS))


def key(requirements: Path) -> str:
    """Return the key of a virtual environment with these requirements, made with this Python."""
    return f"{digest_of(requirements, str(base_python()))}-py{platform.python_version()}"


def base_python() -> Path:
    """Return the Python to make virtual environments with: this one, or the one behind it if it is in one."""
    return Path(sys.executable).resolve()


def install(part: Step, kind: str, requirements: Path, needed_mib: int = NEEDED_MIB) -> tuple[Path, bool]:
    """Find or make a virtual environment in the cache.

    Args:
        part: the step it is for.
        kind: its folder in the cache.
        requirements: a lock file with hashes; nothing that has none is installed.
        needed_mib: the room it takes.

    Returns:
        Where it is, and whether it was made just now.

    Raises:
        ToolchainError: it cannot be made.
    """
    make = functools.partial(_make, part, requirements, needed_mib)
    return cache.part(kind, key(requirements), make, part.now)


def _make(part: Step, requirements: Path, needed_mib: int, draft: Path) -> None:
    """Make a virtual environment in an empty folder."""
    space.need(needed_mib, cache.folder(), f"for the Python packages of {requirements.relative_to(ROOT)}")
    if not _has_venv():
        _install_venv(part)
    part.now("making a virtual environment")
    process.run(
        [str(base_python()), "-m", "venv", str(draft)],
        what="Python's venv could not make a virtual environment",
        remedy=f"Try by hand: {base_python()} -m venv /tmp/trial",
    )
    part.now(f"installing the packages of {requirements.relative_to(ROOT)} with pip")
    process.run(
        _pip_install(draft, requirements),
        what=f"pip could not install the packages of {requirements.relative_to(ROOT)}",
        remedy="Check that pip reaches its package index (network, proxy, PIP_INDEX_URL), then run again.",
        environment={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )


def _pip_install(environment: Path, requirements: Path) -> list[str]:
    """Return the command that installs locked packages into a virtual environment, and nothing else."""
    pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--no-input", "--progress-bar", "off"]
    # Two retries ride out a hiccup; pip's own five take a minute to say that there is no network.
    return [*pip, "--retries", "2", "--require-hashes", "--no-deps", "-r", str(requirements)]


def _has_venv() -> bool:
    """Say whether this Python can make virtual environments with pip (Debian packs that apart)."""
    return all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))


def _install_venv(part: Step) -> None:
    """Install what Debian and Ubuntu leave out of their Python."""
    if not str(base_python()).startswith("/usr/bin/"):
        raise ToolchainError(
            f"{base_python()} cannot make virtual environments: it has no venv or no ensurepip",
            "Use another Python, 3.11 or newer: make PYTHON=/usr/bin/python3 ...",
        )
    packages.install(part, [f"{base_python().name}-venv"], "Python's virtual environments")
    importlib.invalidate_caches()
