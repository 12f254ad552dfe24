"""Servers that can be cut off, and an app in several roles that can be told to fail on one of them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation as auto

from tests.lean_up import Done, up
from tools.demo.parts import run_as_root
from tools.demo.workspace import Workspace
from tools.toolchain.boxes import Box, container

# Serves its version; what lies in /flags on its server makes it slow, or fail: at its start, or for the
# public alone.
APP = """
import os, signal, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FLAGS = set(os.listdir("/flags"))
VERSION = open("VERSION").read().strip()
if "start" in FLAGS:
    sys.exit("told to fail at the start")
if "slow" in FLAGS:
    time.sleep(5)

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self):
        is_public = "X-Backstaff-Release" not in self.headers
        status = 500 if is_public and "public" in FLAGS else 200
        body = f"{VERSION}\\n".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

server = ThreadingHTTPServer(("", 8000), Handler)
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
server.serve_forever()
"""
WORKER = """
import os, signal, time
print("works on", os.environ["QUEUE"], open("VERSION").read().strip(), flush=True)
signal.signal(signal.SIGTERM, lambda *_: (print("told to end", flush=True), time.sleep(1), os._exit(0)))
while True:
    time.sleep(0.1)
"""
# A job that takes a while, and notes when it began and when it ended.
TICK = """
import time
def note(what):
    with open("/flags/ticks", "a") as file:
        print(open("VERSION").read().strip(), what, file=file)
note("began")
time.sleep(2)
note("ended")
"""
DOCKERFILE = """
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
WORKDIR /app
COPY VERSION app.py worker.py tick.py ./
CMD ["python3", "app.py"]
"""


FILES = {"app.py": APP, "worker.py": WORKER, "tick.py": TICK, "Dockerfile": DOCKERFILE}
CUT_OFF = "systemctl stop ssh; pkill -KILL sshd || true"


@dataclass
class Fleet:
    """An app, its stack and its servers.

    Attributes:
        servers: by the addresses at which they are reached.
        workspace: the project's folder.
        app: the app's folder.
        config: the stack's configuration.
    """

    servers: dict[str, Box]
    workspace: Workspace
    app: Path
    config: dict[str, Any]

    def __post_init__(self) -> None:
        """Open the stack once: that takes a while."""
        self.stack = self.workspace.stack()
        self.hosts = list(self.servers)
        self.said: list[str] = []
        self._doom: tuple[str, str] | None = None

    def configure(self, **changes: Any) -> None:  # noqa: ANN401 - settings are of any shape
        """Change the stack's configuration; None takes a key away."""
        self.config = {key: value for key, value in (self.config | changes).items() if value is not None}
        self.workspace.configure(self.config)

    def set_version(self, version: str) -> None:
        """Change the app."""
        (self.app / "VERSION").write_text(f"{version}\n", encoding="utf-8")

    def up(self) -> Done:
        """Deploy, without a preview."""
        self.said = []
        return up(self.stack, self._hear)

    def _hear(self, line: str) -> None:
        self.said.append(line)
        if self._doom and re.search(self._doom[1], line):
            self.cut_off(self._doom[0])
            self._doom = None

    def cut_off(self, host: str) -> None:
        """Have a server die, as far as can be seen from here: what is connected breaks, nothing gets in."""
        subprocess.run(["docker", "exec", self.box(host), "sh", "-c", CUT_OFF], check=True)

    @contextmanager
    def dying(self, host: str, when: str = "") -> Iterator[None]:
        """Have a server die once the `up` says something, or by other means; it is back in the end."""
        self._doom = (host, when) if when else None
        try:
            yield
        finally:
            subprocess.run(["docker", "exec", self.box(host), "systemctl", "start", "ssh"], check=True)

    def box(self, host: str) -> str:
        """Name the container that is a server."""
        return container(self.servers[host].name)

    def failing_up(self) -> str:
        """Deploy what cannot succeed; return what the user sees."""
        with pytest.raises(auto.CommandError):
            self.up()
        return "\n".join(self.said)

    def root(self, host: str, command: str) -> str:
        """Run a shell command on a server as root; it must succeed."""
        return run_as_root(self.servers[host], command)

    def flag(self, host: str, *names: str) -> None:
        """Have the app on a server fail from its next start on; with no names, no more."""
        made = "".join(f" && touch /srv/flags/{name}" for name in names)
        self.root(host, f"rm -rf /srv/flags && mkdir -p /srv/flags{made}")

    def served(self, host: str, path: str = "/") -> str:
        """Fetch the version that a server gives to the public."""
        line = ["curl", "--silent", "--max-time", "5", f"http://{host}{path}"]
        return subprocess.run(line, capture_output=True, text=True, check=False).stdout.strip()

    def running(self, host: str) -> set[str]:
        """Name the service's running containers, without their releases."""
        names = self.root(host, "docker ps --filter label=backstaff.service=hello --format '{{.Names}}'")
        return {re.sub(r"-[0-9a-f]{12}-[0-9a-f]{6}$", "", name) for name in names.split()}


def address_of(server: Box) -> str:
    """Find the address of a box on Docker's own network."""
    line = ["docker", "inspect", "--format", "{{.NetworkSettings.IPAddress}}", container(server.name)]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip()
