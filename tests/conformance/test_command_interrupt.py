"""What Ctrl-C does to commands that run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pulumi_command import local, remote

from tests.conformance.ssh_server import Server
from tests.conformance.stacks import Outcome, Program, Stack, stand_in_only

LIMIT_SECONDS = 60
LOOK_SECONDS = 0.05


def _interrupted(stack: Stack, program: Program, has_begun: Callable[[], bool]) -> Outcome:
    """Run a program, interrupt it once something has begun, and give what came of it."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(stack.up, program)
        _wait_until(has_begun)
        stack.interrupt()
        return running.result(LIMIT_SECONDS)


def _wait_until(holds: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(int(LIMIT_SECONDS / LOOK_SECONDS)):
        if holds():
            return
        pause.wait(LOOK_SECONDS)
    raise TimeoutError(f"nothing began within {LIMIT_SECONDS} s")


def test_an_interrupted_run_ends_the_commands_of_this_machine(stack: Stack) -> None:
    """The command is killed and does not get into the state."""
    mark = stack.folder / "begun"

    done = _interrupted(
        stack,
        lambda: local.Command("slow", create=f"echo $$ >{mark}.new; mv {mark}.new {mark}; exec sleep 600"),
        mark.exists,
    )

    assert done.failed
    assert not Path("/proc", mark.read_text().strip()).exists()
    assert "slow" not in stack.export()


@stand_in_only("the real plugin waits until the server's command ends by itself")
def test_an_interrupted_run_leaves_the_server(stack: Stack, server: Server) -> None:
    """The connection is cut, so that the run ends at once."""
    done = _interrupted(
        stack,
        lambda: remote.Command("slow", connection=server.connection(), create="exec sleep 600"),
        lambda: bool(server.commands),
    )

    assert done.failed
    assert "slow" not in stack.export()


def test_an_interrupted_run_tries_no_further(stack: Stack, server: Server) -> None:
    """A server that is tried again and again is tried no more: the run ends, which it would not otherwise."""
    server.to_refuse = 1_000_000

    done = _interrupted(
        stack,
        lambda: remote.Command("slow", connection=server.connection(dialErrorLimit=-1), create="echo never"),
        lambda: server.connections > 1,
    )

    assert done.failed
    assert "slow" not in stack.export()
