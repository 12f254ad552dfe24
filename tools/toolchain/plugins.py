"""Pulumi's plugins `command` and `docker`: the real ones, else the stand-ins of `tools/offline_plugins`.

BACKSTAFF_PLUGINS decides: `official` never takes the stand-ins, `offline` always does; unset, the real ones
are taken where they are installed or Pulumi's download site can be reached.
"""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, cast, get_args

from tools.toolchain import cache, engine, process, programs, release, venv
from tools.toolchain.errors import ToolchainError
from tools.toolchain.progress import Step, shown, step
from tools.toolchain.repository import ROOT, digest_of, plugin_version

NAMES: Final = ("command", "docker")
KIND: Final = "plugins"
CHOICE: Final = "BACKSTAFF_PLUGINS"
DOWNLOAD_SECONDS: Final = 300
# A dead network makes one wait some seconds for each question, so it is put once a day.
ASK_AGAIN_SECONDS: Final = 24 * 3600

# The repository goes on the import path of the stand-in alone: as PYTHONPATH it would reach the programs that
# the stand-in calls. `-P` keeps the folder it is started in, which may hold a `tools` too, off that path.
LAUNCHER: Final = """#!/bin/sh
# The stand-in for Pulumi's plugin "{name}", made by tools/toolchain for the checkout named below.
exec {python} -P -c 'import runpy, sys
sys.path.insert(0, sys.argv.pop(1))
runpy.run_module("tools.offline_plugins.{name}", run_name="__main__", alter_sys=True)' {root} "$@"
"""

Choice = Literal["official", "offline", "auto"]


def ensure() -> None:
    """Make sure that each plugin is there, the real one or its stand-in.

    Raises:
        ToolchainError: BACKSTAFF_PLUGINS has no known value, or asks for real plugins that cannot be had.
    """
    with step("plugins") as part:
        choice = chosen()
        may_ask = choice == "official" or not _stood_in_lately()
        stood_in = []
        for name in NAMES:
            folder = _ensure_one(part, name, choice, may_ask=may_ask)
            title = f"{name} {plugin_version(name)}"
            if folder:
                part.done("found", f"{title} in {shown(folder)}")
            else:
                stood_in.append(title)
        if stood_in:
            part.done("found", f"stand-ins for {' and '.join(stood_in)}, kept in {shown(_launchers())}")


def chosen() -> Choice:
    """Return which plugins are asked for by BACKSTAFF_PLUGINS.

    Raises:
        ToolchainError: it has another value.
    """
    value = os.environ.get(CHOICE) or "auto"
    for choice in get_args(Choice):
        if value == choice:
            return cast("Choice", choice)
    raise ToolchainError(
        f'{CHOICE} is "official", "offline" or unset (got "{value}")', f"Run again with another {CHOICE}."
    )


def folders() -> Iterator[Path]:
    """Yield the folders that belong on PATH for the engine to find its plugins; costs a few `stat`s only."""
    choice = chosen()
    for name in NAMES:
        real = None if choice == "offline" else installed(name)
        launcher = _launchers() / name
        if real:
            yield real
        elif choice != "official" and launcher.is_dir():
            yield launcher


def is_stand_in(folder: str) -> bool:
    """Say whether a folder on PATH is one that this module put there, for this checkout or another."""
    return Path(folder).is_relative_to(cache.folder() / KIND)


def installed(name: str) -> Path | None:
    """Return the folder that holds a real plugin, if it is on PATH or among Pulumi's installed plugins."""
    program = f"pulumi-resource-{name}"
    for path in programs.on_path(program):
        if not is_stand_in(str(path.parent)):
            return path.parent
    for home in (pulumi_home(), Path.home() / ".pulumi"):
        folder = home / "plugins" / f"resource-{name}-v{plugin_version(name)}"
        # The engine writes this mark while it installs, and takes it away when it is done.
        if (folder / program).is_file() and not folder.with_name(f"{folder.name}.partial").exists():
            return folder
    return None


def pulumi_home() -> Path:
    """Return the engine's own folder: what the caller says, else one in the cache."""
    return Path(os.environ.get("PULUMI_HOME") or cache.folder() / "pulumi-home")


def _ensure_one(part: Step, name: str, choice: Choice, *, may_ask: bool) -> Path | None:
    """Get one plugin, from the download site if that may be asked.

    Returns:
        Its folder, or nothing if its stand-in was taken.
    """
    if choice != "offline":
        found = installed(name)
        if not found and may_ask:
            found = _install(part, name)
        if found:
            return found
        if choice == "official":
            raise ToolchainError(
                f"plugin {name} {plugin_version(name)} is not installed and cannot be downloaded",
                f"Put pulumi-resource-{name} on PATH, or unset {CHOICE} to use the stand-in.",
            )
    cache.part(KIND, _launchers().name, _make_launchers, part.now)
    return None


def _stood_in_lately() -> bool:
    """Say whether the download site was found out of reach not long ago, which need not be asked again."""
    launchers = _launchers()
    if not launchers.exists():
        return False
    if time.time() - launchers.stat().st_mtime < ASK_AGAIN_SECONDS:
        return True
    os.utime(launchers)
    return False


def _install(part: Step, name: str) -> Path | None:
    """Let the engine install a real plugin, if Pulumi's download site can be reached."""
    pulumi = engine.locate()
    if pulumi is None or not release.site_is_reachable():
        return None
    part.now(f"downloading plugin {name} {plugin_version(name)}")
    try:
        process.run(
            [str(pulumi), "plugin", "install", "resource", name, plugin_version(name)],
            what=f"plugin {name} {plugin_version(name)} could not be installed",
            remedy="Check that Pulumi's download site can be reached, then run again.",
            environment={**os.environ, "PULUMI_HOME": str(pulumi_home())},
            timeout_seconds=DOWNLOAD_SECONDS,
        )
    except ToolchainError as error:
        part.note(error.what)
    return installed(name)


def _launchers() -> Path:
    """Return where the stand-ins of this checkout are; each in a folder of its own, named as the plugin."""
    return cache.path_of(KIND, digest_of(str(ROOT), str(venv.folder()), LAUNCHER))


def _make_launchers(draft: Path) -> None:
    """Write the executables by which the engine finds the stand-ins."""
    python = venv.folder() / "bin" / "python"
    for name in NAMES:
        program = draft / name / f"pulumi-resource-{name}"
        program.parent.mkdir()
        text = LAUNCHER.format(name=name, python=shlex.quote(str(python)), root=shlex.quote(str(ROOT)))
        program.write_text(text, encoding="utf-8")
        program.chmod(0o755)
