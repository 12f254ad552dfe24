"""The parts that a deploy on this machine needs, got from the toolchain by its command line."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.demo.workspace import CHECKOUT


@dataclass(frozen=True)
class Box:
    """A throw-away server in a container.

    Attributes:
        name: what it is called.
        host: the address where its ports are published.
        ssh_port: of its SSH server.
        http_port: where its port 80 is published.
        https_port: where its port 443 is published.
        user: who may log in, and use sudo.
        private_key: the file of that user's key.
        host_key: the server's public key.
    """

    name: str
    host: str
    ssh_port: int
    http_port: int
    https_port: int
    user: str
    private_key: str
    host_key: str

    def ssh(self, command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command in the box as its user, the host key checked.

        Args:
            command: for the user's shell.
            stdin: what it reads.

        Returns:
            Its exit status, and what it printed, standard output and error together.
        """
        known = f"/bin/echo [{self.host}]:{self.ssh_port} {self.host_key}"
        options = [f"KnownHostsCommand={known}", "StrictHostKeyChecking=yes", "UserKnownHostsFile=/dev/null",
                   "IdentitiesOnly=yes", "LogLevel=ERROR"]  # fmt: skip
        words = ["ssh", "-i", self.private_key, "-p", str(self.ssh_port)]
        words += [word for option in options for word in ("-o", option)]
        words += [f"{self.user}@{self.host}", command]
        return subprocess.run(
            words,
            input=stdin,
            text=True,
            check=False,
            timeout=300,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def run(self, command: str) -> str:
        """Run a command in the box as root.

        Args:
            command: for `sh -c`.

        Returns:
            What it printed.

        Raises:
            RuntimeError: it failed; with what it printed.
        """
        done = self.ssh(f"sudo -n sh -c {shlex.quote(command)}")
        if done.returncode != 0:
            message = f"on {self.name}: {command!r} ended with status {done.returncode}:\n{done.stdout}"
            raise RuntimeError(message)
        return done.stdout


@dataclass(frozen=True)
class Registry:
    """A registry with a password on this machine.

    Attributes:
        server: host and port, the same from here and from the boxes.
        username: the account.
        password: its password.
    """

    server: str
    username: str
    password: str


def toolchain(*arguments: str) -> str:
    """Run the toolchain, its progress on this process's standard error.

    Args:
        arguments: of its command line.

    Returns:
        What it printed on standard output.

    Raises:
        subprocess.CalledProcessError: it failed; why is on standard error already.
    """
    return _run("tools.toolchain", *arguments)


def _run(module: str, *arguments: str) -> str:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT).stdout


def box(name: str) -> Box:
    """Start a box, or find it running.

    Args:
        name: what it is called.

    Returns:
        The box, with sshd answering.
    """
    return Box(**json.loads(toolchain("box", "up", name, "--json")))


def registry() -> Registry:
    """Start the registry, or find it running."""
    toolchain("registry", "up")
    told = json.loads(toolchain("registry", "info", "--json"))
    password = Path(told["password_file"]).read_text(encoding="utf-8").strip()
    return Registry(told["server"], told["username"], password)


def images() -> dict[str, str]:
    """Make sure that the images are there; return kinds (`python`, `traefik`) to references."""
    told: dict[str, str] = json.loads(_run("tools.toolchain.images"))
    return told


def settings(server: Box, store: Registry, references: dict[str, str]) -> dict[str, Any]:
    """Say what differs from machine to machine, as keys of the stack's configuration.

    Args:
        server: where to deploy.
        store: where the image goes.
        references: from `images`.

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
        "registry": {"server": store.server, "username": store.username, "password": [PASSWORD_VARIABLE]},
        "builder": {"args": {"BASE_IMAGE": references["python"]}},
        "traefik": {"image": references["traefik"]},
    }


# Names the registry's password in the configuration, as Kamal does.
PASSWORD_VARIABLE = "BACKSTAFF_DEMO_REGISTRY_PASSWORD"  # noqa: S105 - a name, not a password
