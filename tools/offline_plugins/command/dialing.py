"""Connections to servers: directly or through a bastion, tried again while they fail."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Final, TypeVar

import asyncssh

from tools.offline_plugins.command.endpoint import Endpoint
from tools.offline_plugins.command.errno_text import errno_text
from tools.offline_plugins.command.sign_in import Client, Ways, ways
from tools.offline_plugins.plugin import Call, PluginError

FIRST_WAIT_SECONDS: Final = 0.1
WAIT_FACTOR: Final = 1.5
LONGEST_WAIT_SECONDS: Final = 5.0

_Result = TypeVar("_Result")


class DialFailure(Exception):
    """One attempt failed; the next one may not.

    Attributes:
        step: What was tried, for the line about it.
    """

    def __init__(self, reason: str, step: str | None = None) -> None:
        super().__init__(reason)
        self.step = step


@contextlib.asynccontextmanager
async def connected(call: Call, endpoint: Endpoint) -> AsyncIterator[asyncssh.SSHClientConnection]:
    """Connect to a server for as long as the block lasts.

    Args:
        call: The request that needs it: shows failed attempts, and bounds the time for all of them.
        endpoint: The server.

    Raises:
        PluginError: When the last attempt failed too.
    """
    deadline = asyncio.get_running_loop().time() + call.timeout_seconds if call.timeout_seconds else None
    async with contextlib.AsyncExitStack() as cleanup:
        target = await cleanup.enter_async_context(ways(endpoint))
        if endpoint.proxy is None:
            connection = await _until(call, endpoint, "Dial", lambda: _direct(endpoint, target), deadline)
        else:
            proxy = await cleanup.enter_async_context(_bastion(call, endpoint.proxy, deadline))
            with _said_of_proxy():
                connection = await _until(
                    call, endpoint, "Dial", lambda: _through(proxy, endpoint, target), deadline
                )
        async with connection:
            try:
                yield connection
            except asyncio.CancelledError:
                connection.abort()  # no good-bye to a server that may not answer
                raise
            except (asyncssh.Error, OSError) as error:
                raise PluginError(f"connection lost: {error}") from error


@contextlib.asynccontextmanager
async def _bastion(
    call: Call, endpoint: Endpoint, deadline: float | None
) -> AsyncIterator[asyncssh.SSHClientConnection]:
    async with contextlib.AsyncExitStack() as cleanup:
        with _said_of_proxy():
            own = await cleanup.enter_async_context(ways(endpoint))
            connection = await _until(call, endpoint, "Dial proxy", lambda: _direct(endpoint, own), deadline)
        yield await cleanup.enter_async_context(connection)


@contextlib.contextmanager
def _said_of_proxy() -> Iterator[None]:
    try:
        yield
    except PluginError as error:
        raise PluginError(f"proxy: {error}") from error


async def _until(
    call: Call,
    endpoint: Endpoint,
    step: str,
    attempt: Callable[[], Awaitable[_Result]],
    deadline: float | None,
) -> _Result:
    """Try until it works or the limit is reached."""
    wait = FIRST_WAIT_SECONDS
    dials = 0
    while True:
        try:
            return await attempt()
        except DialFailure as failure:
            dials += 1
            if endpoint.reaches_limit(dials):
                raise PluginError(f"after {dials - 1} failed attempts: {failure}") from failure
            call.status(f"{failure.step or step} {dials}/{endpoint.limit_text} failed: retrying")
        await _pause(wait, deadline)
        wait = min(wait * WAIT_FACTOR, LONGEST_WAIT_SECONDS)


async def _pause(seconds: float, deadline: float | None) -> None:
    if deadline is not None:
        left = deadline - asyncio.get_running_loop().time()
        if left < seconds:
            await asyncio.sleep(max(left, 0))
            raise PluginError("context deadline exceeded")
    await asyncio.sleep(seconds)


async def _direct(endpoint: Endpoint, own: Ways) -> asyncssh.SSHClientConnection:
    opened = await _opened(endpoint)
    try:
        return await _signed_in(endpoint, own, sock=opened)
    except BaseException:
        opened.close()
        raise


async def _through(
    proxy: asyncssh.SSHClientConnection, endpoint: Endpoint, own: Ways
) -> asyncssh.SSHClientConnection:
    try:
        return await _signed_in(endpoint, own, tunnel=proxy)
    except asyncssh.ChannelOpenError as error:
        kind = "connect failed" if error.code == asyncssh.OPEN_CONNECT_FAILED else f"reason {error.code}"
        raise DialFailure(f"ssh: rejected: {kind} ({error.reason})", "Dial from proxy") from error


async def _signed_in(
    endpoint: Endpoint, own: Ways, **way: socket.socket | asyncssh.SSHClientConnection
) -> asyncssh.SSHClientConnection:
    if own.trouble is not None:
        raise DialFailure(f"ssh: handshake failed: {own.trouble}")
    client = Client(own.password, has_keys=bool(own.keys))
    try:
        return await asyncssh.connect(
            endpoint.host,
            endpoint.port,
            username=endpoint.user,
            client_factory=lambda: client,
            **own.options(),
            **way,
        )
    except asyncssh.HostKeyNotVerifiable as error:
        raise DialFailure("ssh: handshake failed: ssh: host key mismatch") from error
    except asyncssh.PermissionDenied as error:
        raise DialFailure(
            "ssh: handshake failed: ssh: unable to authenticate, "
            f"attempted methods [{' '.join(client.tried)}], no supported methods remain"
        ) from error
    except asyncssh.ChannelOpenError:
        raise
    except (asyncssh.ConnectionLost, ConnectionError) as error:
        raise DialFailure("ssh: handshake failed: EOF") from error
    except (asyncssh.Error, OSError) as error:
        raise DialFailure(f"ssh: handshake failed: ssh: {error}") from error


async def _opened(endpoint: Endpoint) -> socket.socket:
    """Open a TCP connection within the time for one attempt; what follows on it is not bounded, as there."""
    seconds = endpoint.per_dial_timeout_seconds or None
    try:
        return await asyncio.wait_for(_tcp(endpoint), seconds)
    except TimeoutError as error:
        raise DialFailure(f"dial tcp {endpoint.address}: i/o timeout") from error


async def _tcp(endpoint: Endpoint) -> socket.socket:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise DialFailure(f"dial tcp: lookup {endpoint.host}: no such host") from error
    failures = []
    for family, kind, protocol, _, address in found:
        opened = socket.socket(family, kind, protocol)
        opened.setblocking(False)  # noqa: FBT003 - the only form
        try:
            await loop.sock_connect(opened, address)
        except OSError as error:
            opened.close()
            failures.append(f"dial tcp {_shown(address)}: connect: {errno_text(error.errno)}")
        except BaseException:
            opened.close()
            raise
        else:
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return opened
    raise DialFailure(failures[0])


def _shown(address: Sequence[object]) -> str:
    host, port = map(str, address[:2])
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
