"""Tell the twelve steps of a deploy as they happen, from the engine's events."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from pulumi.automation import EngineEvent

COLOUR = re.compile(r"<\{%.*?%\}>")
STEP = re.compile(r"step \d+, \S.*")
IMAGE = "docker:index/image:Image"


class StepPrinter:
    """Prints a line for each thing that a step says, with the seconds since the start.

    Attributes:
        lines: what was said, without the seconds.
    """

    def __init__(self, out: TextIO) -> None:
        """Start to count.

        Args:
            out: where the lines go.
        """
        self.lines: list[str] = []
        self._out = out
        self._began = time.monotonic()
        self._pushing = False

    def __call__(self, event: EngineEvent) -> None:
        """Take an event of the engine.

        Args:
            event: any; most say nothing of a step.
        """
        if event.resource_pre_event and event.resource_pre_event.metadata.type == IMAGE:
            if event.resource_pre_event.metadata.op in {"create", "update", "replace"}:
                self._say("step 4, build: the image, on this machine")
        elif event.diagnostic_event:
            self._hear(COLOUR.sub("", event.diagnostic_event.message), event.diagnostic_event.urn or "")

    def _hear(self, message: str, urn: str) -> None:
        if IMAGE in urn:
            if message.startswith("Push") and not self._pushing:
                self._pushing = True
                self._say("step 5, push: to the registry")
            return
        for line in message.splitlines():
            if STEP.match(line):
                self._say(line)

    def _say(self, line: str) -> None:
        # An error repeats what was streamed before it.
        if line in self.lines:
            return
        self.lines.append(line)
        print(f"  {time.monotonic() - self._began:5.1f} s  {line}", file=self._out, flush=True)
