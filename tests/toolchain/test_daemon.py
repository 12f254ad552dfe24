"""Programs that run on: known again by later runs, and ended for sure."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from tests.toolchain.box_fixtures import eventually
from tools.toolchain import daemon
from tools.toolchain.daemon import Daemon

STUBBORN = "trap '' TERM; echo ready; while :; do sleep 0.1; done"
# Its first thread ends, which makes it look like a zombie; its second goes on.
HEADLESS = """
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(60,)).start()
ctypes.CDLL(None).pthread_exit(None)
"""


def test_it_is_known_to_a_later_run(tmp_path: Path) -> None:
    """By the folder alone; and it is gone after `stop`, whoever asks."""
    Daemon("sleeper", tmp_path).start(["sleep", "60"])
    later = Daemon("sleeper", tmp_path)
    assert later.is_running()
    number = later.number()
    command = Path(f"/proc/{number}/cmdline")
    limit = time.monotonic() + 10
    while not command.read_bytes() and time.monotonic() < limit:  # not yet the program that it becomes
        time.sleep(0.01)
    assert command.read_bytes() == b"sleep\x0060\x00"
    later.stop()
    assert not Daemon("sleeper", tmp_path).is_running()
    assert later.number() is None


def test_one_that_never_ran(tmp_path: Path) -> None:
    """It does not run, and ending it is no error."""
    never = Daemon("never", tmp_path)
    never.stop()
    assert not never.is_running()
    assert never.last_words() == "it wrote no log"


def test_one_that_ignores_sigterm_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a time."""
    monkeypatch.setattr(daemon, "STOP_SECONDS", 0.2)
    stubborn = Daemon("stubborn", tmp_path)
    stubborn.start(["sh", "-c", STUBBORN])
    eventually(lambda: "ready" in stubborn.log.read_text())
    stubborn.stop()
    assert not stubborn.is_running()


def test_one_whose_threads_go_on_runs(tmp_path: Path) -> None:
    """They may hold its port still."""
    headless = Daemon("headless", tmp_path)
    headless.start([sys.executable, "-c", HEADLESS])
    number = headless.number()
    eventually(lambda: Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z")
    assert headless.is_running()
    headless.stop()
    assert not headless.is_running()


def test_its_last_words(tmp_path: Path) -> None:
    """The line of its log that says why it ended, not just the last one."""
    failing = Daemon("failing", tmp_path)
    failing.start(["sh", "-c", "echo begin; echo error: no luck; echo bye"])
    eventually(lambda: not failing.is_running())
    assert failing.last_words() == "error: no luck"


def test_a_number_of_another_process_is_not_it(tmp_path: Path) -> None:
    """The moment of its beginning does not fit."""
    (tmp_path / "other.process").write_text(f"{os.getpid()} 1\n")
    assert not Daemon("other", tmp_path).is_running()
