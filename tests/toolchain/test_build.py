"""The one real build of this suite: the language host, the smaller of the two, with a kill in the middle."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.toolchain.box_fixtures import eventually
from tests.toolchain.conftest import toolchain
from tools.toolchain.repository import ROOT


def inheritors(name: str, value: Path) -> list[str]:
    """Return the numbers of the processes that have this variable."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"{name}={value}".encode() in environment.read_bytes().split(b"\0"):
                found.append(environment.parent.name)
    return found


@pytest.mark.slow
def test_a_build_that_was_killed_is_done_by_the_next_run(cache_folder: Path, tmp_path: Path) -> None:
    """Killed while Go runs, it leaves nothing that is taken for a host; then it is built and found."""
    # No engine beside which a host could be, no download site: both programs have to be made.
    path = f"{Path(sys.executable).parent}:/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin"
    # Go wants its module proxy; only the download site is hidden, by a start-up file of Python.
    (tmp_path / "sitecustomize.py").write_text(
        "from tools.toolchain import release\nrelease.PROBE = 'http://127.0.0.1:1'\n"
    )
    variables = {"PATH": path, "PYTHONPATH": f"{tmp_path}:{ROOT}", "BACKSTAFF_CACHE": str(cache_folder)}
    with subprocess.Popen(
        [sys.executable, "-m", "tools.toolchain", "ensure", "language-host"],
        cwd=ROOT,
        env={**os.environ, **variables},
        stderr=subprocess.PIPE,
        text=True,
    ) as first:
        assert first.stderr is not None
        assert any("compiling pulumi-language-python" in line for line in first.stderr)
        first.send_signal(signal.SIGKILL)
    # What Go has called may write for a moment longer, into what the next run removes.
    eventually(lambda: not inheritors("BACKSTAFF_CACHE", cache_folder))
    kept = cache_folder / "language-host"
    assert [path for path in kept.iterdir() if not path.name.startswith(".")] == []

    second = toolchain("ensure", "language-host", **variables)

    assert second.returncode == 0, second.stderr
    assert "language-host: built, kept in " in second.stderr
    (built,) = (path for path in kept.iterdir() if not path.name.startswith("."))
    assert len(list(kept.iterdir())) == 2
    for name in ("pulumi-language-python", "pulumi-language-python-exec"):
        assert os.access(built / name, os.X_OK)
    third = toolchain("ensure", "language-host", **variables)
    assert third.stderr == f"language-host: found {built}/pulumi-language-python\n"
