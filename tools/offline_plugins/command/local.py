"""Commands on this machine: the resource `local.Command` and the function `local.run`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.offline_plugins.command.background import Background
from tools.offline_plugins.command.command import Command
from tools.offline_plugins.command.previous_output import previous_output
from tools.offline_plugins.command.schema import LOCAL_COMMAND, LOCAL_RUN, checked
from tools.offline_plugins.plugin import Call
from tools.offline_plugins.values import Properties, revealed

_OUTPUTS = ("stdout", "stderr", "assets", "archive")


class LocalRunner:
    """Runs commands on this machine.

    Args:
        background: Where they are waited for.
    """

    def __init__(self, background: Background) -> None:
        self._background = background

    def resource(self) -> Command:
        """Give the resource."""
        return Command(LOCAL_COMMAND, _OUTPUTS, self)

    def function(self, call: Call, arguments: Properties) -> Properties:
        """Run a command at every run of the program, in previews too."""
        inputs = checked(LOCAL_RUN, arguments)
        return {**inputs, **self(call, revealed(inputs["command"]), revealed(inputs), {})}

    def __call__(
        self, call: Call, command: str, inputs: Mapping[str, Any], state: Mapping[str, Any]
    ) -> Properties:
        """Run a command."""
        return self._background.run(_run(call, command, inputs, previous_output(inputs, state)))


async def _run(call: Call, command: str, inputs: Mapping[str, Any], previous: dict[str, str]) -> Properties:
    from tools.offline_plugins.command import local_process  # noqa: PLC0415 - many runs run no command

    return await local_process.run(call, command, inputs, previous)
