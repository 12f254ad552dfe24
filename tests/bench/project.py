"""Projects whose `pulumi` is timed: the program with a configuration of its own, and an empty one."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from tools.demo.workspace import CHECKOUT, Workspace
from tools.toolchain.errors import telling_line

STACK: Final = "bench"
# No single operation takes longer; the largest is the first `up` of fifty servers.
LIMIT_SECONDS: Final = 600
LAST_CHARACTERS: Final = 3000


class BenchError(Exception):
    """Something that is measured has failed, so there is no figure."""


class Project:
    """A folder with a stack, in which the plain command line is run.

    Attributes:
        folder: with the program and its configuration.
        said: what the last command printed.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        """Make the stack; the program must lie in the folder.

        Args:
            folder: the project's.
            environment: backend, passphrase, passwords.
        """
        self.folder = folder
        self.said = ""
        self._environment = {**os.environ, **environment}
        self.pulumi("stack", "init", STACK)

    def set_variables(self, variables: Mapping[str, str]) -> None:
        """Set further variables for what is run from now on."""
        self._environment.update(variables)

    def up(self, *options: str, watch: Callable[[int], None] | None = None, nice: int = 0) -> float:
        """Deploy without a preview.

        Args:
            options: further ones of `pulumi up`.
            watch: told the process id as soon as there is one.
            nice: how far the whole of it stands back for others.

        Returns:
            Seconds that the whole process took.
        """
        words = ["up", "--yes", "--skip-preview", "--non-interactive", "--stack", STACK, *options]
        return self.pulumi(*words, watch=watch, nice=nice)

    def preview(self, *options: str, watch: Callable[[int], None] | None = None) -> float:
        """Plan. See `up`."""
        return self.pulumi("preview", "--non-interactive", "--stack", STACK, *options, watch=watch)

    def pulumi(self, *arguments: str, watch: Callable[[int], None] | None = None, nice: int = 0) -> float:
        """Run the command line to its end.

        Returns:
            Seconds that the whole process took.

        Raises:
            BenchError: it failed; with what it printed last.
        """
        command = [*(["nice", "-n", str(nice)] if nice else []), "pulumi", *arguments, "--color", "never"]
        began = time.monotonic()
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            if watch:
                watch(process.pid)
            self.said, _ = process.communicate(timeout=LIMIT_SECONDS)
            seconds = time.monotonic() - began
        if process.returncode:
            lines = [line.strip() for line in self.said.splitlines() if line.strip()]
            raise BenchError(
                f"`pulumi {arguments[0]}` failed: {telling_line(lines)}\n{self.said[-LAST_CHARACTERS:]}"
            )
        return seconds


class Deployed(Project):
    """Backstaff's program with a configuration."""

    def __init__(self, folder: Path, config: dict[str, Any], environment: dict[str, str]) -> None:
        """Lay the folder out by links to this checkout.

        Args:
            folder: made anew.
            config: the keys under `backstaff:`, without that prefix.
            environment: variables for the program.
        """
        shutil.rmtree(folder, ignore_errors=True)
        self.config = config
        self._workspace = Workspace(folder, STACK, config, environment)
        super().__init__(folder, self._workspace.environment)

    def configure(self, **changes: Any) -> None:  # noqa: ANN401 - settings are of any shape
        """Change the stack's configuration."""
        self.config |= changes
        self._workspace.configure(self.config)


def empty(folder: Path, environment: Mapping[str, str]) -> Project:
    """Make a project whose program is empty: what Pulumi takes by itself, with the same packages installed.

    Args:
        folder: made anew.
        environment: as the other project has it.

    Returns:
        The project.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    described = yaml.safe_load((CHECKOUT / "Pulumi.yaml").read_text(encoding="utf-8"))
    kept: Sequence[str] = ("name", "runtime")
    text = yaml.safe_dump({key: described[key] for key in kept})
    (folder / "Pulumi.yaml").write_text(text, encoding="utf-8")
    (folder / "__main__.py").write_text("", encoding="utf-8")
    return Project(folder, {**environment, "PULUMI_BACKEND_URL": folder.as_uri()})
