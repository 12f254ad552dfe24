"""What the tests of the toolchain share: an empty cache, a PATH of their own, programs that pretend."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.toolchain import process, release
from tools.toolchain.repository import ROOT

Pretend = Callable[..., Path]


@pytest.fixture
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty cache folder that the toolchain uses for the length of a test."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("BACKSTAFF_CACHE", str(folder))
    return folder


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only folder on PATH, with nothing in it but what shell scripts need."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "cat", "sleep", "env"):
        (folder / name).symlink_to(shutil.which(name) or f"/bin/{name}")
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def pretend(bin_folder: Path) -> Pretend:
    """Return a function that puts a shell script on PATH: `pretend("pulumi", "echo v3.300.0")`."""

    def write(name: str, script: str, folder: Path | None = None) -> Path:
        program = (folder or bin_folder) / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return program

    return write


@pytest.fixture(autouse=True)
def _a_new_run() -> None:
    """Forget what one run of the toolchain remembers until its end."""
    process._stopping.clear()
    release.site_is_reachable.cache_clear()


def toolchain(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the toolchain's command line, with some more environment variables."""
    return subprocess.run(
        [sys.executable, "-m", "tools.toolchain", *arguments],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
