"""What the engine tells of one operation, with the time at which it tells it."""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

LOOK_SECONDS: Final = 0.005
COLOUR: Final = re.compile(r"<\{%.*?%\}>")
# The log of events is one of the flags that the engine hides.
SHOW_FLAG: Final = {"PULUMI_DEBUG_COMMANDS": "true"}


@dataclass
class Timeline:
    """Reads the engine's log of events while it is written: its own times are whole seconds.

    Attributes:
        file: the log.
        events: each with the seconds since the process began.
    """

    file: Path
    events: list[tuple[float, dict[str, Any]]] = field(default_factory=list)

    def __call__(self, pulumi: int) -> None:
        """Begin, in a thread that ends with the process.

        Args:
            pulumi: its process id.
        """
        began = time.monotonic()
        self.file.unlink(missing_ok=True)
        threading.Thread(target=self._follow, args=(pulumi, began), daemon=True).start()

    def steps(self) -> dict[str, float]:
        """Return how long each resource took that was not left as it is, by name."""
        begun: dict[str, float] = {}
        took: dict[str, float] = {}
        for at, event in self.events:
            before, after = event.get("resourcePreEvent"), event.get("resOutputsEvent")
            metadata = (before or after or {}).get("metadata", {})
            if metadata.get("op", "same") in {"same", "read"}:
                continue
            name = str(metadata["urn"]).rpartition("::")[2]
            if before:
                begun[name] = at
            elif name in begun:
                took[name] = at - begun[name]
        return took

    def first_resource(self) -> float:
        """Return when the engine heard of the program's first resource."""
        return next((at for at, event in self.events if "resourcePreEvent" in event), 0.0)

    def last_resource(self) -> float:
        """Return when the last resource was done."""
        return max((at for at, event in self.events if "resOutputsEvent" in event), default=0.0)

    def lines(self) -> list[str]:
        """Write all of it for people."""
        found = []
        for at, event in self.events:
            if "diagnosticEvent" in event:
                if event["diagnosticEvent"]["severity"] == "debug":
                    continue
                said = COLOUR.sub("", event["diagnosticEvent"]["message"]).strip()
                found.append(f"{at:7.2f} s  {said}")
            elif metadata := (event.get("resourcePreEvent") or event.get("resOutputsEvent") or {}).get(
                "metadata"
            ):
                way = "begins" if "resourcePreEvent" in event else "done"
                found.append(f"{at:7.2f} s  {metadata['op']} {way}: {metadata['urn'].rpartition('::')[2]}")
        return found

    def _follow(self, pulumi: int, began: float) -> None:
        while not self.file.exists() and Path(f"/proc/{pulumi}").exists():
            time.sleep(LOOK_SECONDS)
        rest = ""
        with contextlib.suppress(FileNotFoundError), self.file.open(encoding="utf-8") as log:
            is_over = False
            while not is_over:
                is_over = not Path(f"/proc/{pulumi}").exists()
                rest += log.read()
                *whole, rest = rest.split("\n")
                self.events += [(time.monotonic() - began, json.loads(line)) for line in whole]
                time.sleep(LOOK_SECONDS)
