"""The part of the Docker engine's API that images need, over any connection.

Written on the standard library's HTTP client: importing it costs a tenth of Docker's SDK, at every run,
and BuildKit's sessions need the raw connection.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import socket
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode

from tools.offline_plugins.docker.answers import Answer, EngineError, Messages, Upgraded, cut
from tools.offline_plugins.docker.configuration import json_list
from tools.offline_plugins.docker.connection import DEFAULT_HOST, USER_HOSTS, Connect, connector

NEWEST_API = (1, 51)
"""The newest version of the API that this was written for; an older engine is spoken to in its own."""

Query = Sequence[tuple[str, str]]


class Engine:
    """A Docker engine.

    Args:
        host: Its address, for messages.
        connect: Opens a connection to it.
    """

    def __init__(self, host: str, connect: Connect) -> None:
        self.host = host
        self._connect = connect
        self._version = ""
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._is_cancelled = False

    def ping(self) -> None:
        """Check that the engine answers, and agree on the version of the API.

        Raises:
            EngineError: When it does not answer.
        """
        with self._request("GET", "/_ping") as answer:
            answer.read()
            offered = answer.response.headers.get("Api-Version", "1.24")
        version = tuple(int(part) for part in offered.split("."))
        self._version = f"/v{'.'.join(map(str, min(version, NEWEST_API)))}"

    def build(self, context: IO[bytes], query: Query, auths: Mapping[str, Mapping[str, str]]) -> Messages:
        """Build an image.

        Args:
            context: The build context, a tar archive.
            query: The options of the build.
            auths: Credentials by registry, for the images that it starts from.

        Returns:
            The messages of the build as they come.
        """
        headers = {"X-Registry-Config": encoded(auths), "Content-Type": "application/x-tar"}
        return self._messages("/build", query, headers, context)

    def push(self, repository: str, tag: str, credentials: Mapping[str, str]) -> Messages:
        """Push an image; its messages come as they are made."""
        headers = {"X-Registry-Auth": encoded(credentials)}
        return self._messages(f"/images/{repository}/push", [("tag", tag)], headers)

    def pull(self, query: Query, credentials: Mapping[str, str]) -> Messages:
        """Pull an image; its messages come as they are made."""
        return self._messages("/images/create", query, {"X-Registry-Auth": encoded(credentials)})

    def image_ids(self) -> set[str]:
        """Give the ids of all images in the engine's store."""
        with self._request("GET", "/images/json") as answer:
            return {image["Id"] for image in json.loads(answer.read())}

    def inspect(self, image: str) -> dict[str, Any]:
        """Give what the engine knows about one image."""
        with self._request("GET", f"/images/{image}/json") as answer:
            found: dict[str, Any] = json.loads(answer.read())
            return found

    def upgrade(self, path: str, protocol: str, headers: Sequence[tuple[str, str]]) -> Upgraded:
        """Turn a request into a raw connection.

        Args:
            path: What to ask for.
            protocol: What will be spoken.
            headers: Further headers; a name may be there several times.
        """
        wanted = [("Connection", "Upgrade"), ("Upgrade", protocol), *headers]
        answer = self._request("POST", path, headers=wanted)
        if answer.response.status != http.client.SWITCHING_PROTOCOLS:
            answer.close()
            raise EngineError(f"unable to upgrade to {protocol}, received {answer.response.status}")
        return Upgraded(answer)

    def cancel(self) -> None:
        """Cut all connections; the engine then stops what it does for them."""
        with self._lock:
            self._is_cancelled = True
            for opened in self._open:
                cut(opened)

    def _messages(
        self, path: str, query: Query, headers: Mapping[str, str], body: IO[bytes] | None = None
    ) -> Messages:
        target = f"{path}?{urlencode(query)}" if query else path
        return Messages(self._request("POST", target, headers=list(headers.items()), body=body))

    def _request(
        self,
        method: str,
        path: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        body: IO[bytes] | None = None,
    ) -> Answer:
        connection = self._connect()
        try:
            opened = self._opened(connection)
            response = _ask(connection, method, self._version + path, headers, body)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise EngineError(
                f"Cannot connect to the Docker daemon at {self.host}. Is the docker daemon running? ({error})"
            ) from error
        answer = Answer(opened, response, self._forget)
        if response.status >= http.client.BAD_REQUEST:
            raise answer.refusal()
        return answer

    def _forget(self, opened: socket.socket) -> None:
        with self._lock:
            self._open.discard(opened)

    def _opened(self, connection: http.client.HTTPConnection) -> socket.socket:
        connection.connect()
        opened: socket.socket = connection.sock
        with self._lock:
            if self._is_cancelled:
                opened.close()
                raise ConnectionAbortedError("the operation was cancelled")
            self._open.add(opened)
        return opened


def _ask(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    headers: Sequence[tuple[str, str]],
    body: IO[bytes] | None,
) -> http.client.HTTPResponse:
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in headers:
        connection.putheader(name, value)
    if body is None:
        connection.putheader("Content-Length", "0")
        connection.endheaders()
    else:
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        threading.Thread(target=_send, args=(connection.sock, body), daemon=True).start()
    return connection.getresponse()


def _send(opened: socket.socket, body: IO[bytes]) -> None:
    """Send a body in chunks beside the reading of the answer: the engine may answer before it has all."""
    with contextlib.suppress(OSError):  # the answer tells why the engine wanted no more
        while chunk := body.read(1 << 16):
            opened.sendall(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        opened.sendall(b"0\r\n\r\n")


def encoded(content: object) -> str:
    """Encode credentials as the engine wants them in a header: JSON in URL-safe base64."""
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def connect(config: Mapping[str, str]) -> Engine:
    """Find the Docker engine that the configuration names, and check that it answers.

    Without a `host` it is the one of this machine, else the one of this user.

    Args:
        config: The provider's configuration.

    Raises:
        EngineError: When none answers.
        HostError: When the address or the certificates make no sense.
    """
    hosts = [config["host"]] if "host" in config else [DEFAULT_HOST, *_user_hosts()]
    options = [str(option) for option in json_list(config.get("sshOpts", ""), "sshOpts")]
    for host in hosts:
        engine = Engine(host, connector(host, config, options))
        try:
            engine.ping()
        except EngineError:
            continue
        return engine
    raise EngineError("failed to connect to any docker daemon")


def _user_hosts() -> list[str]:
    return [host.format(home=os.environ.get("HOME") or Path.home()) for host in USER_HOSTS]
