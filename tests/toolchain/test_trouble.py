"""What a person sees when something is wrong: two lines, and exit code 1."""

from __future__ import annotations

import errno
import os
import runpy
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.toolchain.conftest import Pretend, toolchain
from tools.toolchain import lanes, packages, process, space, venv
from tools.toolchain.errors import CommandFailed, ToolchainError, telling_line
from tools.toolchain.progress import step
from tools.toolchain.repository import ROOT


def test_trouble_is_two_lines_and_exit_code_1(tmp_path: Path) -> None:
    """What is wrong, and what to do."""
    (tmp_path / "file").touch()
    result = toolchain("ensure", "venv", BACKSTAFF_CACHE=str(tmp_path / "file" / "cache"))
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        f"error: the cache folder {tmp_path}/file/cache cannot be made: Not a directory",
        "Set BACKSTAFF_CACHE to a folder that you may write to.",
    ]


def test_an_unknown_part_is_named(tmp_path: Path) -> None:
    """With the parts that there are."""
    result = toolchain("ensure", "venv", "engin", BACKSTAFF_CACHE=str(tmp_path))
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "error: there is no part engin",
        "Name some of: venv engine language-host plugins docker images registry aws bench.",
    ]


def test_an_unknown_command_shows_the_usage() -> None:
    """And is an error, other than asking for help."""
    assert toolchain("enshure").returncode == 2
    assert toolchain("enshure").stderr.startswith("usage: python3 -m tools.toolchain COMMAND")
    assert toolchain("--help").returncode == 0


def test_a_python_that_is_too_old(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said before any of its newer words is read."""
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(sys, "version", "3.9.2 (default)")
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("tools.toolchain.__main__", run_name="__main__")
    assert caught.value.code == 1
    assert capsys.readouterr().err.splitlines() == [
        f"error: Python 3.9.2 ({sys.executable}) is too old: 3.11 or newer is needed",
        "Install a newer one, then name it: make PYTHON=/usr/bin/python3.12 ...",
    ]


def test_no_right_to_install(pretend: Pretend, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither root nor sudo: the command that a person has to run is named."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    pretend("sudo", "exit 1")
    pretend("apt-get", "")
    with pytest.raises(ToolchainError) as caught:
        packages.install(step("venv"), ["python3.11-venv"], "Python's virtual environments")
    assert caught.value.what == (
        "no right to install python3.11-venv for Python's virtual environments: "
        "not root, and `sudo -n` does not work without a password"
    )
    assert caught.value.remedy == (
        "Run this first, or all of it as root: sudo apt-get update && sudo apt-get install python3.11-venv"
    )


@pytest.mark.usefixtures("cache_folder")
def test_no_right_to_install_is_asked_of_sudo(
    pretend: Pretend, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A user who may use sudo without a password gets it installed, with no question asked."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(packages, "UNFINISHED", tmp_path / "none")
    called = tmp_path / "called"
    pretend("sudo", f'echo "sudo $@" >> {called}')
    pretend("apt-get", "")
    packages.install(step("venv"), ["python3.11-venv"], "Python's virtual environments")
    lines = called.read_text().splitlines()
    assert lines[-1].startswith("sudo -n env DEBIAN_FRONTEND=noninteractive apt-get -y ")
    assert lines[-1].endswith(" install python3.11-venv")


@pytest.mark.usefixtures("bin_folder")
def test_a_machine_without_apt() -> None:
    """What Debian calls the packages is named, for a person to find here."""
    with pytest.raises(ToolchainError) as caught:
        packages.install(step("docker"), ["docker.io", "iptables"], "Docker")
    assert caught.value.what == "Docker is missing, and this machine has no apt to install it with"
    assert "docker.io, iptables" in caught.value.remedy


def test_python_without_venv(pretend: Pretend, monkeypatch: pytest.MonkeyPatch, cache_folder: Path) -> None:
    """Debian's Python gets its package; another Python is named."""
    assert not cache_folder.exists()
    asked = []
    monkeypatch.setattr(venv, "_has_venv", lambda: False)
    monkeypatch.setattr(packages, "install", lambda _step, names, _purpose: asked.append(names))
    monkeypatch.setattr(venv, "base_python", lambda: Path("/usr/bin/python3.12"))
    venv._install_venv(step("venv"))
    assert asked == [["python3.12-venv"]]
    own = pretend("python3.12", "")
    monkeypatch.setattr(venv, "base_python", lambda: own)
    with pytest.raises(ToolchainError, match="cannot make virtual environments"):
        venv._install_venv(step("venv"))


def test_no_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """How much is needed, how much there is, and where, before anything is begun."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=599 * space.MIB))
    space.need(599, tmp_path, "for the Python packages")
    with pytest.raises(ToolchainError) as caught:
        space.need(600, tmp_path / "not" / "yet", "for the Python packages")
    assert caught.value.what == (
        f"no room on the disk of {tmp_path}/not/yet: 600 MiB needed for the Python packages, 599 MiB free"
    )


def test_a_disk_that_fills_up_on_the_way(pretend: Pretend) -> None:
    """Whether a program says so or the system does, the remedy is room."""
    pretend("pip", "echo 'OSError: [Errno 28] No space left on device'; echo 'error: giving up'; exit 1")
    with pytest.raises(CommandFailed) as caught:
        process.run(["pip"], remedy="Check the network.", what="pip could not install")
    assert caught.value.remedy == "Free some room on that disk, then run again."

    def fill() -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/cache/engine")

    with pytest.raises(ToolchainError) as raised:
        lanes.run([[fill]])
    assert raised.value.what == "the system refused something: No space left on device (/cache/engine)"
    assert raised.value.remedy == "Free some room on that disk, then run again."


def test_the_telling_line_of_an_output() -> None:
    """The last that speaks of an error, else the last."""
    assert telling_line(["all well", "ERROR: no such package", "see the log"]) == "ERROR: no such package"
    assert telling_line(["one", "two"]) == "two"
    assert telling_line([]) == "it printed nothing"


def test_a_program_that_hangs_is_ended(pretend: Pretend) -> None:
    """When its time is out, and the message says so."""
    pretend("pulumi", "echo waiting; sleep 60; echo never")
    began = time.monotonic()
    with pytest.raises(CommandFailed, match=r"not done after 0\.2 s"):
        process.run(["pulumi"], remedy="Run again.", timeout_seconds=0.2)
    assert time.monotonic() - began < 5


def test_a_program_gets_no_standard_input(pretend: Pretend) -> None:
    """One that asks a question must not wait for ever."""
    pretend("asks", 'read answer || echo "no answer"')
    assert process.run(["asks"], remedy="") == "no answer\n"


def test_a_part_that_fails_ends_the_others(pretend: Pretend) -> None:
    """Its message comes at once, not after the four minutes that another part takes."""
    started = threading.Event()
    pretend("go", "echo started; sleep 60; echo never")

    def build() -> None:
        process.run(["go"], remedy="", on_line=lambda _line: started.set())

    def fail() -> None:
        assert started.wait(10)
        raise ToolchainError("no right to install", "Run as root.")

    began = time.monotonic()
    with pytest.raises(ToolchainError, match="no right to install"):
        lanes.run([[build], [fail]])
    assert time.monotonic() - began < 10


def test_a_mistake_in_the_toolchain_is_not_swallowed() -> None:
    """What nobody foresaw fails the run as well, with its traceback."""

    def mistake() -> None:
        raise NameError("_daemon")

    with pytest.raises(NameError, match="_daemon"):
        lanes.run([[mistake]])


ENDED_RUN = """
import signal, sys
from tools.toolchain import __main__, cache, lanes, process
def make(draft):
    (draft / "file").write_text("half")
    process.run(["sleeper"], remedy="", on_line=lambda line: print(line, flush=True))
signal.signal(signal.SIGTERM, __main__._end)
# Whoever started the tests in the background has this signal ignored, and that is inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)
lanes.run([[lambda: cache.part("engine", "3.1.0", make)]])
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_asked_to_end_cleans_up(
    pretend: Pretend, cache_folder: Path, number: signal.Signals
) -> None:
    """Unlike a killed one, it ends its programs and removes what it had half made, before it is gone."""
    pretend("sleeper", "echo started; sleep 60; echo never")
    with subprocess.Popen(
        [sys.executable, "-c", ENDED_RUN], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"started\n"
        run.send_signal(number)
        assert run.wait(10) != 0
    assert list((cache_folder / "engine").iterdir()) == []


KILLED_RUN = """
from tools.toolchain import process
process.run(["sleeper"], remedy="", on_line=lambda line: print(line, flush=True))
"""


def test_a_program_ends_with_a_killed_run(pretend: Pretend) -> None:
    """SIGKILL gives the toolchain no chance to clean up: the kernel ends what it had called."""
    Path(os.environ["PATH"], "setpriv").symlink_to("/usr/bin/setpriv")
    pretend("sleeper", "echo $$; exec sleep 60")
    with subprocess.Popen([sys.executable, "-c", KILLED_RUN], cwd=ROOT, stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        sleeper = int(run.stdout.readline())
        run.send_signal(signal.SIGKILL)
    limit = time.monotonic() + 10
    while _is_alive(sleeper):
        assert time.monotonic() < limit, "the program lives on"
        time.sleep(0.01)


def _is_alive(process_id: int) -> bool:
    """Say whether a process runs (one that nobody has waited for does not)."""
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
