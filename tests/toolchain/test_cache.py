"""A part is in the cache whole or not at all, whoever makes it and however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tools.toolchain import cache
from tools.toolchain.errors import ToolchainError
from tools.toolchain.repository import ROOT


def fill(draft: Path) -> None:
    """Make a part of one file."""
    (draft / "file").write_text("whole")


def never(_draft: Path) -> None:
    """Fail a test that makes a part twice."""
    raise AssertionError("made again")


def test_a_part_is_made_once(cache_folder: Path) -> None:
    """The first call makes it, the second finds it."""
    made, is_new = cache.part("engine", "3.1.0", fill)
    found, is_new_again = cache.part("engine", "3.1.0", never)
    assert (made, is_new) == (cache_folder / "engine" / "3.1.0", True)
    assert (found, is_new_again) == (made, False)
    assert (found / "file").read_text() == "whole"


def test_a_maker_that_fails_leaves_nothing(cache_folder: Path) -> None:
    """What it had written is gone, and the next call makes the part."""

    def fail(draft: Path) -> None:
        (draft / "file").write_text("half")
        raise OSError("cut")

    with pytest.raises(OSError, match="cut"):
        cache.part("engine", "3.1.0", fail)
    assert list((cache_folder / "engine").iterdir()) == []
    assert cache.part("engine", "3.1.0", fill)[1]


def test_a_part_is_not_there_while_it_is_being_made(cache_folder: Path) -> None:
    """Its path appears only when its maker is done."""
    seen = []

    def look(_draft: Path) -> None:
        seen.append((cache_folder / "engine" / "3.1.0").exists())

    cache.part("engine", "3.1.0", look)
    assert seen == [False]


KILLED_MAKER = """
import sys, time
from pathlib import Path
from tools.toolchain import cache
def make(draft: Path) -> None:
    (draft / "file").write_text("half")
    print("making", flush=True)
    time.sleep(600)
cache.part("engine", "3.1.0", make)
"""


def test_a_killed_run_does_no_harm(cache_folder: Path) -> None:
    """After SIGKILL the part is not there, nothing is locked, and the next run removes the draft."""
    with subprocess.Popen([sys.executable, "-c", KILLED_MAKER], cwd=ROOT, stdout=subprocess.PIPE) as maker:
        assert maker.stdout is not None
        assert maker.stdout.readline() == b"making\n"
        maker.send_signal(signal.SIGKILL)
    assert not (cache_folder / "engine" / "3.1.0").exists()
    assert len(list((cache_folder / "engine").iterdir())) == 1

    path, is_new = cache.part("engine", "3.1.0", fill)

    assert is_new
    assert (path / "file").read_text() == "whole"
    assert {entry.resolve() for entry in (cache_folder / "engine").iterdir()} == {path.resolve()}


def test_two_at_once_make_a_part_once(cache_folder: Path) -> None:
    """The second waits, says for whom, and takes what the first has made."""
    begun, go_on = threading.Event(), threading.Event()
    said: list[str] = []

    def slowly(draft: Path) -> None:
        begun.set()
        assert go_on.wait(10)
        fill(draft)

    def waiting(text: str) -> None:
        said.append(text)
        go_on.set()

    first = threading.Thread(target=cache.part, args=("engine", "3.1.0", slowly))
    first.start()
    assert begun.wait(10)
    _, is_new = cache.part("engine", "3.1.0", never, waiting)
    first.join()
    assert not is_new
    assert said == [f"waiting for another run (process {os.getpid()}) that is making it"]
    assert (cache_folder / "engine" / "3.1.0" / "file").read_text() == "whole"


def test_a_lock_file_that_was_left_behind_locks_nothing(cache_folder: Path) -> None:
    """Only a living process holds a lock; the number in the file may be anybody's."""
    (cache_folder / "locks").mkdir(parents=True)
    (cache_folder / "locks" / "engine-3.1.0").write_text("1\n")
    began = time.monotonic()
    assert cache.part("engine", "3.1.0", fill)[1]
    assert time.monotonic() - began < 1


def test_parts_with_similar_keys_do_not_touch_each_other(cache_folder: Path) -> None:
    """Making `3.1` removes no draft and no folder of `3.1.0`."""
    longer, _ = cache.part("engine", "3.1.0", fill)
    cache.part("engine", "3.1", fill)
    cache.forget("engine", "3.1")
    assert (longer / "file").read_text() == "whole"
    assert cache_folder in longer.parents


@pytest.mark.parametrize("key", ["", "../up", ".hidden", "a~b"])
@pytest.mark.usefixtures("cache_folder")
def test_keys_are_plain_names(key: str) -> None:
    """A key that would lead elsewhere is a mistake of the caller."""
    with pytest.raises(ValueError, match="plain file names"):
        cache.part("engine", key, fill)


def test_the_cache_folder_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """BACKSTAFF_CACHE goes before XDG_CACHE_HOME, and that before the home folder."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("BACKSTAFF_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache.folder() == tmp_path / "home" / ".cache" / "backstaff"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.folder() == tmp_path / "xdg" / "backstaff"
    monkeypatch.setenv("BACKSTAFF_CACHE", str(tmp_path / "own"))
    assert cache.folder() == tmp_path / "own"


def test_a_cache_folder_that_cannot_be_made_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says which folder, and which variable changes it."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("BACKSTAFF_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(ToolchainError) as caught:
        cache.folder()
    assert caught.value.what.startswith(f"the cache folder {tmp_path}/file/cache cannot be made: ")
    assert caught.value.remedy == "Set BACKSTAFF_CACHE to a folder that you may write to."


def test_clear_removes_the_folder_that_the_toolchain_made(cache_folder: Path) -> None:
    """All of it goes."""
    cache.part("engine", "3.1.0", fill)
    assert cache.clear() == cache_folder
    assert not cache_folder.exists()


def test_clear_leaves_a_folder_that_held_other_things(cache_folder: Path) -> None:
    """BACKSTAFF_CACHE=$HOME by mistake must not cost the home folder."""
    cache_folder.mkdir()
    (cache_folder / "diary").write_text("mine")
    cache.part("engine", "3.1.0", fill)
    with pytest.raises(ToolchainError, match="held other things"):
        cache.clear()
    assert (cache_folder / "diary").read_text() == "mine"
