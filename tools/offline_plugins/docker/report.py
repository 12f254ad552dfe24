"""Where a build tells what it does: beside its resource, in the engine's output."""

from __future__ import annotations

from tools.offline_plugins.plugin import Call


class CallReport:
    """The lines of one request.

    Args:
        call: The request.
    """

    def __init__(self, call: Call) -> None:
        self._call = call

    def status(self, text: str) -> None:
        """Show what happens right now."""
        self._call.status(text)

    def info(self, text: str) -> None:
        """Tell something that stays to be read."""
        self._call.log.info(self._call.urn, text)

    def warn(self, text: str) -> None:
        """Tell something that may not be as wanted."""
        self._call.log.warning(self._call.urn, text)
