"""A small app to build: a folder with a Dockerfile, the program that builds it, and what became of it."""

from __future__ import annotations

import contextlib
import io
import secrets
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pulumi_docker
import pytest
from docker.utils import kwargs_from_env

from tests.conformance.docker_registry import Registry
from tests.conformance.stacks import Engine, Outcome, Program, Stack

DOCKERFILE = """FROM scratch
ARG GREETING=none
LABEL greeting=$GREETING
COPY . /app/
"""
"""What an app is built with; `new_app` adds a label by which to find what is left of its builds."""


@dataclass
class App:
    """An app of one test.

    Attributes:
        folder: The project's; relative paths in the program begin here, and the app is in `app`.
        stack: The stack that deploys it.
        registry: Where its image is pushed.
        repository: The image's repository there, of this app alone.
    """

    folder: Path
    stack: Stack
    registry: Registry
    repository: str

    @property
    def image(self) -> str:
        """The image's name with its tag."""
        return f"{self.registry.server}/{self.repository}:v1"

    def write(self, name: str, text: str, mode: int = 0o644) -> Path:
        """Write a file of the app, and set its mode whatever the umask.

        Args:
            name: Its path in the app's folder.
            text: Its content.
            mode: Its permissions.
        """
        path = self.folder / "app" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def arguments(self, *, build: Mapping[str, Any] | None = None, **changes: object) -> dict[str, Any]:
        """Give the arguments of the image.

        Args:
            build: What is different in `build`; None takes an argument away.
            changes: What is different beside it, likewise.
        """
        given = {"context": "app", "platform": "linux/amd64", **(build or {})}
        arguments = {"image_name": self.image, "registry": self.registry.sign_in, **changes}
        arguments["build"] = {key: value for key, value in given.items() if value is not None}
        return {key: value for key, value in arguments.items() if value is not None}

    def program(self, **arguments: Any) -> Program:  # noqa: ANN401 - as those of `arguments`
        """Give a program with the image as its only resource, named `app`.

        Args:
            arguments: As those of `arguments`; `opts` are the resource's options.
        """
        return lambda: pulumi_docker.Image("app", **self.arguments(**arguments))

    def up(self, **arguments: Any) -> Outcome:  # noqa: ANN401 - as those of `arguments`
        """Deploy the image, and make sure that it went well."""
        outcome = self.stack.up(self.program(**arguments))
        assert not outcome.failed, outcome.text
        return outcome

    def inspect(self) -> dict[str, Any]:
        """Ask the Docker engine for the image."""
        with docker_engine() as engine:
            found: dict[str, Any] = engine.inspect_image(self.image)  # type: ignore[no-untyped-call]
            return found

    def is_built(self) -> bool:
        """Tell whether the Docker engine has the image."""
        with docker_engine() as engine:
            return bool(engine.images(name=self.image))

    def remove(self, name: str = "") -> None:
        """Take the image, or another one by its name, off the Docker engine."""
        with docker_engine() as engine:
            engine.remove_image(name or self.image, force=True)

    def files(self) -> dict[str, tarfile.TarInfo]:
        """List the files of the image below `/app`, by their path there."""
        with docker_engine() as engine:
            container = engine.create_container(self.image, command="none")["Id"]
            try:
                content = b"".join(engine.get_archive(container, "/app")[0])
            finally:
                engine.remove_container(container)
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            return {entry.name.removeprefix("app/"): entry for entry in archive if entry.name != "app"}


def docker_engine() -> contextlib.closing[docker.APIClient]:
    """Connect to the Docker engine, for as long as a `with` block."""
    return contextlib.closing(docker.APIClient(**kwargs_from_env()))


@contextlib.contextmanager
def new_app(stack: Stack, registry: Registry) -> Iterator[App]:
    """Make an app, and take its images off the Docker engine in the end."""
    made = App(stack.folder, stack, registry, f"conformance/{secrets.token_hex(6)}")
    made.write("Dockerfile", DOCKERFILE.replace("ARG", f"LABEL app={made.repository}\nARG"))
    made.write("page.txt", "one")
    yield made
    with docker_engine() as engine:
        # The classic builder keeps the container of each step, as the plugin asks it to.
        for container in engine.containers(all=True, filters={"label": f"app={made.repository}"}):
            engine.remove_container(container["Id"])
        tags = [tag for image in engine.images() for tag in image["RepoTags"] or []]
        for tag in tags:
            if made.repository in tag:
                engine.remove_image(tag, force=True)
        for image in engine.images(filters={"label": f"app={made.repository}"}):
            engine.remove_image(image["Id"], force=True)


@pytest.fixture
def app(stack: Stack, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """Give an app that is not deployed yet, on a machine whose Docker has no credentials."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker-config"))
    with new_app(stack, registry) as made:
        yield made


@pytest.fixture(scope="module")
def deployed(engine: Engine, registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Give an app that is deployed, for all tests of a module that only look at it."""
    with pytest.MonkeyPatch.context() as patch, new_app(engine.stack(), registry) as made:
        patch.setenv("DOCKER_CONFIG", str(tmp_path_factory.mktemp("docker-config")))
        made.up()
        yield made
