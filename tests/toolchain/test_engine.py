"""Which engine and which language host are taken, from what is on the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.toolchain.conftest import Pretend
from tools.toolchain import download, engine, golang, language_host, programs, release, space
from tools.toolchain.errors import ToolchainError
from tools.toolchain.repository import engine_version

WANTED = engine_version()
NEWER = "v3.999.1"
OLDER = "v3.1.999"


@pytest.mark.parametrize(
    ("version", "is_enough"),
    [
        ("v3.259.0", True),
        ("3.259.1", True),
        ("v3.1000.0", True),
        ("v3.260.0-alpha.1", True),
        ("v3.259.0-alpha.1", False),
        ("v3.258.99", False),
        ("v4.0.0", False),
        ("v2.999.0", False),
        ("dev", False),
        ("", False),
    ],
)
def test_what_is_new_enough(version: str, *, is_enough: bool) -> None:
    """The same major version and no older; a pre-release comes before its release."""
    assert programs.is_new_enough(version, "3.259.0") is is_enough


@pytest.mark.usefixtures("cache_folder")
def test_an_engine_on_path_is_taken(pretend: Pretend, capsys: pytest.CaptureFixture[str]) -> None:
    """It is new enough, so nothing is downloaded or built."""
    program = pretend("pulumi", f"echo {NEWER}")
    engine.ensure()
    assert engine.locate() == program
    assert capsys.readouterr().err == f"engine: found {program} (3.999.1)\n"


@pytest.mark.usefixtures("cache_folder")
def test_the_first_engine_that_is_new_enough_is_taken(
    pretend: Pretend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An old one before it on PATH is named and passed over."""
    old = pretend("pulumi", f"echo {OLDER}")
    new = pretend("pulumi", f"echo {NEWER}", tmp_path / "second")
    monkeypatch.setenv("PATH", f"{old.parent}:{new.parent}")
    engine.ensure()
    assert capsys.readouterr().err.splitlines() == [
        f"engine: {old} is 3.1.999, but {WANTED} or newer is needed: not used",
        f"engine: found {new} (3.999.1)",
    ]


@pytest.mark.usefixtures("cache_folder")
def test_an_engine_that_does_not_work_is_passed_over(pretend: Pretend) -> None:
    """Something named `pulumi` that fails is no engine."""
    pretend("pulumi", f"echo {NEWER}; exit 3")
    assert engine.locate() is None


@pytest.mark.usefixtures("cache_folder")
def test_an_engine_is_asked_for_its_version_once(pretend: Pretend, tmp_path: Path) -> None:
    """Looking again costs no process, until the program changes."""
    asked = tmp_path / "asked"
    program = pretend("pulumi", f"echo x >> {asked}; echo {NEWER}")
    assert [engine.locate(), engine.locate()] == [program, program]
    assert asked.read_text() == "x\n"
    pretend("pulumi", f"echo x >> {asked}; echo {NEWER}  # another file")
    engine.locate()
    assert asked.read_text() == "x\nx\n"


@pytest.mark.usefixtures("cache_folder", "bin_folder")
def test_the_release_is_taken_when_path_has_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The engine is downloaded, and the language host is found beside it."""

    def get(_part: object) -> bool:
        release.folder().mkdir(parents=True)
        for name in release.PROGRAMS:
            (release.folder() / name).touch(mode=0o755)
        return True

    monkeypatch.setattr(release, "get", get)
    engine.ensure()
    language_host.ensure()
    assert engine.locate() == release.folder() / "pulumi"
    assert capsys.readouterr().err.splitlines() == [
        f"engine: downloaded, kept in {release.folder()}",
        f"language-host: found {release.folder()}/pulumi-language-python",
    ]


@pytest.mark.usefixtures("cache_folder", "bin_folder")
def test_the_engine_is_built_when_there_is_no_other_way(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says why it does not download, builds with the wanted version in it, and is found the next time."""
    linkers = []

    def build(
        _part: object, _module: Path, _package: str, output: Path, *, needed_mib: int, linker: str
    ) -> None:
        assert needed_mib > 0
        linkers.append(linker)
        output.write_text("#!/bin/sh\n")

    monkeypatch.setattr(download, "is_reachable", lambda *_: False)
    monkeypatch.setattr(golang, "build", build)
    engine.ensure()
    built = engine.locate()
    assert built is not None
    lines = capsys.readouterr().err.splitlines()
    assert lines[-2:] == [
        "engine: https://get.pulumi.com cannot be reached: nothing is downloaded from there",
        f"engine: built, kept in {built.parent}",
    ]
    assert linkers == [f"-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{WANTED}"]
    monkeypatch.setattr(programs, "_answer", lambda *_: f"v{WANTED}")
    engine.ensure()
    assert capsys.readouterr().err == f"engine: found {built} ({WANTED})\n"


@pytest.mark.usefixtures("cache_folder")
def test_a_language_host_needs_both_its_programs(
    pretend: Pretend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of one is passed over; the engine's own goes before another on PATH."""
    pulumi = pretend("pulumi", f"echo {NEWER}", tmp_path / "engine")
    pretend(language_host.NAME, "")
    assert language_host.locate() is None
    pretend(language_host.EXEC, "")
    assert language_host.locate() == tmp_path / "bin" / language_host.NAME
    monkeypatch.setenv("PATH", f"{pulumi.parent}:{tmp_path / 'bin'}")
    pretend(language_host.EXEC, "", pulumi.parent)
    assert language_host.locate() == tmp_path / "bin" / language_host.NAME
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin" / "pulumi").symlink_to(pulumi)
    for name in (language_host.NAME, language_host.EXEC):
        pretend(name, "", pulumi.parent)
        (tmp_path / "bin" / name).unlink()
    assert language_host.locate() == pulumi.parent / language_host.NAME


def test_an_engine_that_was_built_stands_beside_its_host(
    cache_folder: Path, bin_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine warns of a host that is not in its own folder, so both are found in one."""
    assert not cache_folder.exists()
    monkeypatch.setattr(download, "is_reachable", lambda *_: False)
    monkeypatch.setattr(golang, "find", lambda _part: bin_folder / "go")
    half = bin_folder / "sdk" / "python" / "cmd" / language_host.EXEC
    half.parent.mkdir(parents=True)
    half.write_text("#!/usr/bin/env python")
    monkeypatch.setattr(golang, "ask", lambda *_: f'{{"Dir": "{bin_folder}/sdk"}}')
    monkeypatch.setattr(golang, "build", lambda _part, _module, _package, output, **_: output.touch(0o755))
    engine.ensure()
    language_host.ensure()
    host, pulumi = language_host.locate(), engine.locate()
    assert host is not None
    assert pulumi is not None
    assert (host.parent / "pulumi").samefile(pulumi)


GO_WITHOUT_NETWORK = """
case "$1 $2" in
  "env GOVERSION") echo go1.99.0 ;;
  "env "*) echo /tmp ;;
  *) echo 'go: downloading cel.dev/expr v0.25.2'
     echo 'dial tcp: lookup proxy.golang.org: no such host (error)' >&2; exit 1 ;;
esac
"""


@pytest.mark.usefixtures("cache_folder")
def test_no_network_at_all(pretend: Pretend, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither release nor modules: two lines, and the next run with a network is not disturbed."""
    monkeypatch.setattr(download, "is_reachable", lambda *_: False)
    monkeypatch.setattr(space, "need", lambda *_: None)
    pretend("go", GO_WITHOUT_NETWORK)
    with pytest.raises(ToolchainError) as caught:
        engine.ensure()
    assert caught.value.what.endswith(
        ": dial tcp: lookup proxy.golang.org: no such host (error) (exit code 1)"
    )
    assert caught.value.remedy == golang.NETWORK_REMEDY
    assert engine.locate() is None


@pytest.mark.usefixtures("cache_folder")
def test_no_room_for_the_build(pretend: Pretend, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is looked at before the long build, and the message says how much is needed where."""
    monkeypatch.setattr(download, "is_reachable", lambda *_: False)
    monkeypatch.setattr(engine, "NEEDED_MIB", 10**9)
    pretend("go", GO_WITHOUT_NETWORK)
    with pytest.raises(ToolchainError) as caught:
        engine.ensure()
    assert caught.value.what.startswith(
        "no room on the disk of /tmp: 1000000000 MiB needed to build pulumi, "
    )
