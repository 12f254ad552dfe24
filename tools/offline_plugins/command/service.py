"""The plugin itself."""

from __future__ import annotations

from tools.offline_plugins.command.background import Background
from tools.offline_plugins.command.local import LocalRunner
from tools.offline_plugins.command.remote import CopyToRemote, RemoteRunner
from tools.offline_plugins.plugin import Plugin
from tools.offline_plugins.serving import serve


class CommandPlugin(Plugin):
    """The stand-in for `pulumi-resource-command`."""

    name = "command"
    version = "1.2.1"

    def __init__(self) -> None:
        self._background = Background()
        local = LocalRunner(self._background)
        super().__init__(
            {
                "command:local:Command": local.resource(),
                "command:remote:Command": RemoteRunner(self._background).resource(),
                "command:remote:CopyToRemote": CopyToRemote(self._background),
            },
            {"command:local:run": local.function},
        )

    def cancel(self) -> None:
        """End what is under way."""
        self._background.cancel()


def main() -> None:
    """Serve the plugin."""
    serve(CommandPlugin())
