"""The registry: a password, a name that holds here and in boxes, and getting over what a killed run left."""

from __future__ import annotations

import ctypes
import dataclasses
import json
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.toolchain.box_fixtures import eventually, own_cache
from tests.toolchain.conftest import toolchain
from tools.toolchain import (
    docker_cli,
    docker_engine,
    images,
    progress,
    registry,
    registry_access,
    registry_keys,
    registry_server,
    registry_trust,
)
from tools.toolchain.errors import ToolchainError
from tools.toolchain.registry_access import Registry

__all__ = ["own_cache"]


@pytest.fixture
def running(own_cache: Path) -> Registry:
    """Return the registry, started if a test has ended it."""
    registry.ensure()
    found = registry.running()
    assert found
    return found


def docker(folder: Path, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run the docker command line with credentials of its own."""
    return subprocess.run(
        ["docker", "--config", str(folder), *arguments],
        env={**docker_engine.environment(), **os.environ},
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_what_it_says_of_itself(running: Registry) -> None:
    """As JSON; what is secret is in files of mode 0600, and in no command line."""
    told = json.loads(toolchain("registry", "info", "--json").stdout)
    assert told == dataclasses.asdict(running)
    password = Path(running.password_file).read_text()
    assert len(password) == 32
    for file in (Path(running.password_file), Path(running.password_file).with_name("htpasswd")):
        assert oct(file.stat().st_mode & 0o777) == "0o600"
    number = registry_access.process().number()
    assert password not in Path(f"/proc/{number}/cmdline").read_text()
    assert password not in Path(f"/proc/{number}/environ").read_text()


@pytest.mark.slow
def test_docker_logs_in_with_the_password_only(running: Registry, tmp_path: Path) -> None:
    """This machine's engine trusts the certificate; a wrong password or none is refused."""
    login = ("login", "--username", running.username, "--password-stdin", running.server)
    refused = docker(tmp_path, *login, given="wrong")
    assert refused.returncode == 1
    assert "401 Unauthorized" in refused.stderr
    assert docker(tmp_path, *login, given=Path(running.password_file).read_text()).returncode == 0
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong")
    assert not registry_access.is_open(dataclasses.replace(running, password_file=str(wrong)))


@pytest.mark.slow
def test_an_image_goes_there_and_back(running: Registry, tmp_path: Path) -> None:
    """Pushed once, known by its digest, pulled by it; nobody pulls without the password."""
    local = "backstaff-test/small"
    docker_cli.feed(_tar_with(tmp_path), "import", "-", local, remedy="")
    try:
        with progress.step("test") as part:
            reference = registry.publish(part, running, local, "small", "1")
            assert reference.startswith(f"{running.server}/small@sha256:")
            assert registry_access.has(running, "small", reference.partition("@")[2])
            assert registry.publish(part, running, local, "small", "1") == reference
        docker_cli.remove("image", [local, f"{running.server}/small:1"])
        assert docker(tmp_path / "nobody", "pull", reference).returncode != 0
        login = ("login", "--username", running.username, "--password-stdin", running.server)
        docker(tmp_path, *login, given=Path(running.password_file).read_text())
        pulled = docker(tmp_path, "pull", "--quiet", reference)
        assert pulled.stdout.strip() == reference, pulled.stderr
    finally:
        docker_cli.remove("image", [local, f"{running.server}/small:1", reference])


@pytest.mark.slow
def test_up_again_finds_it(running: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is started twice."""
    number = registry_access.process().number()
    capsys.readouterr()
    registry.ensure()
    assert f"registry: found at {running.server}" in capsys.readouterr().err
    assert registry_access.process().number() == number


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_one_that_was_killed_or_hangs_is_replaced(
    running: Registry, how: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the same port, with the same password and data."""
    monkeypatch.setattr(registry_access, "ANSWER_SECONDS", 0.5)
    number = registry_access.process().number()
    assert number
    os.kill(number, how)
    if how is signal.SIGKILL:
        eventually(lambda: registry_access.process().number() is None)
    monkeypatch.setattr("tools.toolchain.daemon.STOP_SECONDS", 0.5)
    assert registry.running() is None
    registry.ensure()
    assert registry.running() == running
    assert registry_access.process().number() != number


@pytest.mark.slow
def test_a_number_that_another_process_got(running: Registry) -> None:
    """After a restart of the machine, say: the other process is neither taken for the registry nor ended."""
    registry.down()
    with subprocess.Popen(["sleep", "60"]) as other:
        (registry_access.folder() / "registry.process").write_text(f"{other.pid} 1\n")
        assert registry.running() is None
        registry.ensure()
        assert registry.running() == running
        assert other.poll() is None
        other.kill()


@pytest.mark.slow
def test_a_port_that_was_taken_meanwhile(running: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    """Another one is used, and said; the trust moves with it."""
    registry.down()
    address, _, port = running.server.rpartition(":")
    with socket.create_server((address, int(port))):
        registry.ensure()
        moved = registry.running()
    assert moved
    assert moved.server != running.server
    assert f"port {port} on {address} is taken by another program now" in capsys.readouterr().err
    assert registry_trust.is_there(moved)
    assert not (registry_trust.CERTIFICATES / running.server).exists()


@pytest.mark.slow
@pytest.mark.usefixtures("running")
def test_no_port_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the address and the ports."""
    registry.down()
    address = registry_server.bridge_address()
    with socket.create_server((address, 0)) as taken:
        number = taken.getsockname()[1]
        monkeypatch.setattr(registry_server, "FIRST_PORT", number)
        monkeypatch.setattr(registry_server, "PORTS", 1)
        monkeypatch.setattr(registry_server, "_remembered_port", lambda: None)
        with pytest.raises(ToolchainError, match=f"no port from {number} to {number} is free on {address}"):
            registry.ensure()


@pytest.mark.slow
def test_the_certificate_names_both_addresses(running: Registry) -> None:
    """The bridge's, and this machine's own."""
    certificate = Path(running.ca_certificate).with_name("server.crt")
    shown = subprocess.run(
        ["openssl", "x509", "-in", certificate, "-noout", "-ext", "subjectAltName"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert f"IP Address:{running.server.rpartition(':')[0]}, IP Address:127.0.0.1" in shown
    assert not certificate.with_name("ca.key").exists()


@pytest.mark.slow
def test_clean_takes_everything_away(own_cache: Path) -> None:
    """Process, data, trust, and the names that images had by it; twice is as good as once."""
    registry.ensure()
    known = registry.running()
    assert known
    docker_cli.feed(b"", "import", "-", f"{known.server}/test-clean:1", remedy="")
    number = registry_access.process().number()
    registry.clean()
    assert not Path(f"/proc/{number}").exists() or _is_zombie(number)
    assert not (registry_trust.CERTIFICATES / known.server).exists()
    assert docker_cli.ask("image", "inspect", f"{known.server}/test-clean:1") is None
    assert not (own_cache / "registry").exists()
    registry.clean()
    result = toolchain("registry", "info")
    assert result.stderr == "error: the registry does not run\nStart it: tools/registry up\n"
    assert result.returncode == 1


@pytest.mark.slow
@pytest.mark.usefixtures("own_cache")
def test_traefik_without_a_registry() -> None:
    """An image that was made here cannot be pulled from anywhere then."""
    registry.down()
    if docker_cli.ask("image", "inspect", f"traefik:v{images.traefik_version()}") is not None:
        assert images.traefik().startswith("traefik@sha256:")
        return
    with pytest.raises(ToolchainError, match="exists on this machine only"):
        images.traefik()


def test_bcrypt() -> None:
    """The hash is of the password, and of no other."""
    made = registry_keys.bcrypt("a password")
    library = ctypes.CDLL("libcrypt.so.1")
    library.crypt.restype = ctypes.c_char_p
    assert library.crypt(b"a password", made.encode()) == made.encode()
    assert library.crypt(b"another", made.encode()) != made.encode()
    assert registry_keys.bcrypt("a password") != made


def _is_zombie(number: int | None) -> bool:
    """Say whether a process has ended (it is this test's child, so it stays listed)."""
    return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def _tar_with(folder: Path) -> bytes:
    """Return an archive with one small file."""
    (folder / "file").write_text("content")
    return subprocess.run(
        ["tar", "--create", "--directory", folder, "file"], capture_output=True, check=True
    ).stdout
