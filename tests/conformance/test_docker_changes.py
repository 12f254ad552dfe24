"""Which changes build an image again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi_docker
import pytest

from tests.conformance.docker_app import DOCKERFILE, App, new_app
from tests.conformance.docker_registry import Registry
from tests.conformance.stacks import Engine, Outcome

Edit = Callable[[Path], object]

FILES_THAT_BUILD_NOTHING: dict[str, Edit] = {
    "nothing": lambda _: None,
    "a-time": lambda folder: os.utime(folder / "page.txt", (1, 1)),
    "the-same-text-written-again": lambda folder: (folder / "page.txt").write_text("one"),
    "an-ignored-file": lambda folder: (folder / "ignored.log").write_text("two"),
    "a-new-ignored-file": lambda folder: (folder / "new.log").write_text("two"),
    "an-empty-folder": lambda folder: (folder / "empty").mkdir(),
}

FILES_THAT_BUILD: dict[str, Edit] = {
    "content": lambda folder: (folder / "page.txt").write_text("two"),
    "mode": lambda folder: (folder / "page.txt").chmod(0o755),
    "name": lambda folder: (folder / "page.txt").rename(folder / "sheet.txt"),
    "removal": lambda folder: (folder / "page.txt").unlink(),
    "a-new-file": lambda folder: (folder / "more.txt").write_text(""),
    "a-new-link": lambda folder: (folder / "link").symlink_to("page.txt"),
    "what-is-ignored": lambda folder: (folder / ".dockerignore").write_text(""),
}

SIGN_INS: dict[str, dict[str, str]] = {
    "another-user": {"username": "rotated"},
    "another-password": {"password": "rotated"},
}

ARGUMENTS_THAT_BUILD: dict[str, tuple[dict[str, Any], str]] = {
    "another-registry": ({"registry": {"server": "127.0.0.1:1"}}, "registry"),
    "no-registry": ({"registry": None}, "registry"),
    "another-name": ({"image_name": "127.0.0.1:1/other:v2"}, "imageName"),
    "a-push": ({"skip_push": False}, "skipPush"),
    "built-in-previews": ({"build_on_preview": True}, "buildOnPreview"),
    "a-build-argument": ({"build": {"args": {"GREETING": "new"}}}, "build"),
    "another-platform": ({"build": {"platform": "linux/arm64"}}, "build"),
    "another-builder": ({"build": {"builder_version": "BuilderV1"}}, "build"),
}

EDITS = {**FILES_THAT_BUILD_NOTHING, **FILES_THAT_BUILD}


def _declare(app: App, changes: dict[str, dict[str, Any]]) -> None:
    """Declare an image for every case, named like it and with a folder of its own, most of them unchanged."""
    for case in (*EDITS, *SIGN_INS, *ARGUMENTS_THAT_BUILD):
        changed = changes.get(case, {})
        build = {"context": case, **changed.get("build", {})}
        given = {"image_name": f"{app.image}-{case}", "skip_push": True, **changed, "build": build}
        pulumi_docker.Image(case, **app.arguments(**given))


@pytest.fixture(scope="module")
def foretold(
    engine: Engine, registry: Registry, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Outcome]:
    """Build an image for every case, make all the changes, and give the preview that follows."""
    with pytest.MonkeyPatch.context() as patch, new_app(engine.stack(), registry) as app:
        patch.setenv("DOCKER_CONFIG", str(tmp_path_factory.mktemp("docker-config")))
        for case in (*EDITS, *SIGN_INS, *ARGUMENTS_THAT_BUILD):
            for name, text in {
                "Dockerfile": DOCKERFILE,
                ".dockerignore": "*.log\n",
                "page.txt": "one",
                "ignored.log": "one",
            }.items():
                app.write(f"../{case}/{name}", text)
        before = app.stack.up(lambda: _declare(app, {}))
        assert not before.failed, before.text
        for case, edit in EDITS.items():
            edit(app.folder / case)
        changes = {case: {"registry": {**registry.sign_in, **new}} for case, new in SIGN_INS.items()}
        changes |= {case: arguments for case, (arguments, _) in ARGUMENTS_THAT_BUILD.items()}
        after = app.stack.preview(lambda: _declare(app, changes))
        assert not after.failed, after.text
        yield after


@pytest.mark.parametrize("case", FILES_THAT_BUILD_NOTHING)
def test_these_changes_of_files_build_nothing(foretold: Outcome, case: str) -> None:
    """A file that was only touched, or that the image does not get, changes nothing."""
    assert foretold.steps[case] == ["same"]


@pytest.mark.parametrize("case", FILES_THAT_BUILD)
def test_these_changes_of_files_build_again(foretold: Outcome, case: str) -> None:
    """The name, mode or content of a file that the image gets builds it again, in place."""
    assert foretold.steps[case] == ["update"]
    assert list(foretold.step(case).detailed_diff or {}) == ["build"]


@pytest.mark.parametrize("case", SIGN_INS)
def test_new_credentials_build_nothing(foretold: Outcome, case: str) -> None:
    """Who pushes may change at every run, as with tokens that expire, and builds nothing again."""
    assert foretold.steps[case] == ["same"]


@pytest.mark.parametrize("case", ARGUMENTS_THAT_BUILD)
def test_these_changes_of_the_program_build_again(foretold: Outcome, case: str) -> None:
    """Any other input updates the image; none replaces it."""
    assert foretold.steps[case] == ["update"]
    assert list(foretold.step(case).detailed_diff or {}) == [ARGUMENTS_THAT_BUILD[case][1]]


def test_a_new_name_is_pushed_beside_the_old_one(app: App) -> None:
    """An image that gets another tag is updated, and both tags stay in the registry."""
    app.up()
    outcome = app.up(image_name=app.image.replace(":v1", ":v2"))
    assert outcome.steps["app"] == ["update"]
    assert app.registry.tags(app.repository) == ["v1", "v2"]
    assert outcome.outputs("app")["imageName"] == app.image.replace(":v1", ":v2")


def test_a_refresh_asks_nobody(app: App) -> None:
    """A refresh takes the state for what is there, even where the image is gone."""
    app.up(skip_push=True)
    app.remove()
    outcome = app.stack.refresh()
    assert not outcome.failed, outcome.text
    assert not app.is_built()
    assert app.stack.export()["app"]["outputs"]["imageName"] == app.image


def test_destroy_leaves_the_image(app: App) -> None:
    """Destroying the resource takes nothing out of the registry or the engine."""
    app.up()
    outcome = app.stack.destroy()
    assert outcome.steps["app"] == ["delete"]
    assert app.registry.tags(app.repository) == ["v1"]
    assert app.is_built()
