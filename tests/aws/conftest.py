"""An AWS account on this machine, and a stack that deploys into it."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation as auto

from tests.aws.program import CALLER
from tests.lean_up import Done, up
from tools.demo.parts import PASSWORD_VARIABLE, Parts
from tools.demo.workspace import CHECKOUT, Workspace
from tools.offline_plugins.aws import machines
from tools.offline_plugins.aws.account import Account


@dataclass
class Lab:
    """A stack in the Learner Lab.

    Attributes:
        account: the lab's.
        workspace: the project's folder.
        app: the app's folder, ours to change.
        key: the private half of the lab's key pair.
        config: the stack's configuration.
        said: what the last operation printed.
    """

    account: Account
    workspace: Workspace
    app: Path
    key: Path
    config: dict[str, Any]
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open the stack once: that takes a while."""
        self.stack = self.workspace.stack()

    def configure(self, **changes: Any) -> None:  # noqa: ANN401 - settings are of any shape
        """Change the stack's configuration; what is None is taken out of the section on AWS."""
        self.config["aws"] = {
            key: value for key, value in (self.config["aws"] | changes).items() if value is not None
        }
        self.workspace.configure(self.config)

    def up(self, *, refresh: bool = False) -> Done:
        """Deploy."""
        self.said = []
        return up(self.stack, self.said.append, refresh=refresh)

    def failing_up(self) -> str:
        """Deploy what cannot succeed; return what the user sees."""
        with pytest.raises(auto.CommandError) as caught:
            self.up()
        return str(caught.value)

    def preview(self) -> auto.PreviewResult:
        """Plan."""
        self.said = []
        return self.stack.preview(on_output=self.said.append, color="never")

    @property
    def address(self) -> str:
        """The server's, as the user is told."""
        return str(self.stack.outputs()["host"].value)

    def get(self, path: str = "/") -> str:
        """Fetch a page the way that the public does."""
        with urllib.request.urlopen(f"http://{self.address}{path}", timeout=10) as response:
            return str(response.read().decode())

    def root(self, command: str) -> str:
        """Run a shell command on the server as root; it must succeed."""
        options = [
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-o",
            "LogLevel=ERROR",
        ]
        line = ["ssh", *options, "-i", str(self.key), f"ubuntu@{self.address}", f"sudo -n sh -c '{command}'"]
        done = subprocess.run(line, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def account() -> Iterator[Account]:
    """An account as the lab gives it, served for as long as the tests run."""
    with Account() as account:
        yield account


@pytest.fixture(scope="module")
def lab(account: Account, parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The Python example, ready for its first `up` in an empty account."""
    folder = tmp_path_factory.mktemp("project")
    app = folder / "app"
    shutil.copytree(CHECKOUT / "examples" / "python", app, ignore=shutil.ignore_patterns(".env"))
    shutil.copy(app / ".env.example", app / ".env")
    account.forget()
    key = folder / "labsuser.pem"
    account.make_lab_key(key)
    config: dict[str, Any] = {
        "app": "app",
        "service": "hello",
        "aws": {"key_name": "vockey", "ssh_from": [f"{machines.gateway()}/32"], "swap_gib": 0},
        "ssh": {"keys": [str(key)]},
        "proxy": {"app_port": 8000},
        "registry": {
            "server": parts.registry.server,
            "username": parts.registry.username,
            "password": [PASSWORD_VARIABLE],
        },
        "builder": {"args": {"BASE_IMAGE": parts.python}},
        "traefik": {"image": parts.traefik},
    }
    environment = {PASSWORD_VARIABLE: parts.password, **account.environment}
    lab = Lab(account, Workspace(folder, "dev", config, environment), app, key, config)
    yield lab
    lab.stack.destroy(color="never")


@pytest.fixture
def in_account(account: Account, monkeypatch: pytest.MonkeyPatch) -> Account:
    """An empty account that this process's own calls go to, from one address."""
    account.forget()
    account.failures.clear()
    for name, value in account.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("BACKSTAFF_OWN_ADDRESS", CALLER)
    # The mocks have no engine that would call a hook.
    monkeypatch.setattr(
        "pulumi.resource_hooks.register_error_hook", lambda _: asyncio.ensure_future(asyncio.sleep(0))
    )
    return account
