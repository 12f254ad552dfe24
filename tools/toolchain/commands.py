"""What each command of the toolchain does. Imports are made where they are needed: `run` has to be quick."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Callable
from typing import Final, NoReturn

from tools.toolchain import cache
from tools.toolchain.errors import ToolchainError
from tools.toolchain.repository import ROOT

# Parts of one lane go one after the other (the plugins are installed by the engine); lanes go side by side.
LANES: Final = (
    ("venv",),
    ("engine", "language-host", "plugins"),
    ("docker", "images", "registry"),
)
# Made only when they are named: most work does without.
EXTRAS: Final = ("aws", "bench")
# The module of each part, where it is not named as the part.
MODULES: Final = {"language-host": "language_host", "docker": "docker_engine"}
PARTS: Final = tuple(part for lane in LANES for part in lane)

USAGE: Final = """usage: python3 -m tools.toolchain COMMAND ...

  ensure [PART ...]      find, download or make what is missing; parts: {parts} (default: all)
                         not among all: aws, for `run --aws`; bench, for `make bench`
  run -- COMMAND ...     run a command with the toolchain's environment
  run --aws -- ...       the same, with AWS's SDK and the stand-in for its plugin
  box ...                throw-away servers in containers (up, down, ssh, reboot, list)
  registry ...           the registry on this machine (up, down, info)
  lock                   write the requirements files anew from pyproject.toml
  clean-all              take away whatever was made: boxes, registry, Docker daemon, cache
"""


def dispatch(arguments: list[str]) -> int:
    """Run the command that the arguments name.

    Returns:
        The exit code.

    Raises:
        ToolchainError: what cannot be done.
    """
    match arguments:
        case ["run", "--", program, *rest]:
            run(program, rest)
        case ["run", "--aws", "--", program, *rest]:
            run(program, rest, with_aws=True)
        case ["ensure", *parts]:
            return ensure(parts)
        case ["box", *rest]:
            from tools.toolchain import box

            return box.main(rest)
        case ["registry", *rest]:
            from tools.toolchain import registry

            return registry.main(rest)
        case ["lock"]:
            from tools.toolchain import requirements

            requirements.lock()
        case ["clean-all"]:
            clean_all()
        case _:
            sys.stderr.write(USAGE.format(parts=" ".join(PARTS)))
            return 0 if arguments in (["-h"], ["--help"], ["help"]) else 2
    return 0


def run(program: str, arguments: list[str], *, with_aws: bool = False) -> NoReturn:
    """Become another program, with the toolchain's environment.

    Raises:
        ToolchainError: there is no such program.
    """
    from tools.toolchain import aws, environment

    variables = aws.variables() if with_aws else environment.variables()
    # A script's job in the background is started with interrupts ignored. So would be the engine's plugins,
    # which it ends by one: it would wait 5 s for each before it kills it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        os.execvpe(program, [program, *arguments], variables)  # noqa: S606 (no shell is the point)
    except OSError as error:
        raise ToolchainError(
            f"{program} cannot be run: {error.strerror}",
            f"Run first: {sys.executable} -m tools.toolchain ensure",
        ) from error


def ensure(names: list[str]) -> int:
    """Make sure of some parts, or of all."""
    parser = argparse.ArgumentParser(prog="ensure")
    parser.add_argument("parts", nargs="*", metavar="PART", help=" ".join(PARTS))
    wanted = parser.parse_args(names).parts or PARTS
    known = (*PARTS, *EXTRAS)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ToolchainError(f"there is no part {unknown[0]}", f"Name some of: {' '.join(known)}.")

    from tools.toolchain import lanes

    lanes.run([[_maker(name) for name in lane if name in wanted] for lane in (*LANES, EXTRAS)])
    return 0


def _maker(name: str) -> Callable[[], None]:
    """Return the function that makes sure of one part."""
    module = importlib.import_module(f"tools.toolchain.{MODULES.get(name, name)}")
    ensure_part: Callable[[], None] = module.ensure
    return ensure_part


def clean_all() -> None:
    """Take away whatever the toolchain has made; what it found stays."""
    from tools.toolchain import box, docker_engine, images, registry

    for clean in (box.clean, registry.clean, images.clean, docker_engine.clean):
        clean()
    for folder in (ROOT / ".mypy_cache", ROOT / ".ruff_cache", ROOT / ".pytest_cache"):
        cache.remove(folder)
    path = cache.clear()
    sys.stderr.write(f"removed {path}\n")
