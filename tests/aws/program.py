"""The program, run by mocks against an account that is looked up for real."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pulumi
import pytest

from tests.mocks.conftest import configured
from tests.mocks.graph import Graph, run_program

OFFICE = "198.51.100.0/24"
CALLER = "198.51.100.77"


def new_key(folder: Path, name: str = "id") -> Path:
    """Make a private key, its public half beside it."""
    file = folder / name
    if not file.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True)
    return file


def config(folder: Path, ssh: dict[str, Any] | None = None, **aws: Any) -> dict[str, Any]:  # noqa: ANN401
    """Configure a stack on AWS with a key pair of its own; what is None is left out."""
    key = new_key(folder)
    section = {"public_key": f"{key}.pub", **aws}
    section = {name: value for name, value in section.items() if value is not None}
    settings = configured(folder, aws=section, ssh=ssh or {"keys": [str(key)]})
    del settings["servers"]
    return settings


def run(folder: Path, ssh: dict[str, Any] | None = None, **aws: Any) -> Graph:  # noqa: ANN401
    """Run the program on AWS."""
    return run_program(config(folder, ssh, **aws))


def refusal(folder: Path, **aws: Any) -> str:  # noqa: ANN401
    """Run the program with what cannot be; return what it says."""
    with pytest.raises(pulumi.RunError) as caught:
        run(folder, **aws)
    return str(caught.value)
