"""What the Docker engine answers: a body, messages as they come, or a raw connection."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any, Self

from tools.offline_plugins.plugin import PluginError


class EngineError(PluginError):
    """What the Docker engine refused, or why it cannot be reached.

    Attributes:
        status: The HTTP status, 0 when there was no answer.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


def cut(opened: socket.socket) -> None:
    """End a connection, also for those who wait for it."""
    with contextlib.suppress(OSError):  # the other side was quicker
        opened.shutdown(socket.SHUT_RDWR)


class Answer:
    """An answer of the engine whose body is still to be read.

    Args:
        opened: The connection.
        response: The answer.
        forget: Called with the connection when it is not needed any more.
    """

    def __init__(
        self,
        opened: socket.socket,
        response: http.client.HTTPResponse,
        forget: Callable[[socket.socket], None],
    ) -> None:
        self.opened = opened
        self.response = response
        self._forget = forget

    def __enter__(self) -> Self:
        """Use the answer; it is closed afterwards."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the answer."""
        self.close()

    def read(self) -> bytes:
        """Read the whole body."""
        return self.response.read()

    def close(self) -> None:
        """Close the connection."""
        self.end()
        self.response.close()
        self.opened.close()

    def end(self) -> None:
        """End the connection, also for those who wait for it."""
        self._forget(self.opened)
        cut(self.opened)

    def refusal(self) -> EngineError:
        """Read the reason of a refusal, and close the answer."""
        with self:
            body = self.read().decode("utf-8", "replace").strip()
        try:
            reason = json.loads(body)["message"]
        except (ValueError, KeyError, TypeError):
            reason = body or f"{self.response.status} {self.response.reason}"
        return EngineError(f"Error response from daemon: {reason}", self.response.status)


class Messages:
    """The messages that the engine sends while it works, one JSON object a line."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Give each message as it comes, and close the answer after the last one."""
        with self._answer as answer:
            try:
                for line in _lines(answer.response):
                    if line.strip():
                        yield json.loads(line)
            except ValueError as error:
                raise EngineError(f"error parsing Docker output: {error}") from error
            except (OSError, http.client.HTTPException) as error:
                raise EngineError(f"error parsing Docker output: unexpected EOF ({error})") from error


def _lines(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """Give the lines of a body. `readline` would take a connection that is cut for the body's end."""
    rest = b""
    while data := response.read1(1 << 16):
        *lines, rest = (rest + data).split(b"\n")
        yield from lines
    yield rest


class Upgraded:
    """A raw connection to the engine."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def read(self) -> bytes:
        """Read what has come, waiting for at least one byte; empty at the end."""
        # What came right behind the answer's headers is in this buffer, not in the socket.
        buffered: io.BufferedReader = self._answer.response.fp
        return buffered.read1(1 << 16)

    def write(self, data: bytes) -> None:
        """Send all of these bytes."""
        self._answer.opened.sendall(data)

    def close(self) -> None:
        """End the connection, also for a reader that waits."""
        self._answer.end()
