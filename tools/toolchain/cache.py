"""The cache folder, and how something gets into it whole or not at all.

Every part has a kind (`engine`) and a key (`3.259.0`, or a hash of what it is made from) and is found at
`<cache>/<kind>/<key>`. That path is a symbolic link to the folder in which the part was made, and it is
put in place, by a rename, only when the part is complete. So a part is there if the link is there: a look
at it costs one `stat`. A link rather than a renamed folder, because some parts (virtual environments) hold
their own path and cannot be moved once made.

A run that is killed leaves at most a draft that nothing points to, which the next run removes. Locks are
`flock`s: the kernel drops them with the process, so there are no stale ones.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tools.toolchain.errors import ToolchainError

# The mark of a cache folder (https://bford.info/cachedir/): backups pass it by, and `clear` knows it.
TAG: Final = "CACHEDIR.TAG"
TAG_TEXT: Final = "Signature: 8a477f597d28d172789f06886806bc55\n# Made by Backstaff's toolchain.\n"


def folder() -> Path:
    """Return the cache folder, made if need be.

    It is `$BACKSTAFF_CACHE`, else `$XDG_CACHE_HOME/backstaff`, else `~/.cache/backstaff`.

    Raises:
        ToolchainError: it cannot be made.
    """
    chosen = os.environ.get("BACKSTAFF_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    path = Path(chosen).absolute() if chosen else Path(base).absolute() / "backstaff"
    if (path / TAG).exists():
        return path
    try:
        path.mkdir(parents=True, exist_ok=True)
        # A folder that held something before is not ours to clear, so it gets no tag.
        if not any(path.iterdir()):
            (path / TAG).write_text(TAG_TEXT, encoding="utf-8")
    except OSError as error:
        raise ToolchainError(
            f"the cache folder {path} cannot be made: {error.strerror}",
            "Set BACKSTAFF_CACHE to a folder that you may write to.",
        ) from error
    return path


def path_of(kind: str, key: str) -> Path:
    """Return where a part is, or would be: `<cache>/<kind>/<key>`. It is complete if that path exists.

    Raises:
        ValueError: the kind or the key is not a plain file name.
    """
    for name in (kind, key):
        if not name or name.startswith(".") or "/" in name or "~" in name:
            raise ValueError(f'kind and key of a part are plain file names without "~" (got {name!r})')
    return folder() / kind / key


def part(
    kind: str,
    key: str,
    make: Callable[[Path], None],
    on_wait: Callable[[str], None] | None = None,
) -> tuple[Path, bool]:
    """Find a part in the cache, or make it there.

    Args:
        kind: what it is, one word; a folder in the cache.
        key: a version or a content hash; whatever differs in it must differ in the key.
        make: fills an empty folder, which keeps its path for good (write into it as you like).
        on_wait: called with a sentence before this waits for another run that makes the same part.

    Returns:
        Where the part is, and whether it was made just now.

    Raises:
        ToolchainError: from `make`.
        OSError: from `make`.
    """
    final = path_of(kind, key)
    if final.exists():
        return final, False
    final.parent.mkdir(parents=True, exist_ok=True)
    with lock(f"{kind}-{key}", on_wait):
        if final.exists():
            return final, False
        _remove_drafts(final)
        draft = Path(tempfile.mkdtemp(prefix=_draft_prefix(final), dir=final.parent))
        try:
            make(draft)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        _publish(draft, final)
    return final, True


def forget(kind: str, key: str) -> None:
    """Take a part out of the cache, if it is there."""
    final = path_of(kind, key)
    if not final.parent.is_dir():
        return
    with lock(f"{kind}-{key}"):
        final.unlink(missing_ok=True)
        _remove_drafts(final)


def clear() -> Path:
    """Remove the cache folder and all that is in it.

    Returns:
        Where it was.

    Raises:
        ToolchainError: the folder held other things before it became the cache, or cannot be removed.
    """
    path = folder()
    if not (path / TAG).exists():
        raise ToolchainError(
            f"{path} held other things before it became the cache folder, so it is not removed",
            "Remove by hand what you no longer need in it.",
        )
    remove(path)
    return path


def remove(path: Path) -> None:
    """Remove a folder and all that is in it, if it is there.

    Raises:
        ToolchainError: something in it cannot be removed.
    """
    shutil.rmtree(path, ignore_errors=True)
    if path.exists():
        raise ToolchainError(f"{path} could not be removed altogether", f"Run: sudo rm -rf {path}")


@contextlib.contextmanager
def lock(name: str, on_wait: Callable[[str], None] | None = None) -> Iterator[None]:
    """Hold a lock among all processes and threads that use this cache folder.

    Args:
        name: what is locked; a file name.
        on_wait: called with a sentence if somebody else holds it, before waiting for as long as it takes.
    """
    locks = folder() / "locks"
    locks.mkdir(exist_ok=True)
    # Not inherited by the programs called meanwhile (PEP 446): it ends with this process, whatever they do.
    with (locks / name).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if on_wait:
                on_wait(f"waiting for another run{_holder(locks / name)} that is making it")
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def _holder(path: Path) -> str:
    """Return ` (process 123)` for the process that wrote its number into a lock file, or nothing."""
    number = path.read_text(encoding="utf-8").strip()
    return f" (process {number})" if number.isdigit() else ""


def _remove_drafts(final: Path) -> None:
    """Remove what runs that were killed have left of a part. Only under the part's lock."""
    for draft in final.parent.iterdir():
        if not draft.name.startswith(_draft_prefix(final)):
            continue
        if draft.is_symlink():
            draft.unlink()
        else:
            # A program that outlived its killed run may still write there: what is left now goes next time.
            shutil.rmtree(draft, ignore_errors=True)


def _draft_prefix(final: Path) -> str:
    """Return what the names of a part's drafts begin with; keys hold no `~`, so no other part's do."""
    return f".{final.name}~"


def _publish(draft: Path, final: Path) -> None:
    """Point the part's path at a finished draft, in one step."""
    link = draft.with_name(f"{draft.name}.link")
    link.symlink_to(draft.name)
    link.rename(final)
