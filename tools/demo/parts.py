"""The parts that a deploy on this machine needs, from the toolchain, as settings of a stack."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.toolchain import box_login, images, registry
from tools.toolchain.boxes import Box
from tools.toolchain.registry import Registry

# Names the registry's password in the configuration, as Kamal does.
PASSWORD_VARIABLE = "BACKSTAFF_DEMO_REGISTRY_PASSWORD"  # noqa: S105 - a name, not a password
# No command on a box takes longer, in seconds.
COMMAND_SECONDS = 300


@dataclass(frozen=True)
class Parts:
    """What is shared by all boxes.

    Attributes:
        registry: where images are pushed.
        python: the base image of the Python example.
        traefik: Traefik's image, by digest.
    """

    registry: Registry
    python: str
    traefik: str

    @property
    def password(self) -> str:
        """The password of the registry's user."""
        return Path(self.registry.password_file).read_text(encoding="utf-8").strip()

    def settings(self, server: Box) -> dict[str, Any]:
        """Say what differs from machine to machine.

        Args:
            server: where to deploy.

        Returns:
            Keys under `backstaff:`, without that prefix; the registry's password is named, not told.
        """
        return {
            "servers": [server.host],
            "ssh": {
                "user": server.user,
                "port": server.ssh_port,
                "keys": [server.private_key],
                "host_keys": {server.host: server.host_key},
            },
            "registry": {
                "server": self.registry.server,
                "username": self.registry.username,
                "password": [PASSWORD_VARIABLE],
            },
            "builder": {"args": {"BASE_IMAGE": self.python}},
            "traefik": {"image": self.traefik},
        }


def parts() -> Parts:
    """Start the registry and get the images, or find them.

    Raises:
        ToolchainError: one of them cannot be had.
    """
    registry.ensure()
    running = registry.running()
    if running is None:
        raise RuntimeError("the registry ended as soon as it had started; see `tools/registry info`")
    references = images.references()
    return Parts(running, references["python"], references["traefik"])


def ssh(server: Box, command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command on a box as its user.

    Args:
        server: the box.
        command: for the user's shell.
        stdin: what it reads.

    Returns:
        Its exit status, and what it printed, standard output and error together.
    """
    return subprocess.run(
        [*box_login.command(server), command],
        input=stdin,
        text=True,
        check=False,
        timeout=COMMAND_SECONDS,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def run_as_root(server: Box, command: str) -> str:
    """Run a command on a box as root.

    Args:
        server: the box.
        command: for `sh -c`.

    Returns:
        What it printed.

    Raises:
        RuntimeError: it failed; with what it printed.
    """
    done = ssh(server, f"sudo -n sh -c {shlex.quote(command)}")
    if done.returncode != 0:
        raise RuntimeError(
            f"on {server.name}: {command!r} ended with status {done.returncode}:\n{done.stdout}"
        )
    return done.stdout
