"""Who signs in to the registry."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.conformance.docker_app import App
from tests.conformance.docker_registry import PASSWORD, USERNAME, docker_config
from tests.conformance.stacks import Engine

HELPER = """#!/bin/sh
read -r server
echo "$1 $server" >>{log}
case $1 in
  list) echo '{{"{server}": "{username}"}}' ;;
  get) echo '{{"ServerURL": "{server}", "Username": "{username}", "Secret": "{password}"}}' ;;
esac
"""


def _config_folder() -> Path:
    return Path(os.environ["DOCKER_CONFIG"])


@pytest.mark.parametrize("scheme", ["", "https://"])
def test_the_users_docker_configuration_serves(app: App, scheme: str) -> None:
    """Where the program gives no credentials, those of `config.json` are used, with or without a scheme."""
    docker_config(_config_folder(), f"{scheme}{app.registry.server}")
    app.up(registry=None)
    assert app.registry.tags(app.repository) == ["v1"]


def test_the_program_wins(app: App) -> None:
    """Credentials of the program go before those of `config.json`."""
    docker_config(_config_folder(), app.registry.server, password="wrong")
    app.up()
    assert app.registry.tags(app.repository) == ["v1"]


@pytest.mark.parametrize("entry", ["credsStore", "credHelpers"])
def test_a_credential_helper_serves(
    app: App, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    """A helper that `config.json` names is asked for the registry's credentials, on its standard input."""
    helper, log = tmp_path / "bin" / "docker-credential-conformance", tmp_path / "asked"
    helper.parent.mkdir()
    server = app.registry.server
    helper.write_text(HELPER.format(log=log, server=server, username=USERNAME, password=PASSWORD), "utf-8")
    helper.chmod(0o755)
    monkeypatch.setitem(engine.variables, "PATH", f"{helper.parent}{os.pathsep}{engine.variables['PATH']}")
    _config_folder().mkdir()
    named = {"credsStore": "conformance", "credHelpers": {server: "conformance"}}[entry]
    (_config_folder() / "config.json").write_text(json.dumps({entry: named}))
    app.up(registry=None)
    assert app.registry.tags(app.repository) == ["v1"]
    assert f"get {server}" in log.read_text().splitlines()


@pytest.mark.parametrize(
    ("given", "missing"), [({"username": USERNAME}, "password"), ({"password": PASSWORD}, "username")]
)
def test_half_of_the_credentials_are_none(app: App, given: dict[str, str], missing: str) -> None:
    """A name without password, or a password without name, is a warning, and `config.json` is used."""
    docker_config(_config_folder(), app.registry.server)
    outcome = app.up(registry={"server": app.registry.server, **given})
    (other,) = given
    assert outcome.warnings("app") == [
        f"{missing} was not set, although {other} was; using host credentials file"
    ]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"password": "wrong"}, "error reading push output: unauthorized: authentication required"),
        ({"username": "", "password": ""}, "error reading push output: no basic auth credentials"),
    ],
)
def test_a_push_that_is_refused(app: App, changes: dict[str, str], error: str) -> None:
    """A wrong password, or none, fails the run with the registry's reason."""
    outcome = app.stack.up(app.program(registry={**app.registry.sign_in, **changes}))
    assert outcome.errors("app")[0] == error
    assert "app" not in app.stack.export()


def test_a_registry_that_is_not_there(app: App) -> None:
    """A registry that nobody answers for fails the run with its address."""
    outcome = app.stack.up(app.program(image_name="127.0.0.1:1/hello:v1", registry=None, skip_push=False))
    assert outcome.errors("app")[0].startswith("error reading push output: ")
    assert "127.0.0.1:1" in outcome.errors("app")[0]


def test_a_broken_docker_configuration(app: App) -> None:
    """A `config.json` that cannot be read is named."""
    _config_folder().mkdir()
    (_config_folder() / "config.json").write_text("{")
    outcome = app.stack.up(app.program())
    assert outcome.errors("app")[0].startswith(f"parsing config file ({_config_folder() / 'config.json'}): ")
