"""The ids of releases: the same inputs, the same id, and every input counts."""

from __future__ import annotations

import pytest

from render.names import RoleNames
from render.release import release_id

DIGEST = "9e52547c5edd" + "0" * 52
IMAGE = f"registry.example:5000/ada/hello@sha256:{DIGEST}"


def test_an_id_is_the_same_on_every_day_and_machine() -> None:
    """Pin one id: another would restart every container of every user at the next deploy."""
    assert release_id(IMAGE, "a1b2c3d4e5f6", {"memory": "1g"}) == "9e52547c5edd-8845ac"


def test_every_input_counts() -> None:
    """Tell apart releases that differ in image, env, or an option's name or value."""
    other_image = IMAGE.replace("9e52", "9e53")
    ids = [
        release_id(IMAGE, "env", {}),
        release_id(other_image, "env", {}),
        release_id(IMAGE, "other", {}),
        release_id(IMAGE, "env", {"memory": "1g"}),
        release_id(IMAGE, "env", {"memory": "2g"}),
        release_id(IMAGE, "env", {"cpus": "1g"}),
        release_id(IMAGE, "env", {"memory": "1g", "cpus": "1g"}),
    ]

    assert len(set(ids)) == len(ids)


def test_the_order_of_options_does_not_count() -> None:
    """Name a release the same, in whatever order its options were written."""
    assert release_id(IMAGE, "e", {"a": "1", "b": "2"}) == release_id(IMAGE, "e", {"b": "2", "a": "1"})


def test_the_registry_does_not_count() -> None:
    """Name the same image the same, wherever it was pulled from."""
    assert release_id(IMAGE, "e", {}) == release_id(f"mirror/hello@sha256:{DIGEST}", "e", {})


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
        release_id(image, "env", {})

    assert repr(image) in str(error.value)


def test_names_hold_service_role_and_release() -> None:
    """Keep two roles and two services apart on one server."""
    names = RoleNames("hello", "web")

    assert names.router == "hello-web"
    assert names.release("9e52-a1") == "hello-web-9e52-a1"
