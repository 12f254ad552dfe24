"""What the settings say to bad input, word for word, and what they make of good input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from settings import Settings
from tests.unit.bad_settings import BAD, FILE, REGISTRY
from tests.unit.cases import env_of
from tests.unit.project import PASSWORD, Project


@pytest.mark.parametrize(("config", "said"), BAD, ids=[str(list(config.items()))[:60] for config, _ in BAD])
def test_bad_input_is_told_word_for_word(project: Project, config: dict[str, Any], said: list[str]) -> None:
    """Say where, what must hold, what was found and what to do, and nothing besides."""
    assert project.complaints(**config) == said


@pytest.mark.parametrize("config", [config for config, _ in BAD])
def test_no_complaint_shows_a_secret(project: Project, config: dict[str, Any]) -> None:
    """Keep password and private key out of every message."""
    text = "\n".join(project.complaints(**config))

    assert PASSWORD not in text
    assert "c2VjcmV0" not in text


def test_problems_of_settings_and_dotenv_are_told_together(project: Project) -> None:
    """Tell what is wrong with `.env` in the same breath as what is wrong with the configuration."""
    (project.app / ".env").write_text("GOOD=1\n\nBAD\n")

    said = project.complaints(service="A", ssh={"keys": ["nokey"]})

    assert [line.partition(": ")[0] for line in said] == ["/project/app/.env:3", FILE, FILE]


def test_named_secrets_come_from_the_environment_before_dotenv(project: Project) -> None:
    """Look a name up in the process's environment first, then in `.env`."""
    (project.app / ".env").write_text("BOTH=from-file\nFILE=only-file\n")

    settings = project.load(
        {"BOTH": "from-environment"}, registry={"username": ["FILE"], "password": ["BOTH"]}
    )

    assert settings.registry
    assert settings.registry.username == "only-file"
    assert settings.registry.password.get_secret_value() == "from-environment"


def test_a_named_secret_that_is_empty_in_the_environment_comes_from_dotenv(project: Project) -> None:
    """Take an empty variable for one that is not set."""
    (project.app / ".env").write_text("TOKEN=from-file\n")

    settings = project.load({"TOKEN": ""}, registry=REGISTRY | {"password": ["TOKEN"]})

    assert settings.registry
    assert settings.registry.password.get_secret_value() == "from-file"


def test_the_app_does_not_get_what_the_registry_needs(project: Project) -> None:
    """Keep a variable that was named for the registry from the app, and no other."""
    (project.app / ".env").write_text("TOKEN=t\nTOKENS=for-the-app\n")

    settings = project.load(registry=REGISTRY | {"password": ["TOKEN"]})

    assert env_of(settings) == {"TOKENS": "for-the-app"}


def test_values_reach_the_app_with_their_blanks(project: Project) -> None:
    """Strip nothing: blanks at the ends of a variable, a password or a build argument count."""
    (project.app / ".env").write_text('PADDED="  two  \\n"\n')

    settings = project.load(registry=REGISTRY | {"password": " p "}, builder={"args": {"A": " a "}})

    assert env_of(settings)["PADDED"] == "  two  \n"
    assert settings.registry
    assert settings.registry.password.get_secret_value() == " p "
    assert settings.builder.args == {"A": " a "}


def test_text_from_pulumi_becomes_what_the_model_says(project: Project) -> None:
    """Read numbers that Pulumi hands over as text, and lists that it hands over as JSON."""
    settings = project.load(deploy_timeout="45", proxy={"app_port": 8000, "hosts": ["a.example"]})

    assert settings.deploy_timeout == 45
    assert settings.proxy.app_port == 8000
    assert settings.proxy.hosts == ("a.example",)


def test_a_seconds_value_reads_the_same_written_or_by_default(project: Project) -> None:
    """Give a default in the form of a written value, or writing it out would change a command line."""
    written = project.load(proxy={"healthcheck": {"interval": 1, "timeout": 5}}).proxy.healthcheck
    default = project.load().proxy.healthcheck

    assert [str(written.interval), str(written.timeout)] == [str(default.interval), str(default.timeout)]


def test_the_image_is_named_after_the_service_unless_it_is_set(project: Project) -> None:
    """Put registry and image together, with the service's name for an image that is not set."""
    assert project.load().repository == "docker.io/hello"
    assert project.load(image="ada/shop").repository == "docker.io/ada/shop"
    registry = REGISTRY | {"server": "ghcr.io:5000"}
    assert project.load(image="ada/shop", registry=registry).repository == "ghcr.io:5000/ada/shop"


def test_paths_start_where_they_should(project: Project) -> None:
    """Find the app from the project, and both the context and the Dockerfile from the app, as Kamal does."""
    (project.app / "docker").mkdir()
    (project.app / "docker" / "prod").write_text("FROM scratch\n")

    settings = project.load(builder={"context": "docker", "dockerfile": "docker/prod"})

    assert settings.app == project.folder / "app"
    assert settings.context == project.folder / "app" / "docker"
    assert settings.dockerfile == project.folder / "app" / "docker" / "prod"


def test_a_tilde_is_the_home_folder(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expand `~` in the app's folder and in a key's path."""
    monkeypatch.setenv("HOME", str(project.folder))
    (project.folder / "key").write_text("made up")

    settings = project.load(app="~/app", ssh={"keys": ["~/key"]})

    assert settings.app == project.folder / "app"


def sections(settings: Settings) -> list[BaseModel]:
    """List the settings and every section in them."""
    found: list[BaseModel] = [settings]
    for section in found:
        values = [getattr(section, key) for key in type(section).model_fields]
        found += [value for value in values if isinstance(value, BaseModel)]
    return found


def test_a_prebuilt_image_needs_no_dockerfile(project: Project) -> None:
    """Take an image by its tag or digest as it is, with an app's folder for its variables or without."""
    digest = f"hello@sha256:{'1' * 64}"
    for image in ("hello:v1", digest, f"hello:v1@sha256:{'1' * 64}", "me.example:5000/hello:v1"):
        settings = project.load(app=None, image=image)
        assert settings.is_prebuilt
        assert settings.repository == f"docker.io/{image}"
    (project.app / "Dockerfile").unlink()
    (project.app / ".env").write_text("A=1\n")
    assert env_of(project.load(image="hello:v1")) == {"A": "1"}
    assert not project.complaints(image="hello:v1")
    assert project.complaints(image="me.example:5000/hello")


def test_no_registry_is_a_choice(project: Project) -> None:
    """Do without a registry where there is none; one that is named and left empty is a mistake."""
    assert project.load(registry=None).registry is None
    assert project.load(registry="none").registry is None
    assert project.load(registry="none").repository == "hello"
    assert project.complaints(registry={})


def test_statuses_may_be_numbers(project: Project) -> None:
    """Take a status as YAML gives it, a number, and a range as text."""
    health = {"healthcheck": {"status": [204, "301-302"]}}
    assert project.load(proxy=health).proxy.healthcheck.status == ("204", "301-302")


def test_settings_are_frozen(project: Project) -> None:
    """Refuse every change to every key of every section."""
    found = sections(project.load())

    assert len(found) == 9
    for section in found:
        for key in type(section).model_fields:
            with pytest.raises(ValidationError, match="frozen"):
                setattr(section, key, Path("changed"))


def test_printed_settings_show_no_secret(project: Project) -> None:
    """Mask the password and the variables in what a stray print or traceback would show."""
    (project.app / ".env").write_text("A=env-value-secret\n")

    text = repr(project.load()) + str(project.load())

    assert PASSWORD not in text
    assert "env-value-secret" not in text
