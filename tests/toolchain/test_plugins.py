"""Real plugins or stand-ins: which are taken, and that it is said."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.toolchain.conftest import Pretend
from tools.toolchain import download, plugins, release, venv
from tools.toolchain.errors import ToolchainError
from tools.toolchain.repository import plugin_version

COMMAND = f"command {plugin_version('command')}"
DOCKER = f"docker {plugin_version('docker')}"

pytestmark = pytest.mark.usefixtures("cache_folder", "bin_folder", "_no_site")


@pytest.fixture
def _no_site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Cut off the download site, and hide what this machine has installed."""
    monkeypatch.setattr(download, "is_reachable", lambda *_: False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PULUMI_HOME", raising=False)
    monkeypatch.delenv(plugins.CHOICE, raising=False)


def launcher(name: str) -> Path:
    """Return the folder of a stand-in's launcher."""
    return plugins._launchers() / name


def test_stand_ins_are_taken_and_said(capsys: pytest.CaptureFixture[str]) -> None:
    """Without real plugins: one line, and both launchers on PATH."""
    plugins.ensure()
    kept = plugins._launchers()
    assert capsys.readouterr().err == f"plugins: found stand-ins for {COMMAND} and {DOCKER}, kept in {kept}\n"
    assert list(plugins.folders()) == [launcher("command"), launcher("docker")]


def test_real_plugins_on_path_are_taken(pretend: Pretend, capsys: pytest.CaptureFixture[str]) -> None:
    """No stand-in is made for what is there."""
    folder = pretend("pulumi-resource-command", "").parent
    pretend("pulumi-resource-docker", "")
    plugins.ensure()
    assert capsys.readouterr().err.splitlines() == [
        f"plugins: found {COMMAND} in {folder}",
        f"plugins: found {DOCKER} in {folder}",
    ]
    assert list(plugins.folders()) == [folder, folder]
    assert not plugins._launchers().exists()


def test_one_real_plugin_and_one_stand_in(pretend: Pretend, tmp_path: Path) -> None:
    """Each plugin is chosen for itself; an installed one counts as well as one on PATH."""
    real = tmp_path / "home" / ".pulumi" / "plugins" / f"resource-docker-v{plugin_version('docker')}"
    pretend("pulumi-resource-docker", "", real)
    plugins.ensure()
    assert list(plugins.folders()) == [launcher("command"), real]


def test_a_plugin_of_another_version_or_half_installed_is_none(
    pretend: Pretend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the engine has installed for others does not do."""
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "pulumi"))
    other = tmp_path / "pulumi" / "plugins" / "resource-command-v0.0.1"
    half = other.with_name(f"resource-command-v{plugin_version('command')}")
    pretend("pulumi-resource-command", "", other)
    pretend("pulumi-resource-command", "", half)
    half.with_name(f"{half.name}.partial").touch()
    assert plugins.installed("command") is None
    half.with_name(f"{half.name}.partial").unlink()
    assert plugins.installed("command") == half


def test_offline_never_takes_real_plugins(pretend: Pretend, monkeypatch: pytest.MonkeyPatch) -> None:
    """BACKSTAFF_PLUGINS=offline takes the stand-ins beside real ones."""
    pretend("pulumi-resource-command", "")
    pretend("pulumi-resource-docker", "")
    monkeypatch.setenv("BACKSTAFF_PLUGINS", "offline")
    plugins.ensure()
    assert list(plugins.folders()) == [launcher("command"), launcher("docker")]


def test_official_never_takes_stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    """BACKSTAFF_PLUGINS=official fails rather than standing in, even if stand-ins were made before."""
    plugins.ensure()
    monkeypatch.setenv("BACKSTAFF_PLUGINS", "official")
    with pytest.raises(ToolchainError) as caught:
        plugins.ensure()
    assert caught.value.what == f"plugin {COMMAND} is not installed and cannot be downloaded"
    assert caught.value.remedy.startswith("Put pulumi-resource-command on PATH, or unset BACKSTAFF_PLUGINS")
    assert list(plugins.folders()) == []


def test_the_site_is_asked_once_a_day(pretend: Pretend, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second run must not wait for a dead network again; the day after, real plugins get their chance."""
    asked = []
    monkeypatch.setattr(download, "is_reachable", lambda *_: asked.append(1))
    pretend("pulumi", "echo v3.999.0")
    for _ in range(2):
        plugins.ensure()
        release.site_is_reachable.cache_clear()
    assert len(asked) == 1
    yesterday = time.time() - plugins.ASK_AGAIN_SECONDS - 1
    os.utime(plugins._launchers(), (yesterday, yesterday))
    plugins.ensure()
    assert len(asked) == 2


def test_another_choice_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistyped choice must not silently be the default."""
    monkeypatch.setenv("BACKSTAFF_PLUGINS", "real")
    with pytest.raises(ToolchainError, match=r'BACKSTAFF_PLUGINS is .* \(got "real"\)'):
        plugins.ensure()


def test_a_stand_in_on_path_is_not_taken_for_a_real_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a run of the toolchain its own launchers are on PATH."""
    plugins.ensure()
    monkeypatch.setenv("PATH", str(launcher("command")))
    assert plugins.installed("command") is None


def test_plugins_are_installed_by_the_engine_when_the_site_is_there(
    pretend: Pretend, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The engine is asked for the pinned version, into its own folder."""
    monkeypatch.setattr(download, "is_reachable", lambda *_: True)
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "pulumi"))
    pretend("mkdir", 'exec /bin/mkdir "$@"')
    pretend(
        "pulumi",
        'if [ "$1" = version ]; then echo v3.999.0; exit; fi\n'
        'folder="$PULUMI_HOME/plugins/resource-$4-v$5"; mkdir -p "$folder"\n'
        'echo "#!/bin/sh" > "$folder/pulumi-resource-$4"',
    )
    plugins.ensure()
    assert list(plugins.folders()) == [
        tmp_path / "pulumi" / "plugins" / f"resource-{name}-v{plugin_version(name)}" for name in plugins.NAMES
    ]


def test_a_stand_in_starts_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a project calls its modules does not get in its way, nor does it see PYTHONPATH changed."""
    (tmp_path / "checkout" / "tools" / "offline_plugins" / "command").mkdir(parents=True)
    package = tmp_path / "checkout" / "tools" / "offline_plugins" / "command"
    for folder in (package, package.parent, package.parent.parent):
        (folder / "__init__.py").touch()
    (package / "__main__.py").write_text(
        "import json, os, sys; print(sys.argv[1:], os.environ.get('PYTHONPATH'))"
    )
    (tmp_path / "project" / "tools").mkdir(parents=True)
    (tmp_path / "project" / "tools" / "__init__.py").write_text("raise SystemExit('the wrong tools')")
    (tmp_path / "project" / "json.py").write_text("raise SystemExit('a module of the project')")
    monkeypatch.setattr(plugins, "ROOT", tmp_path / "checkout")
    monkeypatch.setattr(venv, "folder", lambda: tmp_path / "a venv")
    (tmp_path / "a venv" / "bin").mkdir(parents=True)
    (tmp_path / "a venv" / "bin" / "python").symlink_to(sys.executable)
    plugins.ensure()
    result = subprocess.run(
        [launcher("command") / "pulumi-resource-command", "127.0.0.1:4711", "-tracing x"],
        cwd=tmp_path / "project",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.stdout, result.stderr) == ("['127.0.0.1:4711', '-tracing x'] None\n", "")
