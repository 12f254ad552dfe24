"""The program's graph, run once for each way to configure it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.mocks.graph import Graph, run_program

# Values that can be told from everything else, wherever they turn up.
PASSWORD = "password-4f1d"
VARIABLES = {"PLAIN": "env-value-77aa", "LINES": "env-line-88bb\nenv-line-99cc\n"}
PRIVATE_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nkey-text-55ee\n-----END OPENSSH PRIVATE KEY-----\n"
HOST = "203.0.113.10"
PINNED = "ssh-ed25519 AAAAC3NzPinned"


def configured(folder: Path, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - of any shape
    """Write an app, its variables and a private key, and what configures them.

    Args:
        folder: where.
        changes: keys that differ.

    Returns:
        The configuration.
    """
    (folder / "Dockerfile").write_text("FROM scratch\n")
    (folder / ".env").write_text("".join(f'{name}="{value}"\n' for name, value in VARIABLES.items()))
    (folder / "key").write_text(PRIVATE_KEY)
    return {
        "app": str(folder),
        "service": "hello",
        "image": "ada/shop",
        "servers": [HOST],
        "registry": {"server": "registry.example:5000", "username": "ada", "password": PASSWORD},
        "ssh": {"user": "ubuntu", "keys": [str(folder / "key")]},
        "proxy": {"app_port": 8000, "hosts": ["shop.example"]},
        **changes,
    }


@pytest.fixture(scope="session")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """Run the program as ubuntu, with a host key that is learnt."""
    return run_program(configured(tmp_path_factory.mktemp("learnt")))


@pytest.fixture(scope="session")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """Run the program as root, with a host key that is pinned, and no key file."""
    ssh = {"host_keys": {HOST: PINNED}}
    return run_program(configured(tmp_path_factory.mktemp("pinned"), ssh=ssh))


@pytest.fixture(scope="session")
def preview(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """Run the program as the preview of a first `up`, where no output is known yet."""
    return run_program(configured(tmp_path_factory.mktemp("preview")), is_preview=True)


@pytest.fixture(params=["learnt", "pinned", "preview"])
def graph(request: pytest.FixtureRequest) -> Graph:
    """Give each of the graphs in turn.

    Args:
        request: of pytest.

    Returns:
        The graph.
    """
    found: Graph = request.getfixturevalue(request.param)
    return found
