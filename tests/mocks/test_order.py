"""What waits for what, and what does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.mocks.conftest import HOST, configured
from tests.mocks.graph import DIGEST, Graph, run_program

HERE = "hello-login-here"
IMAGE = "hello-image"
KEY, SCRIPTS, DOCKER = f"{HOST}-host-key", f"{HOST}-scripts", f"{HOST}-docker"
LOGIN, ENV, TRAEFIK = f"hello-{HOST}-login", f"hello-web-{HOST}-env", f"hello-{HOST}-traefik"
CANDIDATE, CUTOVER, RETIRE = (f"hello-web-{HOST}-{step}" for step in ("candidate", "cutover", "retire"))

# All that each must wait for, and so all that it must not.
BEFORE: dict[str, set[str]] = {
    KEY: set(),
    SCRIPTS: {KEY},
    DOCKER: {KEY, SCRIPTS},
    HERE: set(),
    LOGIN: {KEY, SCRIPTS, DOCKER},
    IMAGE: {HERE},
    ENV: {KEY, SCRIPTS},
    TRAEFIK: {KEY, SCRIPTS, DOCKER, LOGIN},
    CANDIDATE: {KEY, SCRIPTS, DOCKER, LOGIN, HERE, IMAGE, ENV, TRAEFIK},
    CUTOVER: {KEY, SCRIPTS, DOCKER, LOGIN, HERE, IMAGE, ENV, TRAEFIK, CANDIDATE},
    RETIRE: {KEY, SCRIPTS, DOCKER, LOGIN, HERE, IMAGE, ENV, TRAEFIK, CANDIDATE, CUTOVER},
}


@pytest.mark.parametrize("name", BEFORE)
def test_a_step_waits_for_what_it_needs_and_no_more(learnt: Graph, name: str) -> None:
    """Build while the server installs Docker; start only what has its image, variables and proxy."""
    assert learnt.before(name) == BEFORE[name]


def test_no_step_was_forgotten(learnt: Graph) -> None:
    """State for every custom resource what it waits for."""
    assert {resource.name for resource in learnt.resources if resource.is_custom} == set(BEFORE)


def test_a_preview_orders_the_steps_alike(preview: Graph) -> None:
    """Plan in the order in which it will be done."""
    assert {name: preview.before(name) for name in BEFORE} == BEFORE


def release_of(graph: Graph) -> str:
    """Cut the release's id out of the line that starts the candidate."""
    line: str = graph.named(CANDIDATE).inputs["create"]
    return line.partition(" --release ")[2].split(" ")[0]


def test_the_three_last_steps_speak_of_one_release(learnt: Graph) -> None:
    """Start, switch to and keep the same release, which is that of the image's digest."""
    release = release_of(learnt)

    assert release.startswith(f"{DIGEST[:12]}-")
    for name in (CANDIDATE, CUTOVER, RETIRE):
        assert f" --release {release} " in learnt.named(name).inputs["create"]
    for name in (CANDIDATE, CUTOVER):
        assert learnt.named(name).inputs["stdin"].startswith(f"# release: {release}\n")


@pytest.mark.parametrize("changes", [{}, {"deploy_timeout": "45"}, {"servers": ["203.0.113.11"]}])
def test_only_what_runs_makes_another_release(learnt: Graph, tmp_path: Path, changes: dict[str, Any]) -> None:
    """Keep the release's id when a time limit or the server changes: its container would be the same."""
    other = run_program(configured(tmp_path, **changes))

    (line,) = [
        command.inputs["create"]
        for command in other.resources
        if command.is_custom and command.name.endswith("-candidate")
    ]
    assert f" --release {release_of(learnt)} " in line


def test_another_variable_makes_another_release(learnt: Graph, tmp_path: Path) -> None:
    """Start a new container when a variable changes, though the image is the same."""
    config = configured(tmp_path)
    (tmp_path / ".env").write_text("PLAIN=another\n")

    assert release_of(run_program(config)) != release_of(learnt)
