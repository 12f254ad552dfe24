"""Kamal's hooks: which of them are in the app's folder, and which are run."""

from __future__ import annotations

import os
from pathlib import Path

from settings.errors import Problem

# Run in this order; the last one, which Kamal has not, when an `up` fails.
HONOURED = (
    "pre-connect",
    "docker-setup",
    "pre-build",
    "pre-deploy",
    "pre-app-boot",
    "post-app-boot",
    "post-deploy",
    "on-failure",
)
# Hooks around something that happens here in no step of its own.
REFUSED = ("pre-proxy-reboot", "post-proxy-reboot", "pre-traefik-reboot", "post-traefik-reboot")


def found_hooks(folder: Path, path: Path) -> tuple[str, ...]:
    """Name the files in the folder of hooks, but for samples.

    Args:
        folder: the app's.
        path: where hooks are, relative to it.

    Returns:
        Their names.
    """
    try:
        files = sorted((folder / path).iterdir())
    except OSError:
        return ()
    return tuple(file.name for file in files if file.is_file() and file.suffix != ".sample")


def check_hooks(folder: Path, path: Path) -> tuple[list[Problem], list[str]]:
    """Check that what was meant as a hook is run.

    Args:
        folder: the app's.
        path: where hooks are, relative to it.

    Returns:
        What is wrong, and what has no effect.
    """
    problems, warnings = [], []
    for name in found_hooks(folder, path):
        is_program = os.access(folder / path / name, os.X_OK)
        if name in REFUSED:
            rule = "is not honoured: the proxy is replaced only in an `up` in which its settings change"
            problems.append(Problem(f"{path}/{name}", rule, "Take it away to go on without."))
        elif name in HONOURED and not is_program:
            rule = "is a hook that cannot be run: it is not executable"
            problems.append(Problem(f"{path}/{name}", rule, f"Run: chmod +x {folder / path / name}"))
        elif name not in HONOURED and is_program:
            warnings.append(f"{path}/{name}: has no effect: no hook is called so ({', '.join(HONOURED)}).")
    return problems, warnings
