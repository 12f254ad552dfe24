"""What the Makefile offers."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from tools.toolchain.repository import ROOT

PROMISED = ("help", "demo", "demo-clean", "check", "test", "clean-all")


def make(*arguments: str) -> str:
    """Run make, as if by hand and not by the make that runs the tests, and return what it prints."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))
    }
    result = subprocess.run(
        ["make", *arguments], cwd=ROOT, capture_output=True, text=True, check=True, env=environment
    )
    return result.stdout


@pytest.mark.parametrize("arguments", [[], ["help"]])
def test_help_lists_the_targets(arguments: list[str]) -> None:
    """One line each, and it is what `make` alone does."""
    lines = make(*arguments).splitlines()
    assert {line.split()[0] for line in lines} >= set(PROMISED)
    assert all(re.fullmatch(r"[a-z-]+ +\S.*", line) for line in lines)


@pytest.mark.parametrize("target", ["demo", "demo-clean", "check", "test"])
def test_each_target_does_its_own_set_up(target: str) -> None:
    """On a fresh clone nothing is there before it."""
    first = make("--dry-run", target, "PYTHON=the-python").splitlines()[0]
    assert first.startswith("the-python -m tools.toolchain ensure")


def test_scripts_are_linted() -> None:
    """Those without an ending are found by their first line."""
    commands = make("--dry-run", "lint")
    shellcheck = next(line for line in commands.splitlines() if "shellcheck" in line).split()
    assert ".ci/run" in shellcheck
    assert "tools/images/traefik/Dockerfile" not in shellcheck
