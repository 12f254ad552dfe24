"""Programs that are already on the machine, and their versions."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tools.toolchain import cache
from tools.toolchain.repository import digest_of, numbers

ANSWER_SECONDS: Final = 30


def on_path(name: str, path: str | None = None) -> Iterator[Path]:
    """Yield each program of that name on PATH, the one that would be called first.

    Args:
        name: the program.
        path: the folders, separated by colons; by default PATH.
    """
    for folder in (os.environ.get("PATH", "") if path is None else path).split(os.pathsep):
        program = Path(folder, name)
        if folder and program.is_file() and os.access(program, os.X_OK):
            yield program


def version_of(program: Path, arguments: Sequence[str]) -> str:
    """Return what a program says of its version, asking it only if it changed since it was last asked.

    Args:
        program: its path.
        arguments: those that make it print its version and nothing else.

    Returns:
        Its answer, stripped; empty if it gives none or fails.
    """
    stat = program.stat()
    key = digest_of(str(program.resolve()), f"{stat.st_mtime_ns} {stat.st_size} {stat.st_ino}", *arguments)

    def ask(draft: Path) -> None:
        (draft / "version").write_text(_answer(program, arguments), encoding="utf-8")

    answer, _ = cache.part("versions", key, ask)
    return (answer / "version").read_text(encoding="utf-8")


def is_new_enough(version: str, wanted: str) -> bool:
    """Say whether a version can stand in for the wanted one: the same major version, and no older.

    Args:
        version: `v3.259.0`, `3.260.0-alpha.1`; anything else is not.
        wanted: `3.259.0`.
    """
    have, need = numbers(version), numbers(wanted)
    if len(have) < len(need) or have[0] != need[0]:
        return False
    # A pre-release comes before the version that it is named after.
    return have > need or (have == need and "-" not in version)


def _answer(program: Path, arguments: Sequence[str]) -> str:
    """Ask a program for its version."""
    try:
        result = subprocess.run(
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=ANSWER_SECONDS,
            check=False,
            env=_quiet_environment(),
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""


def _quiet_environment() -> dict[str, str]:
    """Return an environment in which `pulumi` asks for no update and writes no log into the home folder."""
    defaults = {"PULUMI_HOME": str(cache.folder() / "pulumi-home"), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    return {**defaults, **os.environ}
