"""What the tests of boxes and of the registry share: a cache folder for a module, and what ends with it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.toolchain import box, box_login, boxes, docker_cli, docker_engine, registry
from tools.toolchain.boxes import Box


@pytest.fixture(scope="module")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a module a cache folder of its own; take away the boxes and the registry that it made."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("BACKSTAFF_CACHE", str(folder))
        docker_engine.ensure()
        _remove_boxes_of_killed_runs()
        yield folder
        for name in boxes.names():
            box.down(name)
        registry.clean()


def _remove_boxes_of_killed_runs() -> None:
    """Take away boxes named `test-...`: the cache folder that owned them has gone with its run."""
    found = docker_cli.ask(
        "ps", "--all", "--filter", f"name={boxes.container('test-')}", "--format", "{{.Names}}"
    )
    for container in (found or "").split():
        name = container.removeprefix(boxes.container(""))
        docker_cli.ask("rm", "--force", "--volumes", container)
        docker_cli.ask("volume", "rm", boxes.volume(name))


def on(which: Box, command: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run a shell command on a box as its user, with something on standard input."""
    return subprocess.run(
        [*box_login.command(which), command],
        input=given,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def output_of(which: Box, command: str, given: str = "") -> str:
    """Run a shell command on a box that has to succeed, and return its standard output, stripped."""
    result = on(which, command, given)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def eventually(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait until something holds."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, f"not within {seconds} s"
        time.sleep(0.05)
