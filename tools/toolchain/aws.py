"""What a stack on AWS needs beside the rest: a virtual environment with its SDK, a stand-in for its plugin.

Apart from everything else, because they are big and a stack without AWS does without them.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Final

from tools.toolchain import cache, environment, plugins, venv
from tools.toolchain.progress import shown, step
from tools.toolchain.repository import AWS_REQUIREMENTS, ROOT, digest_of, plugin_version

NAME: Final = "aws"
# Measured: 860 MiB installed, the SDK most of it, and its archive while pip unpacks.
NEEDED_MIB: Final = 1500


def ensure() -> None:
    """Make sure of the virtual environment and of the stand-in.

    Raises:
        ToolchainError: one of them cannot be made.
    """
    with step(NAME) as part:
        path, is_new = venv.install(part, venv.KIND, AWS_REQUIREMENTS, NEEDED_MIB)
        cache.part(plugins.KIND, _launcher().name, _make_launcher, part.now)
        part.done("installed" if is_new else "found", shown(path))
        part.done("found", f"stand-in for {NAME} {plugin_version(NAME)}, kept in {shown(_launcher())}")


def folder() -> Path:
    """Return where the virtual environment is, or will be."""
    return cache.path_of(venv.KIND, venv.key(AWS_REQUIREMENTS))


def variables() -> dict[str, str]:
    """Return the toolchain's environment with this virtual environment and the stand-in in front of it.

    Raises:
        ToolchainError: the cache folder cannot be used, or BACKSTAFF_PLUGINS has no known value.
    """
    usual = environment.variables()
    path = os.pathsep.join([str(folder() / "bin"), str(_launcher() / NAME), usual["PATH"]])
    return {**usual, "PATH": path, "VIRTUAL_ENV": str(folder())}


def _launcher() -> Path:
    """Return where the stand-in of this checkout is."""
    return cache.path_of(plugins.KIND, digest_of(NAME, str(ROOT), str(folder()), plugins.LAUNCHER))


def _make_launcher(draft: Path) -> None:
    """Write the executable by which the engine finds the stand-in."""
    python = shlex.quote(str(folder() / "bin" / "python"))
    program = draft / NAME / f"pulumi-resource-{NAME}"
    program.parent.mkdir()
    program.write_text(
        plugins.LAUNCHER.format(name=NAME, python=python, root=shlex.quote(str(ROOT))), encoding="utf-8"
    )
    program.chmod(0o755)
