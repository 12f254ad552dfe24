"""Where secrets go, and where they never appear."""

from __future__ import annotations

import json
from pathlib import Path

import pulumi
import pulumi_docker
import pytest

from tests.conformance.docker_app import App
from tests.conformance.docker_registry import PASSWORD, SlowRegistry
from tests.conformance.stacks import is_secret

TOKEN = "a-token-of-the-build"


def _with_secrets(app: App, token: str = TOKEN) -> pulumi_docker.Image:
    registry = {**app.registry.sign_in, "password": pulumi.Output.secret(PASSWORD)}
    build = {"args": {"GREETING": pulumi.Output.secret(token)}}
    return pulumi_docker.Image("app", **app.arguments(registry=registry, build=build))


@pytest.fixture
def state(app: App) -> Path:
    """Deploy an image with a secret password and a secret build argument, and give the stored state."""
    outcome = app.stack.up(lambda: _with_secrets(app))
    assert not outcome.failed, outcome.text
    assert PASSWORD not in outcome.text
    assert TOKEN not in outcome.text
    return app.stack.folder / ".pulumi"


def test_secrets_are_encrypted_in_the_state(app: App, state: Path) -> None:
    """Secret inputs stay secret one by one, and the inputs that the outputs repeat are one secret."""
    written = "".join(path.read_text() for path in state.rglob("*.json*"))
    assert json.dumps(PASSWORD)[1:-1] not in written
    assert TOKEN not in written
    resource = app.stack.export()["app"]
    assert is_secret(resource["inputs"]["registry"]["password"])
    assert is_secret(resource["inputs"]["build"]["args"]["GREETING"])
    assert resource["inputs"]["registry"]["username"] == "deployer"
    assert is_secret(resource["outputs"]["__inputs"])
    assert resource["outputs"]["repoDigest"].startswith(app.registry.server)


def test_a_secret_name_stays_secret(app: App) -> None:
    """A secret `image_name` is secret in the outputs too."""

    def program() -> None:
        app.program(image_name=pulumi.Output.secret(app.image))()

    outcome = app.stack.up(program)
    assert not outcome.failed, outcome.text
    assert is_secret(app.stack.export()["app"]["outputs"]["imageName"])


def test_secrets_that_do_not_change_build_nothing(app: App, state: Path) -> None:
    """The same secrets in the next run change nothing; another value of a build argument does."""
    assert state.exists()
    assert app.stack.up(lambda: _with_secrets(app)).steps["app"] == ["same"]
    assert app.stack.preview(lambda: _with_secrets(app, "another")).steps["app"] == ["update"]


def test_no_command_line_shows_the_password(app: App, slow_registry: SlowRegistry) -> None:
    """While an image is pushed, no process on this machine has the password among its arguments."""
    slow_registry.expect(1)
    registry = {**app.registry.sign_in, "server": slow_registry.server}
    app.stack.up(app.program(image_name=f"{slow_registry.server}/{app.repository}:v1", registry=registry))
    assert slow_registry.command_lines
    assert not [line for line in slow_registry.command_lines if PASSWORD in line]
