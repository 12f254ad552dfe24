"""The Pulumi engine (the `pulumi` command): on PATH, else Pulumi's release, else built from its Go modules.

Its version is the one that tools/engine/go.mod requires.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

from tools.toolchain import cache, golang, programs, release
from tools.toolchain.progress import Step, shown, step
from tools.toolchain.repository import ENGINE_MODULE, ENGINE_PACKAGE, SDK_PACKAGE, digest_of, engine_version

KIND: Final = "engine"
NAME: Final = "pulumi"
# Measured: 1,600 MiB of modules and 1,800 MiB of compiled packages, in Go's own two caches.
NEEDED_MIB: Final = 3600


def ensure() -> None:
    """Make sure that there is an engine.

    Raises:
        ToolchainError: it cannot be had in any of the three ways.
    """
    with step("engine") as part:
        found = locate(part)
        if found:
            part.done("found", f"{shown(found)} ({version_of(found)})")
        elif release.get(part):
            part.done("downloaded", f"kept in {shown(release.folder())}")
        else:
            path, is_new = cache.part(KIND, _built().name, functools.partial(_build, part), part.now)
            part.done("built" if is_new else "found", f"kept in {shown(path)}" if is_new else shown(path))


def locate(part: Step | None = None) -> Path | None:
    """Return the engine that will be used, if there is one.

    Args:
        part: a step that shall say which engines on PATH are too old to be used.
    """
    wanted = engine_version()
    for program in programs.on_path(NAME):
        version = version_of(program)
        if programs.is_new_enough(version, wanted):
            return program
        if part:
            part.note(
                f"{program} is {version or 'no working pulumi'}, but {wanted} or newer is needed: not used"
            )
    return next((folder / NAME for folder in (release.folder(), _built()) if folder.exists()), None)


def version_of(program: Path) -> str:
    """Return what a `pulumi` says its version is, without the `v`; empty if it says nothing."""
    return programs.version_of(program, ["version"]).removeprefix("v")


def _built() -> Path:
    """Return where the engine is once it was built here."""
    modules = digest_of(ENGINE_MODULE / "go.mod", ENGINE_MODULE / "go.sum")
    return cache.path_of(KIND, f"{engine_version()}-{release.platform_name()}-{modules}")


def _build(part: Step, draft: Path) -> None:
    """Build the engine into an empty folder."""
    golang.build(
        part,
        ENGINE_MODULE,
        f"{ENGINE_PACKAGE}/cmd/pulumi",
        draft / NAME,
        needed_mib=NEEDED_MIB,
        linker=f"-X {SDK_PACKAGE}/go/common/version.Version=v{engine_version()}",
    )
