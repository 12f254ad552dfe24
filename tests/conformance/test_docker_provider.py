"""Which Docker engine builds, and many builds at once."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_docker
import pytest

from tests.conformance.docker_app import App
from tests.conformance.docker_registry import SlowRegistry
from tests.conformance.stacks import Program, stand_in_only

NO_ENGINE = "failed to connect to any docker daemon"


def _on(app: App, **options: Any) -> Program:  # noqa: ANN401 - those of the provider
    """Give a program that builds the app with a provider of its own, and pushes nothing."""

    def program() -> None:
        opts = pulumi.ResourceOptions(provider=pulumi_docker.Provider("docker", **options))
        app.program(opts=opts, skip_push=True)()

    return program


@pytest.mark.parametrize("host", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1", "gopher://nowhere"])
def test_a_host_without_docker_engine(app: App, host: str) -> None:
    """An engine that does not answer ends the run, and no other engine is taken in its place."""
    outcome = app.stack.up(_on(app, host=host))
    assert outcome.failed
    assert f"docker native provider returned an unexpected error from Configure: {NO_ENGINE}" in outcome.text


def test_docker_host_is_honoured(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the option `host`, `DOCKER_HOST` says which engine builds."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    outcome = app.stack.up(app.program())
    monkeypatch.undo()
    assert NO_ENGINE in outcome.text


def test_the_program_names_the_engine(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """The option `host` goes before `DOCKER_HOST`."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    outcome = app.stack.up(_on(app, host="unix:///var/run/docker.sock"))
    monkeypatch.delenv("DOCKER_HOST")
    assert not outcome.failed, outcome.text
    assert app.is_built()


def test_certificates_come_in_threes(app: App) -> None:
    """Certificates that are given in part are an error, whatever the host."""
    outcome = app.stack.up(_on(app, ca_material="x"))
    assert "certMaterial, keyMaterial, and caMaterial must all be specified" in outcome.text


@stand_in_only("contexts are none of its work")
def test_an_unknown_option_is_refused(app: App) -> None:
    """An option of the provider that this plugin does not honour is an error."""
    outcome = app.stack.up(_on(app, context="other"))
    assert "property context value" in outcome.text


def test_images_are_built_side_by_side(app: App, slow_registry: SlowRegistry) -> None:
    """Images that do not hang on each other are pushed at the same time."""
    slow_registry.expect(3)

    def program() -> None:
        for name in ("one", "two", "three"):
            image = f"{slow_registry.server}/{app.repository}-{name}:v1"
            pulumi_docker.Image(name, **app.arguments(image_name=image, registry=None))

    app.stack.up(program)
    assert slow_registry.met
