"""The lines that a person reads while parts are being made."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tools.toolchain import progress


def test_lines_of_a_step(capsys: pytest.CaptureFixture[str]) -> None:
    """What is being done, what is worth noting, and how it ended."""
    with progress.step("engine") as part:
        part.now("building pulumi 3.259.0")
        part.note("go is too old")
        part.done("built", "kept in ~/.cache")
        part.done("found", "/usr/bin/pulumi (3.259.0)")
    assert capsys.readouterr().err.splitlines() == [
        "engine: building pulumi 3.259.0",
        "engine: go is too old",
        "engine: built, kept in ~/.cache",
        "engine: found /usr/bin/pulumi (3.259.0)",
    ]


def test_a_long_step_gives_signs_of_life(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plain line at every interval, also where nobody watches."""
    monkeypatch.setattr(progress, "PLAIN_INTERVAL_SECONDS", 0.01)
    seen = ""
    with progress.step("engine") as part:
        part.now("building")
        waited = threading.Event()
        for _ in range(500):
            waited.wait(0.01)
            seen += capsys.readouterr().err
            if seen.count("engine: building (0 s)") >= 2:
                break
    assert seen.count("engine: building (0 s)") >= 2


def test_on_a_terminal_one_line_counts(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It shows all that is going on, and makes room for lines that stay."""
    monkeypatch.setattr(progress, "is_terminal", lambda: True)
    with progress.step("engine") as engine, progress.step("venv") as venv:
        engine.now("building")
        venv.now("installing")
        venv.done("installed", "here")
    text = capsys.readouterr().err
    assert "\r\x1b[Kengine: building (0 s) | venv: installing (0 s)" in text
    assert "\r\x1b[Kvenv: installed, here\n" in text
    assert text.endswith("\r\x1b[K")


def test_paths_are_shown_as_people_write_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The home folder is `~`; a folder whose name only begins like it is not."""
    monkeypatch.setenv("HOME", "/home/ann")
    assert progress.shown(Path("/home/ann/.cache")) == "~/.cache"
    assert progress.shown(Path("/home/anna/.cache")) == "/home/anna/.cache"
