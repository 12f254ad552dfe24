"""What tests on real parts share, and the order in which the suites run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.demo.parts import Parts
from tools.demo.parts import parts as get_parts

TESTS = Path(__file__).parent
# Each of these works on one server (or, the last, on the toolchain's parts), so its tests take turns. They
# take longest, so they are begun first.
TAKING_TURNS = ("e2e", "remote", "toolchain")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Say which tests take turns when several processes run them."""
    suite = _suite(item)
    # By its marker and now: when the items are sorted, the processes have been told.
    item.add_marker(pytest.mark.xdist_group(suite if suite in TAKING_TURNS else item.path.name))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long suites first."""
    items.sort(key=_turn)


def _suite(item: pytest.Item) -> str:
    return item.path.relative_to(TESTS).parts[0]


def _turn(item: pytest.Item) -> int:
    suite = _suite(item)
    return TAKING_TURNS.index(suite) if suite in TAKING_TURNS else len(TAKING_TURNS)


@pytest.fixture(scope="session")
def parts() -> Parts:
    """A registry with a password, and the images that Docker Hub would give elsewhere."""
    return get_parts()
