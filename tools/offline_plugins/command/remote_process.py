"""A command on a server, over a connection that is there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import asyncssh
from asyncssh.channel import SSHClientChannel
from asyncssh.packet import String

from tools.offline_plugins.command.output import Output
from tools.offline_plugins.plugin import Call, PluginError

_SIGNALS: Final = {
    "ABRT": 6,
    "ALRM": 14,
    "FPE": 8,
    "HUP": 1,
    "ILL": 4,
    "INT": 2,
    "KILL": 9,
    "PIPE": 13,
    "QUIT": 3,
    "SEGV": 11,
    "TERM": 15,
}
"""Numbers of the signals that the protocol names (RFC 4254, section 6.10)."""
_OF_SIGNAL: Final = 128  # what a status by signal begins at, as in a shell
_WINDOW_BYTES: Final = 2 * 1024 * 1024
_PACKET_BYTES: Final = 32 * 1024
# What `SSHClientChannel.create` takes behind subsystem and variables: no terminal, no X11, no agent.
_PLAIN: Final[Any] = (False, None, None, {}, False, None, None, False, False)

_REFUSED_VARIABLE: Final = (
    "Unable to set '{name}'. This only works if your SSH server is configured to accept\n"
    "\tthese variables via AcceptEnv. "
    "Alternatively, if a Bash-like shell runs the command on the remote host, you could\n"
    "\tprefix the command itself with the variables in the form 'VAR=value command'"
)


async def run(
    call: Call,
    connection: asyncssh.SSHClientConnection,
    command: str,
    inputs: Mapping[str, Any],
    previous: Mapping[str, str],
) -> tuple[str, str]:
    """Run a command and give its output: standard output and standard error.

    Args:
        call: The request, which shows each line.
        connection: To the server.
        command: For the user's shell there.
        inputs: Those of the resource.
        previous: Variables that hold the output of the run before; a server need not take them.

    Raises:
        PluginError: When a variable is refused or the command does not end well; with all its output.
    """
    output = Output(inputs.get("logging"), call.status)
    channel = _Channel(connection, call, inputs.get("environment", {}), previous)
    session = await channel.start(command, output)
    if stdin := inputs.get("stdin"):
        channel.write(stdin.encode())
    channel.write_eof()
    ending = await session.ended
    channel.close()
    output.end()
    if ending:
        raise output.failure(ending, command)
    return output.stdout, output.stderr


class _Session(asyncssh.SSHClientSession[bytes]):
    """Takes what a command prints, and how it ends.

    Attributes:
        ended: In the end, why the command failed; empty when it did not.
    """

    def __init__(self, output: Output) -> None:
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._output = output
        self._ending = "wait: remote command exited without exit status or exit signal"

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Take output."""
        if datatype == asyncssh.EXTENDED_DATA_STDERR:
            self._output.take_stderr(data)
        else:
            self._output.take_stdout(data)

    def exit_status_received(self, status: int) -> None:
        """Note a status."""
        self._ending = f"Process exited with status {status}" if status else ""

    def exit_signal_received(
        self,
        signal: str,
        core_dumped: bool,  # noqa: ARG002, FBT001 - asyncssh's form
        msg: str,
        lang: str,  # noqa: ARG002 - likewise
    ) -> None:
        """Note a signal."""
        status = _OF_SIGNAL + _SIGNALS.get(signal, 0)
        reason = f". Reason was: {msg}" if msg else ""
        self._ending = f"Process exited with status {status} from signal {signal}{reason}"

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncssh's form
        """End: the channel is closed, or the connection is gone."""
        if not self.ended.done():
            self.ended.set_result(self._ending)


class _Channel(SSHClientChannel[bytes]):
    """A channel that hears whether the server takes a variable; asyncssh's own does not ask."""

    def __init__(
        self,
        connection: asyncssh.SSHClientConnection,
        call: Call,
        variables: Mapping[str, str],
        optional: Mapping[str, str],
    ) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(connection, loop, "strict", None, "strict", _WINDOW_BYTES, _PACKET_BYTES)
        # As SSHClientConnection.create_session does, which makes only channels of asyncssh's own class.
        connection._update_recv_pktlen(_PACKET_BYTES)  # noqa: SLF001
        self._call = call
        self._wanted = variables
        self._optional = optional

    async def start(self, command: str, output: Output) -> _Session:
        """Set the variables and start a command."""
        session = _Session(output)
        try:
            await self.create(lambda: session, command, None, {}, *_PLAIN)
        except asyncssh.ChannelOpenError as error:
            raise output.failure(f"ssh: command {command} failed", command) from error
        return session

    async def _make_request(self, request: bytes, *args: bytes) -> bool | None:
        if request == b"exec":
            await self._set_variables()
        return await super()._make_request(request, *args)

    async def _set_variables(self) -> None:
        for name, value in self._wanted.items():
            if not await self._set(name, value):
                self._call.log.error(self._call.urn, _REFUSED_VARIABLE.format(name=name))
                self.close()
                raise PluginError(f'could not set environment variable "{name}": ssh: setenv failed')
        for name, value in self._optional.items():
            if not await self._set(name, value):
                self._call.log.warning(self._call.urn, _REFUSED_VARIABLE.format(name=name))

    async def _set(self, name: str, value: str) -> bool | None:
        return await super()._make_request(b"env", String(name), String(value))
