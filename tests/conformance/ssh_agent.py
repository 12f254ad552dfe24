"""An SSH agent with one key, on a socket: as much of its protocol as signing in needs.

Source: draft-ietf-sshm-ssh-agent, sections 3 and 4.
"""

from __future__ import annotations

import contextlib
import socketserver
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import asyncssh

_FAILURE, _LIST, _LISTED, _SIGN, _SIGNED = 5, 11, 12, 13, 14


@contextlib.contextmanager
def agent(path: Path, key: asyncssh.SSHKey) -> Iterator[str]:
    """Run an agent as long as the block lasts, and give the path of its socket."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while head := self.rfile.read(4):
                answer = _answer(self.rfile.read(*struct.unpack(">I", head)), key)
                self.wfile.write(_text(answer))

    with _serving(path, Handler):
        yield str(path)


@contextlib.contextmanager
def silent_agent(path: Path) -> Iterator[str]:
    """Run an agent that hangs up on whoever calls, and give the path of its socket."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            """Say nothing."""

    with _serving(path, Handler):
        yield str(path)


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 128  # as ssh-agent's: a full queue turns callers away


@contextlib.contextmanager
def _serving(path: Path, handler: type[socketserver.StreamRequestHandler]) -> Iterator[None]:
    with _Server(str(path), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()


def _answer(request: bytes, key: asyncssh.SSHKey) -> bytes:
    if request[0] == _LIST:
        return bytes([_LISTED]) + struct.pack(">I", 1) + _text(key.public_data) + _text(b"a key")
    if request[0] == _SIGN:
        (key_size,) = struct.unpack_from(">I", request, 1)
        (data_size,) = struct.unpack_from(">I", request, 5 + key_size)
        data = request[9 + key_size : 9 + key_size + data_size]
        return bytes([_SIGNED]) + _text(key.sign(data, key.algorithm))
    return bytes([_FAILURE])


def _text(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content
