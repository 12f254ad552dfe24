"""A connection that was upgraded, as a WebSocket's is, and the app that answers it.

What goes over it are plain lines instead of frames: a proxy passes both on unseen.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader

# Goes into the example's handler, before its first branch.
BRANCH = """\
        if url.path == "/ws":
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            self.end_headers()
            self.wfile.flush()
            self.connection.settimeout(None)
            for line in iter(self.rfile.readline, b""):
                self.wfile.write(f"version {VERSION} heard ".encode() + line)
                self.wfile.flush()
            self.close_connection = True
            return
"""


@dataclass
class Upgraded:
    """An open connection.

    Attributes:
        answers: what the app says, by lines.
    """

    connection: socket.socket
    answers: BufferedReader

    def ask(self, word: str) -> str:
        """Say a word and give the app's answer; empty if it has hung up."""
        self.connection.sendall(f"{word}\n".encode())
        return self.answers.readline().decode().strip()


@contextmanager
def upgraded(host: str, port: int) -> Iterator[Upgraded]:
    """Open a connection and have it upgraded."""
    with socket.create_connection((host, port), timeout=30) as connection:
        connection.sendall(
            b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        with connection.makefile("rb") as answers:
            assert answers.readline().startswith(b"HTTP/1.1 101 ")
            while answers.readline().strip():
                pass
            yield Upgraded(connection, answers)
