"""The Python language host, through which the engine runs a program: beside the engine, else as the engine.

It is two programs: `pulumi-language-python` talks to the engine and calls `pulumi-language-python-exec`,
which runs the program with the first `python` on PATH, that of the virtual environment.
"""

from __future__ import annotations

import functools
import json
import shutil
from pathlib import Path
from typing import Final

from tools.toolchain import cache, engine, golang, programs, release
from tools.toolchain.progress import Step, shown, step
from tools.toolchain.repository import ENGINE_MODULE, HOST_MODULE, SDK_PACKAGE, digest_of, required_version

KIND: Final = "language-host"
NAME: Final = "pulumi-language-python"
EXEC: Final = "pulumi-language-python-exec"
NEEDED_MIB: Final = 800


def ensure() -> None:
    """Make sure that there is a Python language host.

    Raises:
        ToolchainError: it cannot be had in any of the three ways.
    """
    with step("language-host") as part:
        found = locate()
        if found:
            part.done("found", shown(found))
        elif release.get(part):
            part.done("downloaded", f"kept in {shown(release.folder())}")
        else:
            path, is_new = cache.part(KIND, _built().name, functools.partial(_build, part), part.now)
            part.done("built" if is_new else "found", f"kept in {shown(path)}" if is_new else shown(path))


def locate() -> Path | None:
    """Return the language host that will be used, if there is one; both its programs are in one folder."""
    pulumi = engine.locate()
    beside = [pulumi.parent, pulumi.resolve().parent] if pulumi else []
    on_path = [program.parent for program in programs.on_path(NAME)]
    for folder in (*beside, *on_path, release.folder(), _built()):
        if (folder / NAME).is_file() and (folder / EXEC).is_file():
            return folder / NAME
    return None


def _built() -> Path:
    """Return where the language host is once it was built here."""
    modules = digest_of(HOST_MODULE / "go.mod", HOST_MODULE / "go.sum", ENGINE_MODULE / "go.mod")
    version = required_version(HOST_MODULE, SDK_PACKAGE)
    return cache.path_of(KIND, f"{version}-{release.platform_name()}-{modules}")


def _build(part: Step, draft: Path) -> None:
    """Build the host into an empty folder, and put its Python half beside it."""
    golang.build(part, HOST_MODULE, f"{SDK_PACKAGE}/python/cmd/{NAME}", draft / NAME, needed_mib=NEEDED_MIB)
    # The Python half comes with the engine's SDK, so that it knows the newest protocol.
    downloaded = golang.ask(golang.find(part), ENGINE_MODULE, "mod", "download", "-json", SDK_PACKAGE)
    sdk = Path(json.loads(downloaded)["Dir"])
    shutil.copyfile(sdk / "python" / "cmd" / EXEC, draft / EXEC)
    (draft / EXEC).chmod(0o755)
    _put_engine_beside(draft)


def _put_engine_beside(draft: Path) -> None:
    """Give an engine that was built here a second name in the host's folder.

    At every command the engine warns of a language host that is not in the folder it is called from.
    """
    pulumi = engine.locate()
    if pulumi and pulumi.is_relative_to(cache.folder()):
        (draft / engine.NAME).hardlink_to(pulumi)
