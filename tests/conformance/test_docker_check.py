"""Inputs that make no sense are refused before anything is built."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_docker
import pytest

from tests.conformance.docker_app import App
from tests.conformance.stacks import stand_in_only

UNQUALIFIED = (
    "This resource requires all image names to be fully qualified.\n"
    "For example, if you are attempting to push to Dockerhub, prefix your image name with `docker.io`:\n\n"
    "`docker.io/repository/image:tag`"
)


@pytest.mark.parametrize(
    ("build", "error"),
    [
        pytest.param(
            {"dockerfile": "nowhere/Dockerfile"},
            'could not open dockerfile at relative path "nowhere/Dockerfile": '
            "stat nowhere/Dockerfile: no such file or directory",
            id="no such Dockerfile",
        ),
        pytest.param(
            {"dockerfile": "./page.txt"},
            'could not open dockerfile at relative path "./page.txt". '
            'Try setting `dockerfile` to "app/page.txt"',
            id="a Dockerfile relative to the context",
        ),
        pytest.param(
            {"dockerfile": "/nowhere/Dockerfile"},
            'expected a relative Dockerfile path; got "/nowhere/Dockerfile" instead: '
            "stat /nowhere/Dockerfile: no such file or directory",
            id="an absolute Dockerfile",
        ),
        pytest.param(
            {"context": "nowhere", "dockerfile": "app/Dockerfile"},
            "unable to hash build context: resolve : lstat nowhere: no such file or directory",
            id="no such context",
        ),
        pytest.param(
            {"builder_version": "BuilderV3"}, "invalid Docker Builder version", id="no such builder"
        ),
        pytest.param({"cache_from": {}}, "cacheFrom requires an `images` field", id="a cache without images"),
    ],
)
def test_a_build_that_makes_no_sense(app: App, build: dict[str, Any], error: str) -> None:
    """The preview already fails, with the reason alone."""
    outcome = app.stack.preview(app.program(build=build))
    assert outcome.error("app") == error


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("hello:v1", "repository name must be canonical"),
        ("owner/hello", "repository name must be canonical"),
        ("localhost/Hello:v1", "invalid reference format: repository name (Hello) must be lowercase"),
        ("localhost/hello:", "invalid reference format"),
        ("a" * 64, f"invalid repository name ({'a' * 64}), cannot specify 64-byte hexadecimal strings"),
    ],
)
def test_a_name_that_is_not_fully_qualified(app: App, name: str, reason: str) -> None:
    """An image that is pushed needs a name that tells its registry, unless the program tells it."""
    outcome = app.stack.preview(app.program(image_name=name, registry=None))
    assert outcome.error("app") == f'"{name}": {reason}.\n{UNQUALIFIED}'


@pytest.mark.parametrize(
    "arguments",
    [{"registry": None, "skip_push": True}, {"registry": {"server": "https://index.docker.io/v1/"}}],
)
def test_a_name_that_need_not_be_qualified(app: App, arguments: dict[str, Any]) -> None:
    """A short name will do where it is not pushed, or where `registry` says where."""
    done = app.stack.preview(app.program(image_name="hello:v1", **arguments))
    assert not done.failed, done.text


def test_a_digest_is_no_name_for_a_build(app: App) -> None:
    """An image cannot be built under the name of a digest."""
    outcome = app.stack.up(
        app.program(image_name=f"{app.registry.server}/{app.repository}@sha256:{'a' * 64}")
    )
    assert outcome.errors("app")[0] == (
        "error building image: Error response from daemon: build tag cannot contain a digest"
    )


@stand_in_only("the real plugin ignores what it does not know")
@pytest.mark.parametrize(
    ("inputs", "path", "hint"),
    [
        ({"imagename": "x"}, "imagename", "imageName"),
        ({"build": {"contxt": "app"}}, "build.contxt", "context"),
        ({"build": {"cacheFrom": {"images": [], "stages": []}}}, "build.cacheFrom.stages", ""),
        ({"registry": {"user": "x"}}, "registry.user", "username"),
    ],
)
def test_an_unknown_input_is_refused(app: App, inputs: dict[str, Any], path: str, hint: str) -> None:
    """An input that the plugin does not know is an error with its path and the nearest known one."""
    given = {"imageName": app.image, **inputs, "build": {"context": "app", **inputs.get("build", {})}}
    options = pulumi.ResourceOptions(version="5.2.0")
    outcome = app.stack.preview(
        lambda: pulumi.CustomResource("docker:index/image:Image", "app", given, options)
    )
    assert f"property {path} value" in outcome.error("app")
    assert hint in outcome.error("app")


@stand_in_only("the real plugin breaks down")
def test_a_number_is_no_build_argument(app: App) -> None:
    """A build argument that is no text is named."""
    program = app.program(build={"args": {"GREETING": 1}})
    assert app.stack.preview(program).error("app").startswith("build.args.GREETING: must be a string")


def test_the_defaults_are_in_the_inputs(app: App) -> None:
    """The state shows the defaults that a check filled in."""
    app.write("../Dockerfile", "FROM scratch\nCOPY app /\n")
    app.write("../.dockerignore", "*\n!app\n")
    app.stack.up(lambda: pulumi_docker.Image("app", image_name=app.image, skip_push=True))
    inputs = app.stack.export()["app"]["inputs"]
    assert inputs["buildOnPreview"] is False
    assert (inputs["build"]["context"], inputs["build"]["dockerfile"]) == (".", "Dockerfile")
    assert inputs["build"]["platform"].startswith("linux/")
