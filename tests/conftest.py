"""What tests on real parts share, and how the suites run side by side."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path, PurePath
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tools.demo.parts import Parts
from tools.demo.parts import parts as get_parts
from tools.toolchain import images, registry
from tools.toolchain.progress import step

TESTS = Path(__file__).parent
# Works on the toolchain's parts, so its tests take turns in one process.
TAKING_TURNS = ("toolchain",)
# What takes longest is begun first; a file of a suite that takes no turns is a share of its own.
LONGEST_FIRST = ("e2e", "aws", "remote", "toolchain")


class Suites(LoadScopeScheduling):  # type: ignore[misc]  # xdist tells no types
    """Gives a process a suite that takes turns as a whole, and any other test with its file."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        suite = PurePath(file).parts[1]
        return suite if suite in TAKING_TURNS else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Suites:  # noqa: ANN401 - xdist tells no type
    """Have the tests shared out by suite."""
    return Suites(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes long first."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    suite = item.path.relative_to(TESTS).parts[0]
    return LONGEST_FIRST.index(suite) if suite in LONGEST_FIRST else len(LONGEST_FIRST)


@pytest.fixture(scope="session")
def parts() -> Parts:
    """A registry with a password, and the images that Docker Hub would give elsewhere."""
    return get_parts()


# What needs AWS's SDK is left out where that is not, as in `make check`; `make test` has it.
collect_ignore = [] if find_spec("pulumi_aws") else ["aws"]


@pytest.fixture(scope="session")
def redis(parts: Parts) -> str:
    """Redis's image in the registry, by a tag."""
    with step("images") as part:
        local, way = images.language_base(part, "redis")
        registry.publish(part, parts.registry, local, "redis", "test")
        part.done(way, local)
    return f"{parts.registry.server}/redis:test"
