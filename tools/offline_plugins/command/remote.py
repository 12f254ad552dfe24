"""Commands on servers and files to servers: the resources `remote.Command` and `remote.CopyToRemote`.

What speaks SSH is imported when the first command runs: most runs of the engine run none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.offline_plugins.command.background import Background
from tools.offline_plugins.command.command import Command
from tools.offline_plugins.command.difference import ComparedByInputs
from tools.offline_plugins.command.endpoint import endpoint
from tools.offline_plugins.command.previous_output import previous_output
from tools.offline_plugins.command.schema import COPY_TO_REMOTE, REMOTE_COMMAND, checked
from tools.offline_plugins.plugin import Call, InvalidInputs, unique_id
from tools.offline_plugins.values import Archive, Asset, Properties, revealed


class RemoteRunner:
    """Runs commands on servers.

    Args:
        background: Where they are waited for.
    """

    def __init__(self, background: Background) -> None:
        self._background = background

    def resource(self) -> Command:
        """Give the resource."""
        return Command(REMOTE_COMMAND, ("stdout", "stderr"), self)

    def __call__(
        self, call: Call, command: str, inputs: Mapping[str, Any], state: Mapping[str, Any]
    ) -> Properties:
        """Run a command."""
        stdout, stderr = self._background.run(_run(call, command, inputs, previous_output(inputs, state)))
        return {"stdout": stdout, "stderr": stderr}


async def _run(
    call: Call, command: str, inputs: Mapping[str, Any], previous: dict[str, str]
) -> tuple[str, str]:
    from tools.offline_plugins.command import dialing, remote_process  # noqa: PLC0415 - see above

    async with dialing.connected(call, endpoint(inputs["connection"])) as connection:
        return await remote_process.run(call, connection, command, inputs, previous)


class CopyToRemote(ComparedByInputs):
    """Files and texts, copied to a server when their content or destination changes. Nothing deletes them.

    Args:
        background: Where copying is waited for.
    """

    def __init__(self, background: Background) -> None:
        self._background = background

    def check(self, call: Call, inputs: Properties) -> Properties:  # noqa: ARG002 - the form of all resources
        """Fill in defaults, mark secrets, and refuse what cannot be copied."""
        inputs = checked(COPY_TO_REMOTE, inputs)
        source = revealed(inputs["source"])
        if isinstance(source, Asset):
            if source.path is None and source.text is None:
                raise InvalidInputs(
                    {"asset": "asset must be a path-based file asset or a text asset"}, inputs
                )
        elif isinstance(source, Archive):
            if source.path is None:
                raise InvalidInputs({"archive": "archive must be a path to a file or directory"}, inputs)
        else:
            raise InvalidInputs({"asset": "either asset or archive must be set"}, inputs)
        return inputs

    def create(self, call: Call, inputs: Properties) -> tuple[str, Properties]:
        """Copy."""
        if call.preview:
            return "", inputs
        self._copy(call, inputs)
        return unique_id(""), inputs

    def update(self, call: Call, state: Properties, inputs: Properties) -> Properties:
        """Copy again if the content or the destination changed; another connection alone copies nothing."""
        is_same = all(
            revealed(state.get(name)) == revealed(inputs[name]) for name in ("source", "remotePath")
        )
        if not call.preview and not is_same:
            self._copy(call, inputs)
        return inputs

    def delete(self, call: Call, state: Properties) -> None:
        """Leave the copy where it is."""

    def _copy(self, call: Call, inputs: Properties) -> None:
        self._background.run(_copy(call, revealed(inputs)))


async def _copy(call: Call, inputs: Mapping[str, Any]) -> None:
    from tools.offline_plugins.command import dialing, sftp_copy  # noqa: PLC0415 - see above

    async with dialing.connected(call, endpoint(inputs["connection"])) as connection:
        await sftp_copy.copy(connection, inputs["source"], inputs["remotePath"])
