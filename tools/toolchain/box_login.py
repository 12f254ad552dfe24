"""Logging in to a box."""

from __future__ import annotations

import shlex
import subprocess
import time
from typing import Final

from tools.toolchain import boxes, docker_cli
from tools.toolchain.boxes import Box
from tools.toolchain.errors import ToolchainError
from tools.toolchain.progress import Step

BOOT_SECONDS: Final = 60.0
CONNECT_SECONDS: Final = 5
INSTALL_SSH: Final = "Install OpenSSH's client (Debian and Ubuntu: sudo apt-get install openssh-client)."


def command(box: Box) -> list[str]:
    """Return the command that logs in to a box as its user: its host key pinned, nobody's configuration."""
    options = {
        "UserKnownHostsFile": shlex.quote(str(boxes.folder(box.name) / "known_hosts")),
        "StrictHostKeyChecking": "yes",
        "IdentitiesOnly": "yes",
        "BatchMode": "yes",
        "ConnectTimeout": str(CONNECT_SECONDS),
        "LogLevel": "ERROR",
        # OpenSSH's first choice costs a tenth of a second more, thousands of times in the tests.
        "KexAlgorithms": "curve25519-sha256",
    }
    pairs = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
    return [
        "ssh",
        "-F",
        "none",
        *pairs,
        "-i",
        box.private_key,
        "-p",
        str(box.ssh_port),
        f"{box.user}@{box.host}",
    ]


def wait(part: Step, box: Box) -> None:
    """Wait until the box's user can log in.

    Raises:
        ToolchainError: the box has ended, or the time is out.
    """
    part.now("waiting until one can log in")
    limit = time.monotonic() + BOOT_SECONDS
    while True:
        said = _try_login(box)
        if said is None:
            return
        if not boxes.is_running(box.name):
            raise ToolchainError(
                f"box {box.name} ended while it started: {_last_words(box.name)}",
                "This machine may not give what a box needs: to mount, and control groups of its own.",
            )
        if time.monotonic() > limit:
            raise ToolchainError(
                f"box {box.name}: no login after {BOOT_SECONDS:.0f} s: {said or 'no answer'}",
                f"See what it does: docker exec {boxes.container(box.name)} journalctl -b",
            )
        time.sleep(0.2)


def _try_login(box: Box) -> str | None:
    """Log in once; return None if that worked, else what ssh said."""
    try:
        result = subprocess.run(
            [*command(box), "true"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * CONNECT_SECONDS,
        )
    except FileNotFoundError as error:
        raise ToolchainError("there is no `ssh` on this machine", INSTALL_SSH) from error
    except subprocess.TimeoutExpired:
        return "the connection hangs"
    return None if result.returncode == 0 else result.stderr.strip()


def _last_words(name: str) -> str:
    """Return the last line that a box wrote to its console."""
    try:
        lines = docker_cli.call("logs", "--tail", "20", boxes.container(name)).splitlines()
    except ToolchainError:
        return "it wrote nothing"
    return next((line.strip() for line in reversed(lines) if line.strip()), "it wrote nothing")
