"""A Docker engine that this user may talk to: found, started, or installed from Debian's packages.

answers                      found; nothing is changed
runs, but not for this user  this user gets an entry in its socket's access list (until the engine
                             restarts, or clean-all)
installed, not running       started: by systemd where that is in charge, else as a process of our own
not there                    installed with apt, then as above
"""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Final

from tools.toolchain import cache, daemon, packages, process
from tools.toolchain.docker_cli import SOCKET, address, environment, host_file, server_version
from tools.toolchain.errors import ToolchainError
from tools.toolchain.progress import Step, step

__all__ = ["clean", "ensure", "environment"]

START_SECONDS: Final = 60.0
INSTALL_REMEDY: Final = "Install Docker: https://docs.docker.com/engine/install/, then run again."


def ensure() -> None:
    """Make sure that a Docker engine answers this user.

    Raises:
        ToolchainError: there is none, and no right or no way to install or start one.
    """
    with step("docker") as part:
        part.now("asking the Docker engine")
        version = server_version()
        if version:
            part.done("found", f"Docker {version} at {_remembered_address()}")
            return
        with cache.lock("docker", part.now):
            _bring_up(part)


def clean() -> None:
    """Stop the engine if this toolchain started it; take back the access to its socket if it gave that."""
    acl = _folder() / "acl"
    if acl.exists():
        undo = ["setfacl", "--remove", f"user:{getpass.getuser()}", str(SOCKET)]
        with contextlib.suppress(ToolchainError):
            process.run(process.as_root(undo, "take back the access to Docker's socket"), remedy="")
    ours = _daemon()
    if ours.is_running():
        with step("docker") as part:
            part.now("stopping the Docker engine that was started here")
            ours.stop(as_root=True)
            part.note(f"stopped; its log was {ours.log}")
    cache.remove(_folder())


def _remembered_address() -> str:
    """Return the engine's address, and keep it for `environment` if no program tries it by itself."""
    where = address()
    if os.environ.get("DOCKER_HOST") or where == f"unix://{SOCKET}":
        host_file().unlink(missing_ok=True)
    else:
        _folder()
        host_file().write_text(where, encoding="utf-8")
    return where


def _bring_up(part: Step) -> None:
    """Get from no answer to an answer, by the way that changes least."""
    if server_version():  # another run was first
        part.done("found", f"Docker {server_version()} at {_remembered_address()}")
        return
    installed = False
    if not _programs_are_there():
        _install(part)
        installed = True
    if not _answers_root():
        _start(part)
        way = f"started by {'systemd' if _systemd_is_in_charge() else 'hand'}"
    else:
        way = "runs"
    if not server_version():
        way += f", and {_open_socket(part)}"
    version = server_version()
    if not version:
        raise ToolchainError(
            f"the Docker engine does not answer at {address()}",
            f"See what it says to: docker info (its log: {_log_hint()})",
        )
    part.done("installed" if installed else "started", f"Docker {version}, {way}")


def _programs_are_there() -> bool:
    """Say whether client and engine are installed."""
    return shutil.which("docker") is not None and _dockerd() is not None


def _dockerd() -> str | None:
    """Return the path of the engine's program, which may be in a folder that only root has on PATH."""
    return shutil.which("dockerd", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")


def _install(part: Step) -> None:
    """Install Debian's Docker."""
    if not shutil.which("apt-get"):
        raise ToolchainError(
            "there is no Docker engine on this machine, and no apt to install one", INSTALL_REMEDY
        )
    packages.install(part, ["docker.io"], "the Docker engine")


def _answers_root() -> bool:
    """Say whether an engine runs at the usual socket, though perhaps not for this user."""
    if not SOCKET.exists() or os.geteuid() == 0:
        return False
    probe = ["docker", "--host", f"unix://{SOCKET}", "version", "--format", "{{.Server.Version}}"]
    command = process.as_root(probe, "use the Docker engine on this machine")
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0


def _systemd_is_in_charge() -> bool:
    """Say whether systemd is this machine's init."""
    return Path("/run/systemd/system").is_dir()


def _start(part: Step) -> None:
    """Start the installed engine and wait until it has its socket."""
    part.now("starting the Docker engine")
    if _systemd_is_in_charge():
        process.run(
            process.as_root(["systemctl", "start", "docker"], "start the Docker engine"),
            what="systemd could not start the Docker engine",
            remedy="See: journalctl -u docker -n 50",
        )
        return
    ours = _daemon()
    command = [
        _dockerd() or "dockerd",
        "--group",
        str(os.getegid()),
        "--pidfile",
        str(_folder() / "docker.pid"),
    ]
    process.run(
        process.as_root(["rm", "-f", str(_folder() / "docker.pid")], "start the Docker engine"),
        remedy="Check the rights to the cache folder.",
    )
    ours.start(process.as_root(command, "start the Docker engine"))
    limit = time.monotonic() + START_SECONDS
    while not _is_up():
        if not ours.is_running() or time.monotonic() > limit:
            raise ToolchainError(
                f"the Docker engine did not start: {ours.last_words()}",
                f"See its log: {ours.log}",
            )
        time.sleep(0.2)


def _is_up() -> bool:
    """Say whether the engine that was started answers."""
    return bool(server_version(f"unix://{SOCKET}"))


def _open_socket(part: Step) -> str:
    """Let this user talk to the engine until the engine ends, and say what was done."""
    user = getpass.getuser()
    if not shutil.which("setfacl"):
        packages.install(part, ["acl"], "the access to Docker's socket")
    command = ["setfacl", "--modify", f"user:{user}:rw", str(SOCKET)]
    process.run(
        process.as_root(command, "get access to Docker's socket"),
        what=f"{user} could not be given access to {SOCKET}",
        remedy=f"Put {user} into the group that owns it: sudo usermod -aG docker {user}, then log in again.",
    )
    (_folder() / "acl").touch()
    return f"{user} may now use {SOCKET} (setfacl; until the engine restarts, or `make clean-all`)"


def _log_hint() -> str:
    """Say where the engine logs to."""
    return "journalctl -u docker" if _systemd_is_in_charge() else str(_daemon().log)


def _folder() -> Path:
    """Return the folder for what this module keeps."""
    path = cache.folder() / "docker"
    path.mkdir(exist_ok=True)
    return path


def _daemon() -> daemon.Daemon:
    """Return the engine that was started by hand, if it was."""
    return daemon.Daemon("dockerd", _folder())
