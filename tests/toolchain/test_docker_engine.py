"""Every way to a Docker engine, for real, on a box: not there, not running, not allowed; and taken back."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.toolchain.box_fixtures import on, output_of, own_cache
from tests.toolchain.conftest import Pretend
from tools.toolchain import box, box_login, docker_engine
from tools.toolchain.boxes import Box
from tools.toolchain.errors import ToolchainError
from tools.toolchain.repository import ROOT

__all__ = ["own_cache"]

ENSURE = "cd /srv/repository && python3 -m tools.toolchain ensure docker 2>&1"
CLEAN = "cd /srv/repository && python3 -c 'from tools.toolchain import docker_engine as d; d.clean()' 2>&1"


@pytest.fixture(scope="module")
def machine(own_cache: Path) -> Box:
    """Return a box that has Python and this repository's tools."""
    made = box.up("test-engine")
    output_of(
        made,
        "sudo apt-get update -qq && sudo apt-get install -qq -y --no-install-recommends python3 >/dev/null",
    )
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path in sorted((ROOT / "tools" / "toolchain").glob("*.py")):
            tar.add(path, path.relative_to(ROOT))
        tar.add(ROOT / "tools" / "__init__.py", "tools/__init__.py")
    unpack = "sudo mkdir -p /srv/repository && sudo tar --extract --directory /srv/repository"
    subprocess.run([*box_login.command(made), unpack], input=packed.getvalue(), check=True)
    return made


@pytest.mark.slow
def test_every_way_in_turn(machine: Box) -> None:
    """Each step leaves the machine as the next one needs it, as a person's day would."""
    # A user who may do nothing.
    output_of(machine, "sudo useradd --create-home plain")
    refused = on(machine, f"sudo -u plain sh -c '{ENSURE}'")
    assert refused.returncode == 1
    assert "error: no right to install docker.io" in refused.stdout

    # Not there; a user with sudo.
    told = output_of(machine, ENSURE)
    assert "docker: installed, Docker " in told
    assert "ubuntu may now use /var/run/docker.sock (setfacl; " in told
    assert output_of(machine, "docker ps --quiet") == ""
    assert "docker: found Docker " in output_of(machine, ENSURE)

    # What was given is taken back.
    output_of(machine, CLEAN)
    assert on(machine, "docker ps").returncode == 1

    # Runs, but not for this user; and not for one without sudo.
    assert "ubuntu may now use" in output_of(machine, ENSURE)
    refused = on(machine, f"sudo -u plain sh -c '{ENSURE}'")
    assert "error: no right to use the Docker engine on this machine" in refused.stdout

    # Installed, not running.
    output_of(machine, "sudo systemctl stop docker.socket docker")
    assert "started by systemd" in output_of(machine, ENSURE)
    assert output_of(machine, "docker ps --quiet") == ""

    # Installed, not running, and no systemd that could start it.
    output_of(machine, "sudo systemctl stop docker.socket docker && sudo mount -t tmpfs none /run/systemd")
    told = output_of(machine, ENSURE)
    assert "started by hand" in told
    assert "setfacl" not in told
    assert output_of(machine, "docker ps --quiet") == ""
    assert output_of(machine, "pgrep -c dockerd") == "1"

    # Killed: its number file and its socket are left.
    output_of(machine, "sudo pkill -KILL -x dockerd; sudo pkill -KILL -x containerd; sleep 1")
    assert "started by hand" in output_of(machine, ENSURE)

    # Ended by clean-all, and only then.
    assert "docker: stopped" in output_of(machine, CLEAN)
    assert on(machine, "pgrep -x dockerd").returncode == 1

    # It cannot start.
    output_of(machine, "echo nonsense | sudo tee /etc/docker/daemon.json")
    failed = on(machine, ENSURE)
    assert failed.returncode == 1
    assert "error: the Docker engine did not start: unable to configure the Docker daemon" in failed.stdout
    assert "See its log: /home/ubuntu/.cache/backstaff/docker/dockerd.log" in failed.stdout


@pytest.mark.usefixtures("bin_folder", "cache_folder")
def test_no_docker_and_no_apt() -> None:
    """The message says where Docker is to be had."""
    with pytest.raises(ToolchainError) as caught:
        docker_engine.ensure()
    assert caught.value.what == "there is no Docker engine on this machine, and no apt to install one"
    assert "https://docs.docker.com/engine/install/" in caught.value.remedy


@pytest.mark.usefixtures("cache_folder")
def test_an_engine_of_a_context(pretend: Pretend, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that know no contexts are told its address by DOCKER_HOST."""
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    answers = 'case "$1" in version) echo 28.0.1;; context) echo unix:///run/user/7/docker.sock;; esac'
    pretend("docker", answers)
    docker_engine.ensure()
    assert docker_engine.environment() == {"DOCKER_HOST": "unix:///run/user/7/docker.sock"}
    pretend("docker", answers.replace("/run/user/7/", "/var/run/"))
    docker_engine.ensure()
    assert docker_engine.environment() == {}
