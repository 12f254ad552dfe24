"""A server with the scripts of `remote/` on it, and a way to run them as a deploy does."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from render.command_line import command_line
from render.scripts import Bundle, bundle
from tools.demo import parts

BOX = "remote"


@dataclass(frozen=True)
class Outcome:
    """What a script did.

    Attributes:
        status: its exit status.
        text: what it printed, on either output.
    """

    status: int
    text: str


@dataclass
class Server:
    """A box with scripts.

    Attributes:
        box: the server.
        scripts: what was put there.
    """

    box: parts.Box
    scripts: Bundle

    def ssh(self, command: str, stdin: str = "") -> Outcome:
        """Run a command as the login user."""
        done = self.box.ssh(command, stdin)
        return Outcome(done.returncode, done.stdout)

    def step(self, script: str, stdin: str = "", **arguments: str | float) -> Outcome:
        """Run a script with `--name value` arguments; underscores in names are dashes."""
        named = {name.replace("_", "-"): value for name, value in arguments.items()}
        return self.ssh(command_line(self.box.user, self.scripts.digest, script, named), stdin)

    def root(self, command: str) -> str:
        """Run a shell command as root; it must succeed."""
        return self.box.run(command)


@pytest.fixture(scope="session")
def registry() -> parts.Registry:
    """A registry with a password."""
    return parts.registry()


@pytest.fixture(scope="session")
def references() -> dict[str, str]:
    """The images that Docker Hub would give elsewhere."""
    return parts.images()


@pytest.fixture(scope="package")
def server() -> Iterator[Server]:
    """A bare server with the scripts on it."""
    parts.toolchain("box", "down", BOX)
    scripts = bundle()
    made = Server(parts.box(BOX), scripts)
    connected = made.ssh(f"bash -s -- {scripts.digest}", scripts.program)
    assert connected.status == 0, connected.text
    yield made
    parts.toolchain("box", "down", BOX)


@pytest.fixture(scope="package")
def docker_server(server: Server, registry: parts.Registry) -> Server:
    """The server with Docker and a registry login."""
    installed = server.step("install-docker")
    assert installed.status == 0, installed.text
    login = server.step(
        "login-registry",
        registry.password,
        server=registry.server,
        username=registry.username,
        service="shop",
        side="server",
    )
    assert login.status == 0, login.text
    return server


@pytest.fixture(scope="package")
def app_image(
    registry: parts.Registry, references: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> str:
    """The Python example in the registry; its reference by digest."""
    folder = tmp_path_factory.mktemp("app")
    example = Path(__file__).parent.parent.parent / "examples" / "python"
    shutil.copytree(example, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".env"))
    name = f"{registry.server}/shop:remote"
    docker = ["docker", "--config", str(tmp_path_factory.mktemp("login"))]
    subprocess.run(
        [*docker, "login", "--username", registry.username, "--password-stdin", registry.server],
        input=registry.password, text=True, check=True, capture_output=True,
    )  # fmt: skip
    base = f"BASE_IMAGE={references['python']}"
    subprocess.run([*docker, "build", "--quiet", "--build-arg", base, "--tag", name, str(folder)], check=True)
    subprocess.run([*docker, "push", "--quiet", name], check=True)
    told = subprocess.run(
        [*docker, "inspect", "--format", "{{index .RepoDigests 0}}", name],
        check=True,
        text=True,
        capture_output=True,
    )
    return told.stdout.strip()
