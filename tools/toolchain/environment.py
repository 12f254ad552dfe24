"""The variables under which the program, its engine and its tests run.

Made from `stat`s only: no program is called, so that a command that runs under them starts at once.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from tools.toolchain import cache, docker_engine, engine, language_host, plugins, venv


def variables() -> dict[str, str]:
    """Return the caller's environment with the toolchain's parts in it; what the caller has set stays.

    Raises:
        ToolchainError: the cache folder cannot be used, or BACKSTAFF_PLUGINS has no known value.
    """
    state = cache.folder() / "state"
    state.mkdir(exist_ok=True)
    defaults = {"PULUMI_BACKEND_URL": state.as_uri(), "PULUMI_HOME": str(plugins.pulumi_home())}
    if not {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"} & os.environ.keys():
        defaults["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(passphrase_file())
    fixed = {
        "PATH": search_path(),
        "VIRTUAL_ENV": str(venv.folder()),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # What a fresh clone has in common with others is not looked at again.
        "MYPY_CACHE_DIR": str(cache.folder() / "mypy"),
    }
    return {**defaults, **docker_engine.environment(), **os.environ, **fixed}


def search_path() -> str:
    """Return PATH with the toolchain's folders in front: venv, language host, engine, plugins."""
    callers = os.environ.get("PATH", os.defpath)
    # A run within a run: the outer one's stand-ins would be taken for real plugins.
    rest = [folder for folder in callers.split(os.pathsep) if not plugins.is_stand_in(folder)]
    return os.pathsep.join(dict.fromkeys([*map(str, _folders()), *rest]))


def passphrase_file() -> Path:
    """Return the file with the passphrase of the state in the cache; random, mode 0600."""
    path = cache.folder() / "passphrase"
    if not path.exists():
        draft = path.with_name(f"passphrase.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(f"{secrets.token_urlsafe(32)}\n", encoding="utf-8")
        # A link is refused if another run was first; its passphrase is then the one.
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return path


def _folders() -> Iterator[Path]:
    """Yield the toolchain's own folders for PATH."""
    yield venv.folder() / "bin"
    for program in (language_host.locate(), engine.locate()):
        if program:
            yield program.parent
    yield from plugins.folders()
