"""What the conformance tests share: the engine, and stacks of their own."""

from __future__ import annotations

from collections.abc import Iterator

import asyncssh
import pytest

# Fixtures are found by their names here.
from tests.conformance.docker_app import app, deployed  # noqa: F401
from tests.conformance.docker_registry import registry, slow_registry  # noqa: F401
from tests.conformance.ssh_server import Server, serving
from tests.conformance.stacks import Engine, Stack


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Return the engine, with the plugins that are to be tested."""
    return Engine(tmp_path_factory.mktemp("engine"))


@pytest.fixture
def stack(engine: Engine) -> Stack:
    """Return a new, empty stack."""
    return engine.stack()


@pytest.fixture(autouse=True)
def _no_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the SSH agent of whoever runs the tests out of them."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


@pytest.fixture
def server() -> Iterator[Server]:
    """Return an SSH server that takes one key and a few variables."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    with serving(Server(key=key, accepted=["COLOUR", "PULUMI_COMMAND_STDOUT"])) as server:
        yield server
