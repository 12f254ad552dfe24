"""The ids of releases: the same inputs, the same id, and every input counts."""

from __future__ import annotations

from typing import Any

import pytest

from render.names import RoleNames
from render.release import Release, name_release, new_release, release_id
from tests.unit.project import Project

DIGEST = "9e52547c5edd" + "0" * 52
IMAGE = f"registry.example:5000/ada/hello@sha256:{DIGEST}"


def test_an_id_is_the_same_on_every_day_and_machine() -> None:
    """Pin one id: another would restart every container of every user at the next deploy."""
    parts = [["web", ["a1b2c3d4e5f6"], ["--memory=1g"], 80, None]]
    assert release_id(IMAGE, parts) == "9e52547c5edd-d6e2f1"


def test_every_input_counts() -> None:
    """Tell apart releases that differ in image or in anything of the rest."""
    other_image = IMAGE.replace("9e52", "9e53")
    parts: list[Any] = [
        [],
        ["web"],
        ["web", ["e"]],
        ["web", ["e"], ["--memory=1g"]],
        ["web", ["e", "--memory=1g"]],
    ]
    ids = [release_id(other_image, []), *(release_id(IMAGE, one) for one in parts)]

    assert len(set(ids)) == len(ids)


def test_a_release_is_made_of_image_env_options_and_port(project: Project) -> None:
    """Make another release of every setting that changes how a container runs, and of no other."""

    def name_of(**changes: Any) -> str:  # noqa: ANN401 - of any shape
        return name_release(project.load(**changes), IMAGE)

    web = {"hosts": ["203.0.113.10"]}
    run: list[dict[str, Any]] = [
        {"volumes": ["data:/data"]},
        {"labels": {"a": "b"}},
        {"logging": {"options": {"max-size": "1m"}}},
        {"logging": {"driver": "local", "options": {}}},
        {"proxy": {"app_port": 81}},
        {"env": {"A": "1"}},
        {"asset_path": "/assets"},
        {"servers": {"web": web | {"cmd": "serve"}}},
        {"servers": {"web": web | {"options": {"memory": "1g"}}}},
        {"servers": {"web": web, "job": web}},
        {"servers": {"web": web, "job": web | {"env": {"A": "1"}}}},
    ]
    gate: list[dict[str, Any]] = [
        {"deploy_timeout": 9},
        {"proxy": {"hosts": ["a.example"], "healthcheck": {"path": "/ok"}}},
        {"servers": {"web": ["203.0.113.10", "203.0.113.11"]}},
        {"servers": {"web": web | {"options": {"restart": "always"}}}},
    ]

    ids = {name_of(**change) for change in run}
    assert len(ids | {name_of()}) == len(run) + 1
    assert {name_of(**change) for change in gate} == {name_of()}
    assert name_of(labels={"a": "1", "b": "2"}) == name_of(labels={"b": "2", "a": "1"})


def test_a_role_without_a_proxy_has_no_port(project: Project) -> None:
    """Name one release for all roles, and say of each what its containers are made from."""
    roles = {"web": ["203.0.113.10"], "job": ["203.0.113.11"]}
    settings = project.load(servers=roles, proxy={"app_port": 81})
    assert new_release(settings, "web", "1-2", IMAGE, "e") == Release("1-2", IMAGE, "e", 81)
    assert new_release(settings, "job", "1-2", IMAGE, "f") == Release("1-2", IMAGE, "f", 0)


def test_a_release_that_was_found_is_read() -> None:
    """Read what `find-release` printed last, and refuse anything else."""
    text = f"rollback: to release 1-2 (live: 3-4)\nrelease=1-2 image={IMAGE} env=e1 port=8000"

    assert Release.found(text) == Release("1-2", IMAGE, "e1", 8000)
    with pytest.raises(ValueError, match="named no release"):
        Release.found("rollback: to release 1-2")


def test_the_registry_does_not_count() -> None:
    """Name the same image the same, wherever it was pulled from."""
    assert release_id(IMAGE, "e") == release_id(f"mirror/hello@sha256:{DIGEST}", "e")


@pytest.mark.parametrize(
    "image",
    [
        "hello",
        "hello:v1",
        "hello@sha256:",
        "hello@sha256:9e52",
        f"hello:sha256:{DIGEST}",
        f"{IMAGE}0",
        f"{IMAGE}\n",
        "",
    ],
)
def test_an_image_without_digest_is_refused(image: str) -> None:
    """Refuse a tag, which can mean another image tomorrow, and a digest that was cut."""
    with pytest.raises(ValueError, match="an image by digest is needed") as error:
        release_id(image, "env")

    assert repr(image) in str(error.value)


def test_names_hold_service_role_and_release() -> None:
    """Keep two roles and two services apart on one server."""
    names = RoleNames("hello", "web")

    assert names.router == "hello-web"
    assert names.release("9e52-a1") == "hello-web-9e52-a1"
