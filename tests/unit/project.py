"""A project that can be deployed, on which each test changes what it is about."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from settings import Settings, SettingsError, load

# What no message may show.
PASSWORD = "registry-hunter2"
BASE: dict[str, Any] = {
    "app": "app",
    "service": "hello",
    "servers": ["203.0.113.10"],
    "registry": {"username": "ada", "password": PASSWORD},
}


@dataclass(frozen=True)
class Project:
    """A folder with an app, and what is configured for it.

    Attributes:
        folder: where relative paths start.
    """

    folder: Path

    @property
    def app(self) -> Path:
        """The app's folder."""
        return self.folder / "app"

    def load(self, environment: dict[str, str] | None = None, **config: object) -> Settings:
        """Load the settings as Pulumi hands them over: text as it is, all else as JSON text.

        Args:
            environment: of the process; empty if not given.
            config: differs from the base in these keys; one that is None is not set.

        Returns:
            The settings.
        """
        merged = {key: value for key, value in (BASE | config).items() if value is not None}
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in merged.items()}
        return load("test", texts, self.folder, environment or {})

    def complaints(self, environment: dict[str, str] | None = None, **config: object) -> list[str]:
        """Load what cannot be used, and give all that is said about it.

        Args:
            environment: as for `load`.
            config: as for `load`.

        Returns:
            A line for each problem, with `/project` for the project's folder.
        """
        try:
            self.load(environment, **config)
        except SettingsError as error:
            return str(error).replace(str(self.folder), "/project").split("\n")
        return []
