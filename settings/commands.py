"""Run what the settings' files ask to be run: only where the user's stack allows it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# No command of a settings file takes longer, in seconds; one that asks for a password would wait forever.
LIMIT_SECONDS = 60
ALLOW = "set backstaff:allowCommands to true (`pulumi config set backstaff:allowCommands true`)"


class CommandFailed(Exception):
    """A command could not be run, or did not succeed; the text says which and why, and shows no output."""


@dataclass(frozen=True)
class Commands:
    """Where and whether commands run.

    Attributes:
        folder: the app's.
        environment: what they see.
        are_allowed: whether the user's stack says so.
    """

    folder: Path
    environment: Mapping[str, str]
    are_allowed: bool = False

    def shell(self, command: str) -> str:
        """Run a line with `sh`.

        Args:
            command: the line.

        Returns:
            Its standard output, without the line end.

        Raises:
            CommandFailed: it did not succeed.
        """
        return self._run(["sh", "-c", command]).removesuffix("\n")

    def erb(self, template: Path) -> str:
        """Render a template with Ruby's own `erb`.

        Args:
            template: the file.

        Returns:
            What it makes of it.

        Raises:
            CommandFailed: there is no `erb`, or it did not succeed.
        """
        program = shutil.which("erb", path=self.environment.get("PATH"))
        if not program:
            raise CommandFailed("there is no `erb` on PATH; install Ruby")
        return self._run([program, "-T", "-", str(template)])

    def _run(self, command: list[str]) -> str:
        try:
            done = subprocess.run(
                command,
                cwd=self.folder,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=LIMIT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise CommandFailed(f"it took longer than {LIMIT_SECONDS} s") from None
        except (OSError, ValueError) as error:
            raise CommandFailed(f"it could not be started ({error})") from None
        if done.returncode != 0:
            raise CommandFailed(f"it ended with status {done.returncode}")
        return done.stdout.decode(errors="replace")
