"""The way to a server by this machine's own SSH client: its host key checked, nobody's configuration read."""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECT_SECONDS = 20
SSH_PORT = 22


@dataclass(frozen=True)
class Way:
    """How a server is reached.

    Attributes:
        host: its address.
        port: of its SSH server.
        user: who logs in.
        known_hosts: a file with the server's key.
        key: a private key file; the SSH agent's keys if none.
    """

    host: str
    port: int
    user: str
    known_hosts: Path
    key: Path | None = None

    def command(self, *words: str) -> list[str]:
        """Write the command that runs something there.

        Args:
            words: what is run, and its arguments.
        """
        options = {
            "UserKnownHostsFile": shlex.quote(str(self.known_hosts)),
            "StrictHostKeyChecking": "yes",
            "BatchMode": "yes",
            "ConnectTimeout": str(CONNECT_SECONDS),
            "ServerAliveInterval": "10",
            "LogLevel": "ERROR",
        }
        line = ["ssh", "-F", "none", "-p", str(self.port)]
        for key, value in options.items():
            line += ["-o", f"{key}={value}"]
        if self.key:
            line += ["-o", "IdentitiesOnly=yes", "-i", str(self.key)]
        return [*line, f"{self.user}@{self.host}", shlex.join(words)]

    def as_root(self, *words: str) -> list[str]:
        """Write the command that runs something there as root.

        Args:
            words: what is run, and its arguments.
        """
        return self.command(*([] if self.user == "root" else ["sudo", "-n"]), *words)


@contextmanager
def way_to(host: str, port: int, user: str, keys: str) -> Iterator[Way]:
    """Open a way: its keys lie in files for this user alone, as long as the block lasts.

    Args:
        host: the server's address.
        port: of its SSH server.
        user: who logs in.
        keys: a line with the server's public key, as `ssh-keyscan` prints it without the host; then the
            user's private key, or nothing for those of the SSH agent.

    Yields:
        The way.
    """
    host_key, _, private_key = keys.partition("\n")
    with tempfile.TemporaryDirectory() as folder:
        known_hosts = Path(folder) / "known_hosts"
        # With a port of its own, a host is looked up as `[host]:port`.
        name = host if port == SSH_PORT else f"[{host}]:{port}"
        known_hosts.write_text(f"{name} {host_key.strip()}\n", encoding="utf-8")
        key = Path(folder) / "key" if private_key.strip() else None
        if key:
            key.touch(mode=0o600)
            key.write_text(f"{private_key.strip()}\n", encoding="utf-8")
        yield Way(host, port, user, known_hosts, key)


def arguments(*names: str, **flags: str) -> argparse.Namespace:
    """Read what a program of this folder was started with.

    Args:
        names: arguments with a value that it needs beside the server's.
        flags: those without one, with their meaning.

    Returns:
        `host`, `port`, `user`, the names and the flags.
    """
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    for name in ("host", "user", *names):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--port", type=int, required=True)
    for name, meaning in flags.items():
        parser.add_argument(f"--{name}", action="store_true", help=meaning)
    return parser.parse_args()
