"""The release task in the graph: once, before the release is started, and not in a rollback."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mocks.conftest import HOST, configured
from tests.mocks.graph import Graph, run_program

TASK = "hello-release-command"
CANDIDATE = f"hello-web-{HOST}-candidate"


@pytest.fixture(scope="module")
def with_task(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """Run the program with a migration, and all that a container can have beside it."""
    config = configured(
        tmp_path_factory.mktemp("task"),
        release_command="bin/migrate 'two words'",
        release_timeout="20m",
        accessories={"db": {"image": "postgres:17"}},
        volumes=["data:/data"],
        logging={"driver": "syslog"},
        servers={"web": {"hosts": [HOST], "cmd": "serve", "options": {"restart": "always", "memory": "1g"}}},
    )
    return run_program(config)


def test_it_comes_before_the_release_and_after_all_that_it_needs(with_task: Graph) -> None:
    """Start no container of a release whose migration has not succeeded."""
    assert TASK in with_task.before(CANDIDATE)
    needed = {"hello-image", f"hello-web-{HOST}-env", f"hello-db-{HOST}-accessory", f"hello-{HOST}-login"}
    assert needed < with_task.before(TASK)


def test_it_is_the_release_with_another_command(with_task: Graph) -> None:
    """Run it with the image, env and options of the release, and none that would start it twice."""
    line = with_task.named(TASK).inputs["create"]
    options, _, command = line.partition(" -- ")[2].partition(" -- ")
    assert command == "bin/migrate 'two words'"
    assert options == "--volume data:/data --memory=1g"
    release, image, env = (line.partition(f" --{key} ")[2].split()[0] for key in ("release", "image", "env"))
    started = with_task.named(CANDIDATE).inputs["create"]
    assert f" --release {release} --image {image} --env {env} " in started
    assert " --timeout 1200 " in line


def test_it_is_no_part_of_a_rollback(tmp_path: Path) -> None:
    """Migrate nothing when an older release is brought back."""
    graph = run_program(configured(tmp_path, release_command="bin/migrate", rollback="previous"))
    assert TASK not in {resource.name for resource in graph.resources}
