"""The environment that `run` gives to a command."""

from __future__ import annotations

import os
import signal
import stat
import time
from pathlib import Path

import pytest

from tests.toolchain.conftest import Pretend, toolchain
from tools.toolchain import docker_engine, environment, language_host, plugins, venv


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what the run of these tests has set."""
    for name in list(os.environ):
        if name.startswith(("PULUMI_", "BACKSTAFF_", "DOCKER_")):
            monkeypatch.delenv(name)
    monkeypatch.setattr(docker_engine, "environment", dict)


def test_defaults(cache_folder: Path) -> None:
    """State, engine's folder and passphrase are in the cache; no question is asked."""
    variables = environment.variables()
    assert variables["PULUMI_BACKEND_URL"] == f"file://{cache_folder}/state"
    assert variables["PULUMI_HOME"] == f"{cache_folder}/pulumi-home"
    assert variables["PULUMI_SKIP_UPDATE_CHECK"] == "true"
    passphrase = Path(variables["PULUMI_CONFIG_PASSPHRASE_FILE"])
    assert stat.S_IMODE(passphrase.stat().st_mode) == 0o600
    assert len(passphrase.read_text()) > 40
    assert (cache_folder / "state").is_dir()


def test_the_passphrase_stays(cache_folder: Path) -> None:
    """A second run must be able to read the state of the first; another cache has another passphrase."""
    first = environment.passphrase_file().read_text()
    assert environment.passphrase_file().read_text() == first
    (cache_folder / "passphrase").unlink()
    assert environment.passphrase_file().read_text() != first


@pytest.mark.parametrize("name", ["PULUMI_BACKEND_URL", "PULUMI_HOME", "PULUMI_CONFIG_PASSPHRASE"])
@pytest.mark.usefixtures("cache_folder")
def test_what_the_caller_has_set_stays(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the three on its own; a passphrase of the caller's leaves no second one."""
    monkeypatch.setenv(name, f"{tmp_path}/mine")
    variables = environment.variables()
    assert variables[name] == f"{tmp_path}/mine"
    assert ("PULUMI_CONFIG_PASSPHRASE_FILE" in variables) is (name != "PULUMI_CONFIG_PASSPHRASE")


@pytest.mark.usefixtures("cache_folder")
def test_the_docker_engine_is_named_unless_the_caller_did(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine of our own is found; the caller's DOCKER_HOST goes before it."""
    monkeypatch.setattr(docker_engine, "environment", lambda: {"DOCKER_HOST": "unix:///ours"})
    assert environment.variables()["DOCKER_HOST"] == "unix:///ours"
    monkeypatch.setenv("DOCKER_HOST", "unix:///mine")
    assert environment.variables()["DOCKER_HOST"] == "unix:///mine"


@pytest.mark.usefixtures("cache_folder")
def test_the_order_on_path(pretend: Pretend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Virtual environment, language host, engine, plugins, and then the caller's own, each once."""
    callers = tmp_path / "bin"
    engine, host = tmp_path / "engine", tmp_path / "host"
    pretend("pulumi", "echo v3.999.0", engine)
    for name in (language_host.NAME, language_host.EXEC):
        pretend(name, "", host)
    monkeypatch.setenv("PATH", f"{callers}:{engine}:{host}:{callers}")
    monkeypatch.setenv("BACKSTAFF_PLUGINS", "offline")
    plugins.ensure()
    launchers = [str(plugins._launchers() / name) for name in ("command", "docker")]
    wanted = [str(venv.folder() / "bin"), str(host), str(engine), *launchers, str(callers)]
    assert environment.search_path().split(":") == wanted


@pytest.mark.usefixtures("cache_folder")
def test_a_run_within_a_run_may_choose_other_plugins(
    monkeypatch: pytest.MonkeyPatch, bin_folder: Path
) -> None:
    """The outer run's stand-ins are taken off PATH, or `official` would still find them."""
    monkeypatch.setenv("BACKSTAFF_PLUGINS", "offline")
    plugins.ensure()
    monkeypatch.setenv("PATH", environment.search_path())
    assert "/plugins/" in environment.search_path()
    monkeypatch.setenv("BACKSTAFF_PLUGINS", "official")
    assert "/plugins/" not in environment.search_path().removesuffix(str(bin_folder))


@pytest.mark.usefixtures("cache_folder")
def test_run_becomes_the_command() -> None:
    """Arguments, output and exit code are the command's own."""
    result = toolchain("run", "--", "sh", "-c", 'echo "$1 $PULUMI_SKIP_UPDATE_CHECK"; exit 7', "sh", "a  b")
    assert (result.stdout, result.stderr, result.returncode) == ("a  b true\n", "", 7)


@pytest.mark.usefixtures("cache_folder")
def test_run_of_an_unknown_command() -> None:
    """The message names it, and what may be missing."""
    result = toolchain("run", "--", "no-such-command")
    assert result.returncode == 1
    assert result.stderr.splitlines()[0] == "error: no-such-command cannot be run: No such file or directory"
    assert "-m tools.toolchain ensure" in result.stderr


@pytest.mark.usefixtures("cache_folder")
def test_run_is_quick() -> None:
    """Far below what a person notices; the limit leaves room for a busy machine."""
    toolchain("run", "--", "true")
    best = min(_seconds_of_a_run() for _ in range(5))
    assert best < 0.3


def _seconds_of_a_run() -> float:
    """Return how long `run -- true` takes."""
    began = time.monotonic()
    assert toolchain("run", "--", "true").returncode == 0
    return time.monotonic() - began


def test_interrupts_are_heard_in_the_background_too() -> None:
    """The engine ends its plugins by an interrupt, which a job in a script's background would ignore."""
    ask = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert toolchain("run", "--", "python3", "-c", ask).stdout == "True\n"
    finally:
        signal.signal(signal.SIGINT, before)
