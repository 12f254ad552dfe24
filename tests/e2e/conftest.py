"""Real parts for the end-to-end tests: engine, plugins, registry, Traefik, a bare server in a container."""

from __future__ import annotations

import shutil
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation as auto

from tests.lean_up import Done, up
from tools.demo.parts import PASSWORD_VARIABLE, Parts, run_as_root
from tools.demo.workspace import CHECKOUT, Workspace
from tools.toolchain import box
from tools.toolchain.boxes import Box


@dataclass
class Deployment:
    """An app, its stack and its server.

    Attributes:
        server: where it is deployed.
        workspace: the project's folder.
        app: the app's folder, ours to change.
        config: the stack's configuration.
        said: what the last operation printed.
    """

    server: Box
    workspace: Workspace
    app: Path
    config: dict[str, Any]
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open the stack once: that takes a while."""
        self.stack = self.workspace.stack()

    def root(self, command: str) -> str:
        """Run a shell command on the server as root; it must succeed."""
        return run_as_root(self.server, command)

    @property
    def url(self) -> str:
        """The server's port 80."""
        return f"http://{self.server.host}:{self.server.http_port}"

    def configure(self, **changes: Any) -> None:  # noqa: ANN401 - settings are of any shape
        """Change the stack's configuration."""
        self.config |= changes
        self.workspace.configure(self.config)

    def up(self) -> Done:
        """Deploy, without a preview."""
        self.said = []
        return up(self.stack, self.said.append)

    def failing_up(self) -> str:
        """Deploy what cannot succeed; return what the user sees."""
        with pytest.raises(auto.CommandError) as caught:
            self.up()
        return str(caught.value)

    def preview(self) -> auto.PreviewResult:
        """Plan."""
        self.said = []
        return self.stack.preview(on_output=self.said.append, color="never")

    def get(self, path: str = "/") -> str:
        """Fetch a page the way that the public does."""
        with urllib.request.urlopen(self.url + path, timeout=10) as response:  # noqa: S310 - a URL of ours
            return str(response.read().decode())

    def set_version(self, version: str) -> None:
        """Change the app."""
        (self.app / "VERSION").write_text(f"{version}\n", encoding="utf-8")

    def containers(self, columns: str = "{{.Names}}") -> list[str]:
        """List all containers of the server."""
        return self.root(f'docker ps --all --format "{columns}"').splitlines()

    def connections(self) -> int:
        """Count the SSH log-ins that the server has seen, but for our own look at its log."""
        log = self.root("journalctl --unit ssh --no-pager --output cat")
        return sum(line.startswith("Accepted") for line in log.splitlines())


@pytest.fixture(scope="module")
def bare_box(request: pytest.FixtureRequest, parts: Parts) -> Iterator[Box]:
    """A server on which nothing was installed yet, of one file's own: the files run side by side."""
    name = "e2e-" + request.path.stem.removeprefix("test_").replace("_", "-")
    box.down(name)
    yield box.up(name)
    box.down(name)


@pytest.fixture(scope="module")
def deployment(
    bare_box: Box,
    parts: Parts,
    tmp_path_factory: pytest.TempPathFactory,
) -> Deployment:
    """The Python example, ready for its first `up` on a bare server."""
    folder = tmp_path_factory.mktemp("project")
    app = folder / "app"
    shutil.copytree(CHECKOUT / "examples" / "python", app, ignore=shutil.ignore_patterns(".env"))
    shutil.copy(app / ".env.example", app / ".env")
    config = parts.settings(bare_box) | {
        "app": "app",
        "service": "hello",
        # Of this file's own, as its name and tag are the engine's and the registry's, which all files share.
        "image": f"hello-{bare_box.name}",
        "proxy": {"app_port": 8000},
        "deploy_timeout": 10,
    }
    environment = {PASSWORD_VARIABLE: parts.password}
    return Deployment(bare_box, Workspace(folder, "e2e", config, environment), app, config)
