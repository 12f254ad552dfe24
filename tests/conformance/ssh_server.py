"""A real SSH server on loopback: commands in a real shell, SFTP, tunnels, every way to sign in."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from asyncio.subprocess import PIPE
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncssh
from asyncssh.channel import SSHServerChannel
from asyncssh.packet import SSHPacket
from asyncssh.process import SSHServerProcess

HOST = "127.0.0.1"
START_SECONDS = 20


@dataclass
class Server:
    """A server that runs, and what it saw.

    Attributes:
        port: Where it listens.
        host_key: Its public key, as a line of known_hosts without the host.
        key: Of the user who may sign in.
        password: Likewise; nobody may sign in by password without one.
        questions: What it asks instead of a plain password.
        accepted: The variables that it takes.
        to_refuse: How many of the next connections it cuts.
        connections: How many there were.
        commands: What was run, in its order.
        users: Who signed in, in their order.
        ways: How they did.
        tunnels: Where it was asked to connect to.
        private_key: The user's key as a file.
    """

    port: int = 0
    host_key: str = ""
    key: asyncssh.SSHKey | None = None
    password: str | None = None
    questions: Sequence[str] = ()
    accepted: Sequence[str] = ()
    to_refuse: int = 0
    connections: int = 0
    commands: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    ways: list[str] = field(default_factory=list)
    tunnels: list[tuple[str, int]] = field(default_factory=list)
    private_key: str = field(init=False, default="")

    def __post_init__(self) -> None:
        """Write the key down once: each time it gets another random number."""
        if self.key:
            self.private_key = private(self.key)

    def connection(self, **more: object) -> Any:  # noqa: ANN401 - the SDK's types forbid an input `None`
        """Give the input `connection` for this server, with its host key pinned."""
        ways = {"privateKey": self.private_key} if self.key else {"password": self.password}
        return {"host": HOST, "port": self.port, "hostKey": self.host_key, **ways, **more}


@contextlib.contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Run a server as long as the block lasts.

    Args:
        server: What it should be like; its port and host key are filled in.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    server.host_key = public(host_key)
    listening = asyncio.run_coroutine_threadsafe(_listen(server, host_key), loop).result(START_SECONDS)
    server.port = listening.get_port()
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(listening.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(START_SECONDS)


def private(key: asyncssh.SSHKey, password: str | None = None) -> str:
    """Give the content of a key file."""
    return key.export_private_key("openssh", passphrase=password).decode()


def public(key: asyncssh.SSHKey) -> str:
    """Give a public key as a line."""
    return " ".join(key.export_public_key("openssh").decode().split()[:2])


async def _listen(server: Server, host_key: asyncssh.SSHKey) -> asyncssh.SSHAcceptor:
    return await asyncssh.listen(
        HOST,
        0,
        server_factory=lambda: _Session(server),
        server_host_keys=[host_key],
        kbdint_auth=bool(server.questions),
        login_timeout=START_SECONDS,
    )


class _Session(asyncssh.SSHServer):
    """One connection."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._server.connections += 1
        if self._server.to_refuse:
            self._server.to_refuse -= 1
            conn.abort()

    def begin_auth(self, username: str) -> bool:
        self._server.users.append(username)
        return True

    def public_key_auth_supported(self) -> bool:
        return self._server.key is not None

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002 - any user
        self._server.ways.append("publickey")
        return self._server.key is not None and key.public_data == self._server.key.public_data

    def password_auth_supported(self) -> bool:
        return self._server.password is not None and not self._server.questions

    def validate_password(self, username: str, password: str) -> bool:  # noqa: ARG002 - any user
        self._server.ways.append("password")
        return password == self._server.password

    def kbdint_auth_supported(self) -> bool:
        return bool(self._server.questions)

    def get_kbdint_challenge(
        self,
        username: str,  # noqa: ARG002 - any user
        lang: str,  # noqa: ARG002
        submethods: str,  # noqa: ARG002
    ) -> tuple[str, str, str, list[tuple[str, bool]]]:
        return "", "", "", [(question, False) for question in self._server.questions]

    def validate_kbdint_response(self, username: str, responses: Sequence[str]) -> bool:  # noqa: ARG002 - any user
        self._server.ways.append("keyboard-interactive")
        return list(responses) == [self._server.password] * len(self._server.questions)

    def session_requested(self) -> tuple[SSHServerChannel[bytes], SSHServerProcess[bytes]]:
        assert self._connection
        channel = self._connection.create_server_channel(encoding=None)
        channel.__class__ = _channel_class(self._server.accepted)
        sftp: Any = asyncssh.SFTPServer  # its declared argument is narrower than what it gets
        return channel, SSHServerProcess(self._run, sftp, 3, allow_scp=False)

    def connection_requested(self, dest_host: str, dest_port: int, *_: object) -> bool:
        self._server.tunnels.append((dest_host, dest_port))
        return True

    async def _run(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        command = str(process.command)
        self._server.commands.append(command)
        shell = await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env={"PATH": os.environ["PATH"], **dict(process.env)},
            start_new_session=True,
        )
        assert shell.stdin
        assert shell.stdout
        assert shell.stderr
        beside = [
            asyncio.ensure_future(_feed(process, shell.stdin)),
            asyncio.ensure_future(_end_with(process, shell.pid)),
        ]
        await asyncio.gather(_pump(shell.stdout, process.stdout), _pump(shell.stderr, process.stderr))
        status = await shell.wait()
        for task in beside:
            task.cancel()
        if status < 0:
            process.exit_with_signal(signal.Signals(-status).name.removeprefix("SIG"))
        else:
            process.exit(status)


async def _pump(source: asyncio.StreamReader, target: asyncssh.SSHWriter[bytes]) -> None:
    while data := await source.read(1 << 16):
        target.write(data)


async def _feed(process: asyncssh.SSHServerProcess[bytes], stdin: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):  # a command need not read it all
        while data := await process.stdin.read(1 << 16):
            stdin.write(data)
            await stdin.drain()
    stdin.close()


async def _end_with(process: asyncssh.SSHServerProcess[bytes], group: int) -> None:
    """End a command whose client went away."""
    await process.channel.wait_closed()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _channel_class(accepted: Iterable[str]) -> type[SSHServerChannel[bytes]]:
    """Give a channel that takes only some variables, as sshd's AcceptEnv has it."""
    names = {name.encode() for name in accepted}

    class Channel(SSHServerChannel[bytes]):
        def _process_env_request(self, packet: SSHPacket) -> bool:
            name, value = packet.get_string(), packet.get_string()
            if name in names:
                self._env[name] = value
            return name in names

    return Channel
