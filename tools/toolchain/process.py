"""Calling other programs, so that their failure is explained and none of them outlives the toolchain.

Standard input is always empty: a program that asks a question fails instead of waiting for ever.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from tools.toolchain.errors import CommandFailed, ToolchainError

_running: Final[set[subprocess.Popen[str]]] = set()
_guard: Final = threading.Lock()
_stopping: Final = threading.Event()


def run(
    command: Sequence[str],
    *,
    remedy: str,
    what: str = "",
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    timeout_seconds: float | None = None,
    on_line: Callable[[str], None] | None = None,
    ends_with_us: bool = True,
) -> str:
    """Run a program to its end.

    Args:
        command: the program and its arguments; no shell.
        remedy: what the person should do if it fails, one line.
        what: what could not be done if it fails; by default the message quotes the command.
        cwd: the folder it runs in.
        environment: all its variables; by default those of this process.
        timeout_seconds: when to kill it; by default it may take as long as it likes.
        on_line: called with each line of its output as it comes.
        ends_with_us: end it if this process is killed. Not for what must not be cut short, such as apt.

    Returns:
        What it wrote: standard output and error stream as they came.

    Raises:
        CommandFailed: it ended with an error, or was killed because the time was out.
        ToolchainError: there is no such program.
    """
    if _stopping.is_set():
        raise ToolchainError(f"`{command[0]}` was not started: this run is ending", "Run again.")
    try:
        process = subprocess.Popen(
            [*(_leash() if ends_with_us else []), *command],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # A group of its own, so that what it calls in turn can be ended with it; and so that Ctrl-C does
            # not reach an apt that must not be cut short.
            process_group=0,
        )
    except FileNotFoundError as error:
        raise ToolchainError(f"there is no program `{command[0]}` on this machine", remedy) from error
    if ends_with_us:
        with _guard:
            _running.add(process)
        if _stopping.is_set():
            # It was started while `stop_all` went through the others.
            _end(process, signal.SIGTERM)
    try:
        output = _read(process, on_line, timeout_seconds)
        exit_code = process.wait()
    finally:
        with _guard:
            _running.discard(process)
    if exit_code != 0:
        raise CommandFailed(command, exit_code, output, remedy, what)
    return output


def stop_all() -> None:
    """End every program that `run` is waiting for, and start no more: this run is over."""
    _stopping.set()
    with _guard:
        for process in _running:
            _end(process, signal.SIGTERM)


def as_root(command: Sequence[str], purpose: str, by_hand: str = "") -> list[str]:
    """Return a command that runs with root's rights.

    Args:
        command: the program and its arguments.
        purpose: what it is for, for example `install python3-venv`.
        by_hand: what a person has to run where that cannot be had; by default the command itself.

    Returns:
        The command itself for root, else with `sudo -n` in front.

    Raises:
        ToolchainError: neither root nor able to use sudo without a password.
    """
    if os.geteuid() == 0:
        return list(command)
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n", *command]
    raise ToolchainError(
        f"no right to {purpose}: not root, and `sudo -n` does not work without a password",
        f"Run this first, or all of it as root: {by_hand or ' '.join(['sudo', *command])}",
    )


def _end(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send a signal to a program and to all that it has called."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _leash() -> list[str]:
    """Return what to put before a command so that the kernel ends it when this process is killed.

    `setpriv` is part of Linux's util-linux; without it the program runs on, into a draft that nobody uses.
    """
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []


def _read(
    process: subprocess.Popen[str], on_line: Callable[[str], None] | None, timeout_seconds: float | None
) -> str:
    """Read a program's output to its end, handing on each line as it comes; kill it when the time is out."""
    lines: list[str] = []

    def end() -> None:
        lines.append(f"error: not done after {timeout_seconds:g} s\n")
        _end(process, signal.SIGKILL)

    timer = threading.Timer(timeout_seconds or 0, end)
    if timeout_seconds:
        timer.start()
    try:
        for line in process.stdout or ():
            lines.append(line)
            if on_line:
                on_line(line.rstrip("\n"))
    finally:
        timer.cancel()
    return "".join(lines)
