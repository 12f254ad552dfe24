"""Calling the docker command line."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tools.toolchain import cache, process
from tools.toolchain.errors import ToolchainError

SOCKET: Final = Path("/var/run/docker.sock")
ANSWER_SECONDS: Final = 10.0


def call(
    *arguments: str,
    what: str = "",
    remedy: str = "See what Docker says to: docker info",
    variables: dict[str, str] | None = None,
) -> str:
    """Run the docker command line to its end and return its output, both streams.

    Args:
        arguments: `rm`, `-f`, ...
        what: what could not be done if it fails.
        remedy: what to do then.
        variables: set in addition to those of this process.

    Raises:
        CommandFailed: it failed.
    """
    surroundings = {**os.environ, **(variables or {})}
    return process.run(["docker", *arguments], what=what, remedy=remedy, environment=surroundings)


def ask(*arguments: str) -> str | None:
    """Return what the docker command line prints, stripped; None if it fails (there is no such thing)."""
    try:
        result = subprocess.run(
            ["docker", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return None
    return result.stdout.strip() if result.returncode == 0 else None


def feed(content: bytes, *arguments: str, remedy: str) -> None:
    """Run the docker command line with something on its standard input.

    Raises:
        ToolchainError: it failed.
    """
    result = subprocess.run(
        ["docker", *arguments],
        input=content,
        capture_output=True,
        check=False,
    )
    if result.returncode != 0:
        said = result.stderr.decode(errors="replace").strip()
        raise ToolchainError(f"`docker {' '.join(arguments)}` failed: {said}", remedy)


def server_version(host: str | None = None) -> str:
    """Return the version of the engine that answers this user, or nothing if none does.

    Args:
        host: its address (`unix:///...`); by default the one that the docker command line would use.
    """
    surroundings = {**os.environ, **({"DOCKER_HOST": host} if host else {})}
    command = ["docker", "version", "--format", "{{.Server.Version}}"]
    try:
        result = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=ANSWER_SECONDS,
            check=False,
            env=surroundings,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""


def address() -> str:
    """Return where the docker command line finds its engine, for messages: `unix:///var/run/docker.sock`."""
    chosen = os.environ.get("DOCKER_HOST")
    return chosen or ask("context", "inspect", "--format", "{{.Endpoints.docker.Host}}") or f"unix://{SOCKET}"


def remove(kind: str, names: Sequence[str]) -> None:
    """Remove containers, volumes or images that may be gone already.

    Args:
        kind: `container`, `volume` or `image`.
        names: any number of them.
    """
    for name in names:
        ask(kind, "rm", "--force", name)


def environment() -> dict[str, str]:
    """Return the variables that programs need to find the engine; costs one `stat`.

    Not for the docker command line itself: that knows its contexts, others know DOCKER_HOST only.
    """
    file = host_file()
    return {"DOCKER_HOST": file.read_text(encoding="utf-8")} if file.exists() else {}


def host_file() -> Path:
    """Return the file with the engine's address, if other programs would not find it by themselves."""
    return cache.folder() / "docker" / "host"
