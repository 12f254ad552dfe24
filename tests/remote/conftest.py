"""A server with the scripts of `remote/` on it, and a way to run them as a deploy does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from render.command_line import command_line
from render.scripts import Bundle, bundle
from tools.demo.parts import Parts, run_as_root, ssh
from tools.toolchain import box
from tools.toolchain.boxes import Box

# One for each process that runs tests of this suite, a file at a time.
BOX = f"remote-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"


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

    box: Box
    scripts: Bundle

    def ssh(self, command: str, stdin: str = "") -> Outcome:
        """Run a command as the login user."""
        done = ssh(self.box, command, stdin)
        return Outcome(done.returncode, done.stdout)

    def step(self, script: str, stdin: str = "", /, *rest: str, **arguments: str | float) -> Outcome:
        """Run a script with `--name value` arguments, then words after `--`; underscores are dashes."""
        named = {name.replace("_", "-"): value for name, value in arguments.items()}
        return self.ssh(command_line(self.box.user, self.scripts.digest, script, named, rest), stdin)

    def root(self, command: str) -> str:
        """Run a shell command as root; it must succeed."""
        return run_as_root(self.box, command)


@pytest.fixture(scope="package")
def server(parts: Parts) -> Iterator[Server]:
    """A bare server with the scripts on it."""
    box.down(BOX)
    scripts = bundle()
    made = Server(box.up(BOX), scripts)
    connected = made.ssh(f"bash -s -- {scripts.digest}", scripts.program)
    assert connected.status == 0, connected.text
    yield made
    box.down(BOX)


@pytest.fixture(scope="package")
def docker_server(server: Server, parts: Parts) -> Server:
    """The server with Docker and a registry login."""
    installed = server.step("install-docker")
    assert installed.status == 0, installed.text
    login = server.step(
        "login-registry",
        parts.password,
        server=parts.registry.server,
        username=parts.registry.username,
        service="shop",
        side="server",
    )
    assert login.status == 0, login.text
    return server


@pytest.fixture(scope="package")
def app_image(docker_server: Server, parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The Python example in the registry; its reference by digest.

    The server has it under another name too, so that its layers stay when a test takes the image away:
    to unpack them takes longer than most tests.
    """
    folder = tmp_path_factory.mktemp("app")
    example = Path(__file__).parent.parent.parent / "examples" / "python"
    shutil.copytree(example, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".env"))
    name = f"{parts.registry.server}/shop:remote"
    docker = ["docker", "--config", str(tmp_path_factory.mktemp("login"))]
    subprocess.run(
        [*docker, "login", "--username", parts.registry.username, "--password-stdin", parts.registry.server],
        input=parts.password, text=True, check=True, capture_output=True,
    )  # fmt: skip
    base = f"BASE_IMAGE={parts.python}"
    subprocess.run([*docker, "build", "--quiet", "--build-arg", base, "--tag", name, str(folder)], check=True)
    subprocess.run([*docker, "push", "--quiet", name], check=True)
    told = subprocess.run(
        [*docker, "inspect", "--format", "{{json .RepoDigests}}", name],
        check=True,
        text=True,
        capture_output=True,
    )
    # The same content may lie in other registries too.
    digests: list[str] = json.loads(told.stdout)
    image = next(digest for digest in digests if digest.startswith(f"{parts.registry.server}/"))
    login = "/var/lib/backstaff/services/shop/login"
    docker_server.root(f"docker --config {login} pull --quiet {image} && docker tag {image} kept")
    return image
