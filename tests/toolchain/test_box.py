"""Boxes: as bare as a cloud's server, several at once, the same after a reboot, and none left half made."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
import urllib.request
from pathlib import Path

import pytest

from tests.toolchain.box_fixtures import eventually, on, output_of, own_cache
from tests.toolchain.conftest import toolchain
from tools.toolchain import box, box_container, boxes, docker_cli, images, ports, registry
from tools.toolchain.boxes import Box
from tools.toolchain.errors import ToolchainError
from tools.toolchain.repository import ROOT

__all__ = ["own_cache"]

INSTALL_DOCKER = (
    "sudo apt-get update -qq && sudo DEBIAN_FRONTEND=noninteractive "
    "apt-get install -qq -y --no-install-recommends docker.io curl >/dev/null"
)
TRAEFIK_OPTIONS = "--entrypoints.web.address=:80 --ping --ping.entrypoint=web"


@pytest.fixture(scope="module")
def bare(own_cache: Path) -> Box:
    """Return a box on which nothing is changed."""
    return box.up("test-bare")


@pytest.fixture(scope="module")
def traefik(own_cache: Path) -> str:
    """Return the reference of an image in the registry."""
    registry.ensure()
    return images.traefik()


@pytest.fixture(scope="module")
def with_docker(traefik: str) -> Box:
    """Return a box on which Docker was installed by apt, and two containers serve."""
    made = box.up("test-docker")
    output_of(made, INSTALL_DOCKER)
    known = registry.running()
    assert known
    login = f"sudo docker login --username {known.username} --password-stdin {known.server}"
    output_of(made, login, Path(known.password_file).read_text())
    output_of(made, "sudo docker network create test-net")
    run = "sudo docker run --detach --restart unless-stopped --network test-net"
    output_of(made, f"{run} --name front --publish 80:80 {traefik} {TRAEFIK_OPTIONS}")
    output_of(made, f"{run} --name behind {traefik} {TRAEFIK_OPTIONS}")
    return made


def serves(which: Box) -> bool:
    """Say whether port 80 of a box answers as Traefik's ping does."""
    try:
        with urllib.request.urlopen(f"http://{which.host}:{which.http_port}/ping", timeout=2) as answer:
            return bool(answer.read() == b"OK")
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("whoami", "ubuntu"),
        ("sudo -n whoami", "root"),
        ("hostname", "test-bare"),
        ("command -v docker curl dockerd || echo none", "none"),
        ("systemctl is-system-running --wait", "running"),
        ("cat /proc/1/comm", "systemd"),
        ("stat -c %a:%U .ssh/authorized_keys", "600:ubuntu"),
        ("sudo sshd -T | grep ^passwordauthentication", "passwordauthentication no"),
        ("ls /etc/ssh/ssh_host_*_key", "/etc/ssh/ssh_host_ed25519_key"),
    ],
)
def test_a_box_is_a_bare_server(bare: Box, command: str, expected: str) -> None:
    """As a cloud gives it: systemd, sudo without a password, keys only, nothing installed yet."""
    assert output_of(bare, command) == expected


@pytest.mark.slow
def test_the_host_key_is_known_beforehand(bare: Box) -> None:
    """What the box shows is what its description says, so it can be pinned."""
    scan = subprocess.run(
        ["ssh-keyscan", "-t", "ed25519", "-p", str(bare.ssh_port), bare.host],
        capture_output=True,
        text=True,
        check=True,
    )
    assert scan.stdout.split(maxsplit=1)[1].strip() == bare.host_key
    assert oct(Path(bare.private_key).stat().st_mode & 0o777) == "0o600"


@pytest.mark.slow
def test_root_may_log_in_by_key(bare: Box) -> None:
    """For what a test has to do before sudo is there."""
    as_root = Box(**{**vars(bare), "user": "root"})
    assert output_of(as_root, "id -u") == "0"


@pytest.mark.slow
def test_up_again_finds_it(bare: Box, capsys: pytest.CaptureFixture[str]) -> None:
    """The same box with the same ports and keys; nothing is made."""
    assert box.up("test-bare") == bare
    assert f"box test-bare: found on {bare.host}: SSH at port {bare.ssh_port}" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.usefixtures("bare")
def test_two_boxes_at_once(own_cache: Path) -> None:
    """They are made side by side and share nothing but the client's key; the list shows them."""
    made: list[Box] = []
    names = ("test-one", "test-two")
    threads = [threading.Thread(target=lambda name=name: made.append(box.up(name))) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({port for one in made for port in (one.ssh_port, one.http_port, one.https_port)}) == 6
    assert len({one.host_key for one in made}) == 2
    assert {output_of(one, "hostname") for one in made} == set(names)
    listed = toolchain("box", "list", "--json")
    assert {*names, "test-bare"} == {one["name"] for one in json.loads(listed.stdout)}
    assert {one["state"] for one in json.loads(listed.stdout)} == {"running"}

    assert toolchain("box", "down", "test-one").returncode == 0
    assert boxes.names() == ["test-bare", "test-two"]
    assert docker_cli.ask("volume", "inspect", boxes.volume("test-one")) is None
    assert not (own_cache / "boxes" / "test-one").exists()


@pytest.mark.slow
def test_commands_from_any_folder(bare: Box, tmp_path: Path) -> None:
    """`tools/box ssh` passes on arguments, output and exit code."""
    program = ROOT / "tools" / "box"
    result = subprocess.run(
        [program, "ssh", bare.name, "echo here; exit 7"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.stdout, result.returncode) == ("here\n", 7)


@pytest.mark.slow
def test_docker_works_inside(with_docker: Box) -> None:
    """Overlay file system, port 80 to the outside, names among containers, and the registry's name and CA."""
    assert output_of(with_docker, "sudo docker info --format {{.Driver}}") == "overlay2"
    eventually(lambda: serves(with_docker))
    ask = "sudo docker exec behind /traefik healthcheck --ping --ping.entrypoint=web"
    assert on(with_docker, f"{ask} --entrypoints.web.address=front:80").stdout.startswith(
        "OK: http://front:80"
    )


@pytest.mark.slow
def test_a_wrong_password_is_refused_inside(with_docker: Box) -> None:
    """The registry asks for the password whoever calls."""
    known = registry.running()
    assert known
    login = (
        f"sudo docker --config /tmp/login login --username {known.username} --password-stdin {known.server}"
    )
    refused = on(with_docker, login, "wrong")
    assert refused.returncode == 1
    assert "401 Unauthorized" in refused.stderr


@pytest.mark.slow
def test_a_reboot_changes_nothing(with_docker: Box) -> None:
    """Ports and host key stay, the containers are back, and it did boot."""
    before = output_of(with_docker, "systemctl show --property UserspaceTimestampMonotonic")
    box.reboot(with_docker.name)
    assert boxes.find(with_docker.name) == with_docker
    assert output_of(with_docker, "systemctl show --property UserspaceTimestampMonotonic") != before
    eventually(lambda: serves(with_docker))
    assert output_of(with_docker, "sudo docker ps --format {{.Names}} | sort") == "behind\nfront"


@pytest.mark.slow
def test_reboot_from_inside(with_docker: Box) -> None:
    """`sudo reboot` does what it does on a server."""
    before = output_of(with_docker, "systemctl show --property UserspaceTimestampMonotonic")
    on(with_docker, "sudo reboot")
    after = "systemctl show --property UserspaceTimestampMonotonic"
    eventually(lambda: on(with_docker, after).stdout.strip() not in ("", before))
    eventually(lambda: serves(with_docker))


@pytest.mark.slow
@pytest.mark.usefixtures("own_cache")
def test_a_box_of_a_killed_run_is_made_anew() -> None:
    """What it left has no description; `list` says so, and the next `up` begins afresh."""
    with subprocess.Popen(
        [ROOT / "tools" / "box", "up", "test-cut"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as run:
        eventually(lambda: boxes.is_there("test-cut"), 120)
        os.kill(run.pid, signal.SIGKILL)
    assert boxes.find("test-cut") is None
    assert "test-cut  half made" in toolchain("box", "list").stderr
    left = docker_cli.ask("container", "inspect", "--format", "{{.Id}}", boxes.container("test-cut"))
    made = box.up("test-cut")
    assert output_of(made, "hostname") == "test-cut"
    anew = docker_cli.ask("container", "inspect", "--format", "{{.Id}}", boxes.container("test-cut"))
    assert anew != left


@pytest.mark.slow
@pytest.mark.usefixtures("own_cache")
def test_a_port_taken_meanwhile() -> None:
    """A stopped box says which port is taken, and starts on its old ports when that is free again."""
    made = box.up("test-port")
    docker_cli.call("stop", boxes.container("test-port"))
    with socket.create_server((made.host, made.http_port)):
        with pytest.raises(ToolchainError, match=str(made.http_port)) as caught:
            box.up("test-port")
        assert "another program took one of its ports" in caught.value.what
    assert box.up("test-port") == made
    assert output_of(made, "hostname") == "test-port"


@pytest.mark.slow
@pytest.mark.usefixtures("own_cache")
def test_a_port_taken_between_look_and_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others are tried."""
    free = ports.free
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        answers = iter([[number, *free(2, "127.0.0.1")], free(3, "127.0.0.1")])
        monkeypatch.setattr(ports, "free", lambda *_: next(answers))
        made = box.up("test-race")
    assert number not in (made.ssh_port, made.http_port, made.https_port)
    assert output_of(made, "hostname") == "test-race"


@pytest.mark.slow
@pytest.mark.usefixtures("own_cache")
def test_a_machine_that_cannot_run_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what is not allowed, at once, and nothing is left behind."""
    monkeypatch.setattr(box_container, "RIGHTS", ())
    with pytest.raises(ToolchainError) as caught:
        box.up("test-weak")
    assert (
        "box test-weak ended while it started: box: the control groups in /sys/fs/cgroup" in caught.value.what
    )
    assert "cannot be made writable" in caught.value.what
    assert not boxes.is_there("test-weak")
    assert docker_cli.ask("volume", "inspect", boxes.volume("test-weak")) is None


@pytest.mark.slow
@pytest.mark.usefixtures("own_cache")
def test_a_box_of_another_cache_is_left_alone() -> None:
    """Neither made anew nor taken away."""
    image = "backstaff-test/empty"
    docker_cli.feed(b"", "import", "-", image, remedy="")
    try:
        labels = ("--label", f"{boxes.OWNER_LABEL}=/elsewhere")
        docker_cli.call("create", "--name", boxes.container("test-foreign"), *labels, image, "/none")
        for do in (box.up, box.down):
            with pytest.raises(ToolchainError, match="belongs to /elsewhere"):
                do("test-foreign")
        assert boxes.is_there("test-foreign")
    finally:
        docker_cli.remove("container", [boxes.container("test-foreign")])
        docker_cli.remove("image", [image])


@pytest.mark.parametrize("name", ["Demo", "-a", "a-", "a b", "a_b", "x" * 33, ""])
def test_names_that_cannot_be_host_names(name: str) -> None:
    """They are refused before anything is looked at."""
    with pytest.raises(ToolchainError, match="cannot be named"):
        boxes.check_name(name)


@pytest.mark.usefixtures("cache_folder")
def test_an_unknown_box_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the ones there are, and the command that makes it."""
    monkeypatch.setattr(boxes, "names", lambda: ["blue", "green"])
    with pytest.raises(ToolchainError) as caught:
        box.known("red")
    assert caught.value.what == "there is no box red (there are: blue, green)"
    assert caught.value.remedy == "Make it: tools/box up red"
