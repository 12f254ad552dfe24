"""The release task, for real: once for a release, with its output, tried again when it failed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from render.env_file import env_lines

if TYPE_CHECKING:
    from tests.remote.conftest import Outcome, Server

pytestmark = pytest.mark.slow

# Docker with the service's own login, for what a test does by hand.
DOCKER = "docker --config /var/lib/backstaff/services/shop/login"
TASK = "backstaff-task-shop-r1"
COUNT = 'echo "ran with $GREETING"; date >> /log/count; exit ${CODE:-0}'


class Task:
    """The release command of the service `shop`, run as a deploy runs it."""

    def __init__(self, server: Server, image: str) -> None:
        """Take the server and the app's image."""
        self.server = server
        self.image = image

    def run(self, script: str = COUNT, timeout: int = 20, **changes: str) -> Outcome:
        """Run a script as the release command."""
        arguments = {"service": "shop", "role": "web", "release": "r1", "image": self.image, "env": "task1"}
        mount = ("--user=0", "--volume", "shop-log:/log", "--", "sh", "-c", script)
        return self.server.step("run-release-command", "", *mount, **arguments | changes, timeout=timeout)

    def count(self) -> int:
        """Count how often it has run."""
        return int(self.server.root("wc -l < /var/lib/docker/volumes/shop-log/_data/count || echo 0"))

    def containers(self) -> str:
        """List the containers of tasks."""
        return self.server.root("docker ps --all --quiet --filter label=backstaff.task=shop")


@pytest.fixture
def task(docker_server: Server, app_image: str) -> Iterator[Task]:
    """A server on which it never ran."""
    env = docker_server.step(
        "write-env", env_lines({"GREETING": "Hi\nthere"}), service="shop", role="web", env="task1"
    )
    assert env.status == 0, env.text
    yield Task(docker_server, app_image)
    gone = docker_server.step("remove-releases", service="shop", role="web", stop_timeout=1)
    assert gone.status == 0, gone.text
    docker_server.root("docker volume rm --force shop-log")


def test_it_runs_once_for_a_release(task: Task) -> None:
    """It has the release's variables, says in the `up` what it says, and is passed the second time."""
    first = task.run()
    assert first.status == 0, first.text
    assert "  ran with Hi\n  there\n" in first.text
    assert "it succeeded, after" in first.text
    again = task.run()
    assert again.status == 0
    assert "it was run for release r1 before" in again.text
    assert (task.count(), task.containers()) == (1, "")
    assert task.run(release="r2").status == 0
    assert task.count() == 2


def test_one_that_fails_is_tried_again(task: Task) -> None:
    """It fails with its exit code and output, leaves nothing, and does not count as run."""
    failed = task.run(f"CODE=7; {COUNT}")
    assert failed.status == 1
    assert "  ran with Hi\n" in failed.text
    assert "it ended with exit code 7; what it said is above. Nothing was switched" in failed.text
    assert task.containers() == ""
    assert task.run().status == 0
    assert task.count() == 2


def test_one_that_hangs_is_killed(task: Task) -> None:
    """It ends at its time limit, and so does its container."""
    failed = task.run("sleep 60", timeout=2)
    assert failed.status == 1
    assert "it has not ended within 2 s and was killed" in failed.text
    assert task.containers() == ""
    missing = task.run("", image="no/such:image")
    assert "could not pull no/such:image" in missing.text


def test_one_that_was_cut_off_is_not_run_twice(task: Task) -> None:
    """One that an earlier step began is waited for, or taken as it ended."""
    labels = "--user=0 --label backstaff.task=shop --volume shop-log:/log"
    script = "sh -c 'date >> /log/count; sleep 2; echo first'"
    task.server.root(f"{DOCKER} run --detach --name {TASK} {labels} {task.image} {script}")
    taken_over = task.run()
    assert taken_over.status == 0, taken_over.text
    assert "it was begun before, waiting for it" in taken_over.text
    assert "  first\n" in taken_over.text
    assert (task.count(), task.containers()) == (1, "")
    assert "was run for release r1 before" in task.run().text
