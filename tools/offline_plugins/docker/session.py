"""A BuildKit session: how the engine asks for registry credentials while it builds.

The engine calls back over the connection of `/session`, in gRPC. A server on a socket in a private folder
answers, and threads carry the bytes between the two. Credentials leave this process only as such an answer.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

import grpc

from tools.offline_plugins.docker import wire
from tools.offline_plugins.docker.answers import Upgraded
from tools.offline_plugins.docker.credentials import DockerConfig
from tools.offline_plugins.docker.engine import Engine
from tools.offline_plugins.docker.names import HUB_SIGN_IN

_HUB_REGISTRY = "registry-1.docker.io"
_SERVING = b"\x08\x01"
_METHODS = ("/grpc.health.v1.Health/Check", "/moby.filesync.v1.Auth/Credentials")


class BuildSession:
    """A session that lasts as long as its `with` block.

    Args:
        engine: The engine that builds.
        config: Where credentials are looked up.

    Attributes:
        id: What a build names the session by.
    """

    def __init__(self, engine: Engine, config: DockerConfig) -> None:
        self.id = secrets.token_hex(12)
        self._engine = engine
        self._config = config
        self._cleanup = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Connect the engine to a server for its questions."""
        with contextlib.ExitStack() as cleanup:
            folder = cleanup.enter_context(tempfile.TemporaryDirectory(prefix="build-session-"))
            path = str(Path(folder, "answers.sock"))
            server = _serve(path, self._answer)
            cleanup.callback(lambda: server.stop(None).wait())
            here = cleanup.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            here.connect(path)
            far = self._engine.upgrade("/session", "h2c", self._headers())
            threads = [
                threading.Thread(target=_carry, args=(far.read, here.sendall), daemon=True),
                threading.Thread(target=_carry, args=(lambda: here.recv(1 << 16), far.write), daemon=True),
            ]
            for thread in threads:
                thread.start()
            cleanup.callback(_end, far, here, threads)
            self._cleanup = cleanup.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the session."""
        self._cleanup.close()

    def _headers(self) -> list[tuple[str, str]]:
        methods = [("X-Docker-Expose-Session-Grpc-Method", method) for method in _METHODS]
        identity = [
            ("X-Docker-Expose-Session-Uuid", self.id),
            ("X-Docker-Expose-Session-Sharedkey", secrets.token_hex(12)),
        ]
        return identity + methods

    def _answer(self, question: bytes) -> bytes:
        """Answer a `CredentialsRequest` (host = 1) with a `CredentialsResponse` (user = 1, secret = 2)."""
        host = "".join(wire.texts(question, 1))
        found = self._config.find(HUB_SIGN_IN if host == _HUB_REGISTRY else host)
        if found.identity_token:
            return wire.text_field(2, found.identity_token)
        return wire.text_field(1, found.username) + wire.text_field(2, found.password)


def _serve(path: str, answer: Callable[[bytes], bytes]) -> grpc.Server:
    def credentials(question: bytes, _: object) -> bytes:
        return answer(question)

    def health(_question: bytes, _: object) -> bytes:
        return _SERVING

    handlers = [
        grpc.method_handlers_generic_handler(
            method.strip("/").split("/")[0],
            {method.rpartition("/")[2]: grpc.unary_unary_rpc_method_handler(behaviour)},
        )
        for method, behaviour in zip(_METHODS, (health, credentials), strict=True)
    ]
    server = grpc.server(ThreadPoolExecutor(2), handlers=handlers)
    server.add_insecure_port(f"unix:{path}")
    server.start()
    return server


def _carry(read: Callable[[], bytes], write: Callable[[bytes], None]) -> None:
    with contextlib.suppress(OSError, ValueError):  # one of the two was closed
        while data := read():
            write(data)


def _end(far: Upgraded, here: socket.socket, threads: list[threading.Thread]) -> None:
    far.close()
    with contextlib.suppress(OSError):
        here.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join()
