"""A real registry with a password, on a loopback port: Debian's `docker-registry` with an htpasswd file.

Docker trusts 127.0.0.0/8 without TLS, so the tests need no certificates.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

USERNAME = "deployer"
PASSWORD = "hunter2-ümlaut"
_HTPASSWD = f"{USERNAME}:$2b$04$iRezmB9BFtLhiqf9mdgFReY9bJPll9WZHnmVRsiG9eCdt0cM5tIZq\n"
"""The bcrypt hash of `PASSWORD`, of the least cost so that a test suite does not wait for it."""

START_SECONDS = 20.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Registry:
    """A registry that runs.

    Attributes:
        server: Its host and port.
        log: What it writes, one line a request among them.
    """

    server: str
    log: Path

    @property
    def sign_in(self) -> dict[str, str]:
        """What the program says to push to it."""
        return {"server": self.server, "username": USERNAME, "password": PASSWORD}

    def digest(self, repository: str, tag: str) -> str:
        """Ask for the digest of an image, as anybody with the password may."""
        status, digest, _ = self._get(f"{repository}/manifests/{tag}")
        assert status == HTTPStatus.OK
        return digest

    def tags(self, repository: str) -> list[str]:
        """List the tags of a repository, none when it is not there."""
        status, _, content = self._get(f"{repository}/tags/list")
        return sorted(json.loads(content)["tags"] or []) if status == HTTPStatus.OK else []

    def _get(self, path: str) -> tuple[int, str, bytes]:
        """Give status, digest and content of an answer."""
        sign_in = base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
        headers = {
            "Accept": "application/vnd.docker.distribution.manifest.v2+json",
            "Authorization": f"Basic {sign_in}",
        }
        with contextlib.closing(http.client.HTTPConnection(self.server, timeout=START_SECONDS)) as connection:
            connection.request("GET", f"/v2/{path}", headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers.get("Docker-Content-Digest", ""), answer.read()


def docker_config(folder: Path, server: str, username: str = USERNAME, password: str = PASSWORD) -> Path:
    """Write a Docker configuration that holds credentials for a registry.

    Args:
        folder: Where to write `config.json`; to be named by `DOCKER_CONFIG`.
        server: The registry.
        username: Who signs in.
        password: The password.
    """
    auth = base64.b64encode(f"{username}:{password}".encode()).decode()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"auths": {server: {"auth": auth}}}))
    return folder


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Run a registry for the whole test run."""
    program = shutil.which("docker-registry")
    if program is None:
        pytest.fail("docker-registry is not installed. Install it: apt install docker-registry")
    folder = tmp_path_factory.mktemp("registry")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = f"127.0.0.1:{free.getsockname()[1]}"
    (folder / "htpasswd").write_text(_HTPASSWD)
    config = {
        "version": "0.1",
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": server},
        "auth": {"htpasswd": {"realm": "conformance", "path": str(folder / "htpasswd")}},
    }
    (folder / "config.yml").write_text(json.dumps(config))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "serve", str(folder / "config.yml")], stdout=log, stderr=log)
    try:
        _await_answer(server, process, folder / "log")
        yield Registry(server, folder / "log")
    finally:
        process.terminate()
        process.wait()


def _await_answer(server: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        host, _, port = server.rpartition(":")
        with contextlib.suppress(OSError):
            socket.create_connection((host, int(port)), timeout=START_SECONDS).close()
            return
        time.sleep(_POLL_SECONDS)
    pytest.fail(f"docker-registry did not start within {START_SECONDS:.0f} s: {log.read_text()[-500:]}")


class SlowRegistry:
    """A registry that answers nobody before a number of pushes wait for it, and then refuses them all.

    Attributes:
        server: Its host and port.
        met: Whether that number came together.
        arrived: Set when the first push waits.
        command_lines: Those of all processes of this machine while the pushes waited.
    """

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.server = f"127.0.0.1:{server.server_address[1]}"
        self.met = False
        self.command_lines: list[str] = []
        self.arrived = threading.Event()
        self._barrier = threading.Barrier(1)

    def expect(self, pushes: int) -> None:
        """Say how many pushes to wait for."""
        self._barrier = threading.Barrier(pushes)

    def let_go(self) -> None:
        """Let nobody wait any longer."""
        self._barrier.abort()

    def meet(self) -> None:
        """Wait for the others."""
        self.command_lines = self.command_lines or _command_lines()
        self.arrived.set()
        with contextlib.suppress(threading.BrokenBarrierError):
            self._barrier.wait(START_SECONDS)
            self.met = True


def _command_lines() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # the process has ended
            found.append(path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
    return found


@pytest.fixture
def slow_registry() -> Iterator[SlowRegistry]:
    """Run a registry that lets pushes wait for each other."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            slow.meet()
            self._refuse()

        def do_HEAD(self) -> None:
            self._refuse()

        def do_POST(self) -> None:
            self._refuse()

        def _refuse(self) -> None:
            """Refuse in the words that keep Docker from trying again for a minute."""
            body = b'{"errors": [{"code": "DENIED", "message": "nobody may"}]}'
            self.send_response(HTTPStatus.FORBIDDEN)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if self.command != "HEAD" else b"")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    slow = SlowRegistry(server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield slow
    server.shutdown()
    server.server_close()
