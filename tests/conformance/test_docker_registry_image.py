"""The look-up of an image's digest in its registry."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_docker
import pytest

from tests.conformance.docker_app import App
from tests.conformance.docker_registry import PASSWORD, USERNAME, docker_config
from tests.conformance.stacks import Outcome, is_secret, stand_in_only


def _look_up(app: App, name: str | None, **auth: str) -> tuple[Outcome, list[tuple[Any, ...]]]:
    """Look an image up with a provider that signs in, and give the run and what was found."""
    found: list[tuple[Any, ...]] = []

    def program() -> None:
        sign_in = [{"address": f"http://{app.registry.server}", **auth}]
        provider = pulumi_docker.Provider("docker", registry_auth=sign_in)  # type: ignore[arg-type]
        options = pulumi.InvokeOutputOptions(provider=provider)
        result = pulumi_docker.get_registry_image_output(name=name, opts=options)
        result.apply(lambda it: found.append((it.name, it.id, it.sha256_digest, it.insecure_skip_verify)))

    return app.stack.up(program), found


def _signed_in(app: App, name: str | None) -> tuple[Outcome, list[tuple[Any, ...]]]:
    return _look_up(app, name, username=USERNAME, password=PASSWORD)


@pytest.mark.parametrize("by", ["tag", "digest"])
def test_the_digest_is_found(deployed: App, app: App, by: str) -> None:
    """The look-up gives the registry's digest of a tag, or of a digest itself."""
    digest = deployed.registry.digest(deployed.repository, "v1")
    name = deployed.image if by == "tag" else f"{deployed.image}@{digest}"
    outcome, found = _signed_in(app, name)
    assert not outcome.failed, outcome.text
    assert found == [(name, digest, digest, False)]


def test_without_a_tag_it_is_latest(app: App) -> None:
    """An image without tag is looked up as `latest`."""
    outcome, _ = _signed_in(app, app.image.removesuffix(":v1"))
    assert f"fetch image version {app.repository}:latest from registry" in outcome.text


def test_a_docker_configuration_signs_in(deployed: App, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a name in `registry_auth`, the user's Docker configuration signs in."""
    folder = docker_config(app.folder / "config", app.registry.server)
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    _, found = _look_up(app, deployed.image)
    assert [digest for _, digest, _, _ in found] == [deployed.registry.digest(deployed.repository, "v1")]


@pytest.mark.parametrize(
    ("name", "password", "reason"),
    [
        ("never-pushed:v1", PASSWORD, "got bad response from registry: 404 Not Found"),
        ("never-pushed:v1", "wrong", "bad credentials: 401 Unauthorized"),
    ],
)
def test_a_look_up_that_fails(app: App, name: str, password: str, reason: str) -> None:
    """An image that is not there, or a wrong password, is an error with the registry's reason."""
    outcome, _ = _look_up(app, f"{app.registry.server}/{name}", username=USERNAME, password=password)
    assert outcome.failed
    assert "invoking docker:index/getRegistryImage:getRegistryImage: 1 error occurred:" in outcome.text
    assert (
        f"* Got error when attempting to fetch image version {name} from registry: {reason}" in outcome.text
    )


def test_a_registry_is_https_unless_said_otherwise(app: App) -> None:
    """A registry that `registry_auth` does not name is asked over HTTPS."""
    outcome = app.stack.up(lambda: pulumi_docker.get_registry_image_output(name=app.image))
    assert f"https://{app.registry.server}/v2/{app.repository}/manifests/v1" in outcome.text
    assert "http: server gave HTTP response to HTTPS client" in outcome.text


def test_a_look_up_needs_a_name(app: App) -> None:
    """A look-up without a name is refused."""
    outcome, _ = _signed_in(app, None)
    assert 'Missing required argument: The argument "name" is required' in outcome.text


def test_registry_auth_is_a_secret(app: App) -> None:
    """The provider's credentials are encrypted in the state, though the program does not say secret."""
    _signed_in(app, None)
    assert is_secret(app.stack.export()["docker"]["inputs"]["registryAuth"])


def test_a_configuration_that_is_not_there(app: App) -> None:
    """A `config_file` that cannot be opened is named."""
    outcome, _ = _look_up(app, app.image, config_file="/nowhere/config.json")
    assert (
        "Error loading registry auth config: could not open config file from filePath: /nowhere/config.json. "
        "Error: open /nowhere/config.json: no such file or directory"
    ) in outcome.text


@stand_in_only("the real plugin only warns of it")
def test_an_unknown_key_of_registry_auth_is_refused(app: App) -> None:
    """A key of `registry_auth` that the plugin does not know is an error."""
    outcome, _ = _look_up(app, app.image, user=USERNAME)
    assert 'registryAuth: unknown key "user"' in outcome.text
