"""A copy of the project by links, with an app and a configuration of its own: the checkout stays as it is."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

import yaml
from pulumi import automation as auto

from tools.toolchain.environment import passphrase_file

CHECKOUT = Path(__file__).parent.parent.parent
# What the toolchain sets for what it runs, and `pulumi` needs.
CALLERS = ("PATH", "PULUMI_HOME", "PULUMI_SKIP_UPDATE_CHECK", "DOCKER_HOST")
PROGRAM = ("Pulumi.yaml", "__main__.py", "components", "render", "settings", "local", "remote")


class Workspace:
    """A folder from which `pulumi up` deploys an app.

    Attributes:
        folder: where the links, the configuration and the app are.
        name: the stack's name.
        environment: variables for the program, such as the registry's password.
    """

    def __init__(self, folder: Path, name: str, config: dict[str, Any], environment: dict[str, str]) -> None:
        """Lay the folder out; what an earlier run has left there is used again.

        Args:
            folder: made if need be.
            name: the stack's name.
            config: the keys under `backstaff:`, without that prefix.
            environment: as the attribute.
        """
        self.folder = folder
        self.name = name
        folder.mkdir(parents=True, exist_ok=True)
        # A state and a passphrase of its own: whatever the caller uses for his own stacks is left alone.
        self.environment = environment | {
            "PULUMI_BACKEND_URL": folder.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": passphrase_file().read_text(encoding="utf-8").strip(),
        }
        for part in PROGRAM:
            link = folder / part
            link.unlink(missing_ok=True)
            link.symlink_to(CHECKOUT / part)
        self.configure(config)

    def configure(self, config: dict[str, Any]) -> None:
        """Write the stack's configuration; the salt of its secrets is kept.

        Args:
            config: the keys under `backstaff:`, without that prefix.
        """
        path = self.folder / f"Pulumi.{self.name}.yaml"
        written = yaml.safe_load(path.read_text(encoding="utf-8")) or {} if path.exists() else {}
        written["config"] = {f"backstaff:{key}": value for key, value in config.items()}
        path.write_text(yaml.safe_dump(written), encoding="utf-8")

    def write_shell_environment(self) -> Path:
        """Write what a shell needs to run `pulumi` in the folder by hand.

        Returns:
            A file to source, for this user alone: it holds secrets.
        """
        kept = {name: os.environ[name] for name in CALLERS if name in os.environ}
        lines = [f"export {name}={shlex.quote(value)}\n" for name, value in (kept | self.environment).items()]
        path = self.folder / "env"
        path.touch(mode=0o600)
        path.write_text("".join([*lines, f"pulumi stack select {self.name}\n"]), encoding="utf-8")
        return path

    def stack(self) -> auto.Stack:
        """Open the stack, made if need be."""
        return auto.create_or_select_stack(
            self.name,
            work_dir=str(self.folder),
            opts=auto.LocalWorkspaceOptions(env_vars=self.environment),
        )
