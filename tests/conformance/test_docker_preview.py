"""What a preview knows, and when it builds."""

from __future__ import annotations

import pulumi
import pulumi_docker

from tests.conformance.docker_app import App


def test_a_preview_builds_nothing(app: App) -> None:
    """A preview knows what the program says, nothing of the image, and leaves the Docker engine alone."""
    outputs = app.stack.preview(app.program()).outputs("app")
    assert outputs["imageName"] == app.image
    assert not {"repoDigest", "baseImageName", "platform", "__inputs"} & outputs.keys()
    assert not app.is_built()


def _with_follower(app: App) -> None:
    """Declare the image, and one that is built with its digest."""
    image = pulumi_docker.Image("app", **app.arguments())
    build = {"args": {"GREETING": image.repo_digest}}
    name = app.image.replace(":v1", ":follower")
    pulumi_docker.Image("follower", **app.arguments(build=build, image_name=name, skip_push=True))


def test_the_digest_is_unknown_only_when_it_may_change(app: App) -> None:
    """What hangs on the digest shows as changing when the image does, and not otherwise."""
    done = app.stack.up(lambda: _with_follower(app))
    assert not done.failed, done.text
    same = app.stack.preview(lambda: _with_follower(app))
    assert (same.steps["app"], same.steps["follower"]) == (["same"], ["same"])
    app.write("page.txt", "two")
    changed = app.stack.preview(lambda: _with_follower(app))
    assert (changed.steps["app"], changed.steps["follower"]) == (["update"], ["update"])


def test_a_preview_can_build_but_never_pushes(app: App) -> None:
    """With `build_on_preview` a preview builds the image, names it by its id, and pushes nothing."""
    outcome = app.stack.preview(app.program(build_on_preview=True))
    assert outcome.outputs("app")["repoDigest"] == app.inspect()["Id"]
    assert app.registry.tags(app.repository) == []


def test_a_failed_build_fails_its_preview(app: App) -> None:
    """With `build_on_preview` a build that fails is known before the deployment."""
    app.write("Dockerfile", "FROM scratch\nCOPY missing /\n")
    outcome = app.stack.preview(app.program(build_on_preview=True))
    assert "error reading build output: " in outcome.error("app")


def test_a_preview_with_unknown_arguments_warns(app: App) -> None:
    """With `build_on_preview`, what is not known yet keeps a preview from building, which it says."""

    def program() -> None:
        first = pulumi_docker.Image("first", **app.arguments())
        build = {"args": {"GREETING": first.repo_digest}}
        pulumi_docker.Image("app", **app.arguments(build=build, build_on_preview=True))

    outcome = app.stack.preview(program)
    assert not outcome.failed, outcome.text
    (warning,) = outcome.warnings("app")
    assert warning.startswith(
        "Minimum inputs for build are unresolved. Continuing without preview image build."
    )


def test_an_unknown_name_is_checked_later(app: App) -> None:
    """A name that is not known yet passes the check of a preview; a bad one fails the deployment."""

    def program() -> None:
        first = pulumi_docker.Image("first", **app.arguments())
        bad = pulumi.Output.concat(first.repo_digest, "/Hello")
        pulumi_docker.Image("app", **app.arguments(image_name=bad, registry=None))

    done = app.stack.preview(program)
    assert not done.failed, done.text
    assert "requires all image names to be fully qualified" in app.stack.up(program).error("app")
