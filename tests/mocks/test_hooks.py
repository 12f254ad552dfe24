"""Hooks in the graph: each at its place, known in a preview, with secrets marked; none without a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from settings.hooks import HONOURED
from tests.mocks.conftest import HOST, configured
from tests.mocks.graph import SECRET_MARK, SECRET_VALUE, Graph, run_program

SECRET = "hook-value-77ee"
CANDIDATE, CUTOVER, RETIRE = (f"hello-web-{HOST}-{step}" for step in ("candidate", "cutover", "retire"))
DB, TASK, ENV = f"hello-db-{HOST}-accessory", "hello-release-command", f"hello-web-{HOST}-env"
IMAGE, KEY, DOCKER = "hello-image", f"{HOST}-host-key", f"{HOST}-docker"
# What each hook comes before, and what it comes after.
PLACES: dict[str, tuple[set[str], set[str]]] = {
    "pre-connect": ({KEY, IMAGE, ENV}, set()),
    "docker-setup": ({CANDIDATE}, {DOCKER}),
    "pre-build": ({IMAGE}, {"hello-pre-connect-hook"}),
    "pre-deploy": ({DB, TASK, CANDIDATE}, {IMAGE}),
    "pre-app-boot": ({CANDIDATE}, {TASK, DB, ENV}),
    "post-app-boot": ({RETIRE}, {CUTOVER}),
    "post-deploy": (set(), {RETIRE}),
}


def run(folder: Path, *, is_preview: bool = False, **changes: Any) -> Graph:  # noqa: ANN401 - of any shape
    """Run the program with an app that has every hook."""
    settings: dict[str, Any] = {
        "accessories": {"db": {"image": "postgres:17"}},
        "release_command": "bin/migrate",
        "secrets": {"TOKEN": SECRET},
    }
    config = configured(folder, **settings | changes)
    hooks = folder / ".kamal" / "hooks"
    hooks.mkdir(parents=True)
    # The one for a failure needs an engine; tests/e2e has it run.
    for name in PLACES:
        (hooks / name).write_text("#!/bin/sh\n")
        (hooks / name).chmod(0o755)
    return run_program(config, is_preview=is_preview)


@pytest.fixture(scope="module")
def with_hooks(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """Run the program with every hook."""
    return run(tmp_path_factory.mktemp("hooks"))


@pytest.mark.parametrize("hook", PLACES)
def test_a_hook_has_its_place(with_hooks: Graph, hook: str) -> None:
    """Do nothing that comes after a hook before it has succeeded."""
    later, earlier = PLACES[hook]
    name = f"hello-{hook}-hook"
    assert earlier <= with_hooks.before(name)
    for step in later:
        assert name in with_hooks.before(step), step


def test_every_hook_is_tried(with_hooks: Graph) -> None:
    """Leave none out but the one that is run by a failure, which is no resource."""
    assert {*PLACES, "on-failure"} == set(HONOURED)
    names = {one.name for one in with_hooks.resources if one.is_custom and one.name.endswith("-hook")}
    assert names == {f"hello-{hook}-hook" for hook in PLACES}


def test_secrets_are_on_standard_input(with_hooks: Graph) -> None:
    """Mark what hooks find in their environment: Kamal gives them every secret."""
    hook = with_hooks.named("hello-pre-deploy-hook")
    assert hook.inputs["stdin"][SECRET_MARK] == SECRET_VALUE
    assert "TOKEN " in hook.plain("stdin")
    assert SECRET not in hook.inputs["create"]


def test_a_release_is_told_where_it_is_known(with_hooks: Graph) -> None:
    """Run those hooks again for another release that know one, and the first ones for what is to be built."""
    release = with_hooks.named(CANDIDATE).inputs["create"].partition(" --release ")[2].split()[0]
    for hook in PLACES:
        line = with_hooks.named(f"hello-{hook}-hook").inputs["create"]
        assert (f" --release {release}" in line) == (hook in {
            "pre-deploy", "pre-app-boot", "post-app-boot", "post-deploy",
        }), hook  # fmt: skip
    assert f" --change {HOST}" in with_hooks.named("hello-docker-setup-hook").inputs["create"]


def test_a_rollback_has_no_build(tmp_path: Path) -> None:
    """Run the hooks of a deploy around a rollback, but for the one before a build."""
    graph = run(tmp_path, rollback="previous")
    names = {one.name for one in graph.resources}
    assert "hello-pre-build-hook" not in names
    assert "hello-pre-deploy-hook" in graph.before(CANDIDATE)


def test_without_files_there_are_no_hooks(learnt: Graph) -> None:
    """Show nothing in a preview that is not run."""
    assert learnt.of_type("backstaff:components:Hook") == []
