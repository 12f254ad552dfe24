"""The ids of releases: the same inputs, the same id, and every input counts."""

from __future__ import annotations

from typing import Any

import pytest

from render.names import RoleNames
from render.release import Release, new_release, release_id
from tests.unit.project import Project

DIGEST = "9e52547c5edd" + "0" * 52
IMAGE = f"registry.example:5000/ada/hello@sha256:{DIGEST}"


def test_an_id_is_the_same_on_every_day_and_machine() -> None:
    """Pin one id: another would restart every container of every user at the next deploy."""
    assert release_id(IMAGE, "a1b2c3d4e5f6", ["--memory=1g"]) == "9e52547c5edd-88eb95"


def test_every_input_counts() -> None:
    """Tell apart releases that differ in image, env, or an option's name or value."""
    other_image = IMAGE.replace("9e52", "9e53")
    ids = [
        release_id(IMAGE, "env", []),
        release_id(other_image, "env", []),
        release_id(IMAGE, "other", []),
        release_id(IMAGE, "env", ["--memory=1g"]),
        release_id(IMAGE, "env", ["--memory=2g"]),
        release_id(IMAGE, "env", ["--cpus=1g"]),
        release_id(IMAGE, "env", ["--memory=1g", "--cpus=1g"]),
    ]

    assert len(set(ids)) == len(ids)


def test_a_release_is_made_of_image_env_options_and_port(project: Project) -> None:
    """Make another release of every setting that changes how the container runs, and of no other."""
    base = new_release(project.load(), IMAGE, "e")
    run: list[dict[str, Any]] = [
        {"volumes": ["data:/data"]},
        {"labels": {"a": "b"}},
        {"logging": {"options": {"max-size": "1m"}}},
        {"logging": {"driver": "local", "options": {}}},
        {"proxy": {"app_port": 81}},
    ]
    gate: list[dict[str, Any]] = [
        {"deploy_timeout": 9},
        {"proxy": {"hosts": ["a.example"], "healthcheck": {"path": "/ok"}}},
    ]

    ids = {new_release(project.load(**change), IMAGE, "e").id for change in run}
    assert len(ids | {base.id}) == len(run) + 1
    assert {new_release(project.load(**change), IMAGE, "e") for change in gate} == {base}
    assert new_release(project.load(labels={"a": "1", "b": "2"}), IMAGE, "e") == new_release(
        project.load(labels={"b": "2", "a": "1"}), IMAGE, "e"
    )


def test_a_release_that_was_found_is_read() -> None:
    """Read what `find-release` printed last, and refuse anything else."""
    text = f"rollback: to release 1-2 (live: 3-4)\nrelease=1-2 image={IMAGE} env=e1 port=8000"

    assert Release.found(text) == Release("1-2", IMAGE, "e1", 8000)
    with pytest.raises(ValueError, match="named no release"):
        Release.found("rollback: to release 1-2")


def test_the_registry_does_not_count() -> None:
    """Name the same image the same, wherever it was pulled from."""
    assert release_id(IMAGE, "e", []) == release_id(f"mirror/hello@sha256:{DIGEST}", "e", [])


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
        release_id(image, "env", [])

    assert repr(image) in str(error.value)


def test_names_hold_service_role_and_release() -> None:
    """Keep two roles and two services apart on one server."""
    names = RoleNames("hello", "web")

    assert names.router == "hello-web"
    assert names.release("9e52-a1") == "hello-web-9e52-a1"
