"""The scripts that prepare a server, each for real and twice: connect, Docker, login, env, Traefik."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from render.env_file import env_lines
from render.traefik import private_file
from tests.remote.conftest import Server

if TYPE_CHECKING:
    from tools.demo.parts import Parts

pytestmark = pytest.mark.slow


def test_scripts_are_put_there_once_and_for_root_only(server: Server) -> None:
    """A second connect finds the scripts; nobody but root can read them."""
    again = server.ssh(f"bash -s -- {server.scripts.digest}", server.scripts.program)
    assert again.status == 0
    assert f"scripts {server.scripts.digest} are already there" in again.text
    assert server.ssh("ls /var/lib/backstaff").status != 0


def test_a_half_made_folder_of_scripts_does_not_count(server: Server) -> None:
    """A connect that was cut before the rename is made good by the next one."""
    folder = f"/var/lib/backstaff/bin/{server.scripts.digest}"
    server.root(f"mv {folder} /var/lib/backstaff/bin/.half-cut")
    again = server.ssh(f"bash -s -- {server.scripts.digest}", server.scripts.program)
    assert f"scripts {server.scripts.digest} put on the server" in again.text
    server.root(f"test -x {folder}/start-candidate && rm -rf /var/lib/backstaff/bin/.half-cut")


def test_a_user_without_sudo_is_told_what_to_do(server: Server) -> None:
    """Somebody who may not use sudo learns so, by name and with the remedy."""
    server.root("useradd --create-home guest 2>/dev/null; install -d -o guest -m 700 ~guest/.ssh")
    server.root("cp ~ubuntu/.ssh/authorized_keys ~guest/.ssh/ && chown guest ~guest/.ssh/authorized_keys")
    guest = Server(replace(server.box, user="guest"), server.scripts)
    refused = guest.ssh(f"bash -s -- {server.scripts.digest}", server.scripts.program)
    assert refused.status == 1
    assert "guest may not use sudo without a password. Allow it in /etc/sudoers.d" in refused.text


def test_a_system_that_is_not_debian_is_refused(server: Server) -> None:
    """Another distribution is refused by its name, before anything is installed."""
    server.root("cp -L /etc/os-release /root/os-release; rm /etc/os-release")
    server.root("printf \"ID=arch\\nPRETTY_NAME='Arch Linux'\\n\" > /etc/os-release")
    try:
        refused = server.ssh(f"bash -s -- {server.scripts.digest}", server.scripts.program)
    finally:
        server.root("rm /etc/os-release; cp /root/os-release /etc/os-release")
    assert refused.status == 1
    assert "the server runs Arch Linux; Ubuntu or Debian is needed" in refused.text


def test_docker_is_installed_once(docker_server: Server) -> None:
    """A second run finds Docker and curl and installs nothing."""
    again = docker_server.step("install-docker")
    assert again.status == 0
    assert "docker and curl are already there" in again.text
    assert "answers" in again.text
    assert docker_server.ssh("docker version --format {{.Server.Os}}").text == "linux\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"service": "shop", "role": "web"}, "--env is missing"),
        ({"service": "shop", "colour": "red"}, "unknown argument --colour (known: service role env)"),
    ],
)
def test_wrong_arguments_are_refused_by_name(server: Server, arguments: dict[str, str], message: str) -> None:
    """A script that is called wrongly says which argument is wrong and does nothing."""
    outcome = server.step("write-env", "", **arguments)
    assert outcome.status == 1
    assert message in outcome.text


def test_a_refused_login_names_registry_user_and_side(docker_server: Server, parts: Parts) -> None:
    """A wrong password is told with registry, user and machine, and the password is not repeated."""
    refused = docker_server.step(
        "login-registry",
        "open-sesame",
        server=parts.registry.server,
        username="ali",
        service="shop",
        side="server",
    )
    assert refused.status == 1
    assert f"the registry {parts.registry.server} refused ali on the server " in refused.text
    assert "401 Unauthorized" in refused.text
    assert "open-sesame" not in refused.text


def test_variables_arrive_byte_for_byte_and_for_root_only(server: Server) -> None:
    """Every value lies on the server as it was sent, in files of mode 0600, and is not sent again."""
    variables = {"PLAIN": "a b  c", "HASH": "x # y", "QUOTES": "'\"", "DOLLAR": "$HOME `id`", "UTF": "grüße",
                 "EMPTY": "", "LINES": "one\ntwo\n", "LONG": "x" * 70_000}  # fmt: skip
    first = server.step("write-env", env_lines(variables), service="shop", role="web", env="cafe01")
    assert "8 variables brought to the server" in first.text
    folder = "/var/lib/backstaff/services/shop/env/web/cafe01"
    lines = server.root(f"cat {folder}/env").splitlines()
    one_line = {key: value for key, value in variables.items() if key not in {"LINES", "LONG"}}
    assert dict(line.split("=", 1) for line in lines) == one_line
    assert server.root(f"cat {folder}/multiline/LINES; echo end") == "one\ntwo\nend\n"
    assert server.root(f"wc -c < {folder}/multiline/LONG").strip() == "70000"
    assert set(server.root(f"find {folder} -type f -printf '%m\\n'").split()) == {"600"}
    assert "already there" in server.step("write-env", "", service="shop", role="web", env="cafe01").text


def test_a_step_with_nothing_to_do_takes_all_that_it_was_sent(server: Server) -> None:
    """A script that ends early has read its input: else the sender fails, as it could not send the rest."""
    server.step("write-env", env_lines({"A": "1"}), service="shop", role="web", env="cafe02")
    step = f"/var/lib/backstaff/bin/{server.scripts.digest}/write-env --service shop --role web --env cafe02"
    told = server.root(f"bash -c 'yes A MQ== | head -c 1000000 | {step}; echo ${{PIPESTATUS[1]}}'")
    assert told.splitlines() == ["step 7, env: these variables are already there", "0"]


def test_traefik_is_started_once_and_its_inner_side_is_private(docker_server: Server, parts: Parts) -> None:
    """Traefik runs without rights that it does not need; a second run leaves it alone."""
    server = docker_server
    arguments: dict[str, str | int] = {"image": parts.traefik, "http_port": 80, "service": "shop"}
    first = server.step("ensure-traefik", private_file(), **arguments)
    assert first.status == 0, first.text
    started = server.root("docker inspect --format {{.State.StartedAt}} backstaff-traefik")
    again = server.step("ensure-traefik", private_file(), **arguments)
    assert "already runs on port 80 as wanted" in again.text
    assert server.root("docker inspect --format {{.State.StartedAt}} backstaff-traefik") == started
    rights = server.root(
        "docker inspect backstaff-traefik --format "
        '"{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.CapAdd}}"'
    )
    assert rights.split() == ["true", "[ALL]", "[NET_BIND_SERVICE]"]
    assert "docker.sock" not in server.root("docker inspect backstaff-traefik")
    assert server.root("ss -Hltn 'sport = :5880'").split()[3] == "127.0.0.1:5880"


def test_traefik_is_started_anew_when_it_is_not_as_wanted(docker_server: Server, parts: Parts) -> None:
    """Another public port is applied to a Traefik that runs."""
    arguments = {"image": parts.traefik, "service": "shop"}
    moved = docker_server.step("ensure-traefik", private_file(), **arguments, http_port=8081)
    assert "started on port 8081" in moved.text
    assert "80/tcp -> 0.0.0.0:8081" in docker_server.root("docker port backstaff-traefik")
    back = docker_server.step("ensure-traefik", private_file(), **arguments, http_port=80)
    assert "started on port 80" in back.text


def test_a_taken_port_is_told_with_its_holder(docker_server: Server, parts: Parts) -> None:
    """Another program on the public port is named, and nothing is started or stopped."""
    server = docker_server
    server.root("docker rm --force backstaff-traefik")
    server.root("/usr/sbin/sshd -p 80 -o PidFile=/run/sshd-80.pid")
    try:
        outcome = server.step(
            "ensure-traefik", private_file(), image=parts.traefik, http_port=80, service="shop"
        )
    finally:
        server.root("kill $(cat /run/sshd-80.pid)")
    assert outcome.status == 1
    assert "port 80 is taken" in outcome.text
    assert "sshd" in outcome.text
    assert "backstaff-traefik" not in server.root("docker ps --all")


UPDATES = "/etc/apt/apt.conf.d/60backstaff"
SWAP = "/var/lib/backstaff/swapfile"
# What the kernel does with swap files, on a server that is a container and may not have any.
KERNEL = r"""#!/bin/bash
case ${0##*/} in
  swapon) if [[ $1 == --noheadings ]]; then cat /run/swaps 2>/dev/null; else echo "$1" >>/run/swaps; fi ;;
  swapoff) grep -vxF "$1" /run/swaps >/run/swaps.new; mv /run/swaps.new /run/swaps ;;
esac
exit 0
"""


@pytest.fixture
def swapping(server: Server) -> Iterator[Server]:
    """A server whose kernel takes swap files."""
    for name in ("swapon", "swapoff"):
        server.ssh(f"sudo -n install -m 755 /dev/stdin /usr/local/sbin/{name}", KERNEL)
    yield server
    server.root("rm -f /usr/local/sbin/swapon /usr/local/sbin/swapoff /run/swaps")


def test_security_updates_install_themselves_and_reboot_only_when_they_may(server: Server) -> None:
    """Turn unattended upgrades on; their reboots are off, unless a time is set. apt takes the file."""
    assert server.step("prepare-server", swap_gib=0, reboot_time="never").status == 0
    assert server.root("apt-config shell X Unattended-Upgrade::Automatic-Reboot").strip() == "X='false'"
    again = server.step("prepare-server", swap_gib=0, reboot_time="04:30")

    assert "installing" not in again.text
    assert server.root("apt-config shell X APT::Periodic::Unattended-Upgrade").strip() == "X='1'"
    assert server.root("apt-config shell X Unattended-Upgrade::Automatic-Reboot").strip() == "X='true'"
    assert server.root("apt-config shell X Unattended-Upgrade::Automatic-Reboot-Time").strip() == "X='04:30'"
    assert server.root(f"stat -c %a {UPDATES}; ls {UPDATES}*").split() == ["644", UPDATES]


def test_a_swap_file_is_made_once_changed_and_taken_away(swapping: Server) -> None:
    """Have one of the size that is set, at every boot, and none where the size is 0."""
    wanted = {"reboot_time": "never"}
    assert "1 GiB of swap in use" in swapping.step("prepare-server", swap_gib=1, **wanted).text
    assert swapping.root(f"stat -c '%s %a' {SWAP}; grep -c '^{SWAP} none swap' /etc/fstab").split() == [
        str(1024**3),
        "600",
        "1",
    ]
    assert "1 GiB of swap are already there" in swapping.step("prepare-server", swap_gib=1, **wanted).text
    assert "2 GiB of swap in use" in swapping.step("prepare-server", swap_gib=2, **wanted).text
    assert swapping.root(f"stat -c %s {SWAP}; grep -c {SWAP} /etc/fstab").split() == [str(2 * 1024**3), "1"]

    assert swapping.step("prepare-server", swap_gib=0, **wanted).status == 0
    assert swapping.root(f"ls {SWAP} 2>/dev/null; grep {SWAP} /etc/fstab; cat /run/swaps; true") == ""


def test_a_disk_too_small_for_the_swap_file_is_told(server: Server) -> None:
    """Say how much is free and which settings to change, and leave nothing behind."""
    full = server.step("prepare-server", swap_gib=90000, reboot_time="never")

    assert full.status == 1
    assert "no room for 90000 GiB of swap" in full.text
    assert "Raise aws.disk_gib or lower aws.swap_gib." in full.text
    assert server.root(f"ls {SWAP} 2>/dev/null; true") == ""


def test_a_server_that_may_not_swap_does_without(server: Server) -> None:
    """Go on where the kernel takes no swap file, as in a container, and keep none."""
    done = server.step("prepare-server", swap_gib=1, reboot_time="never")

    assert done.status == 0
    assert "allows no swap file" in done.text
    assert server.root(f"ls {SWAP} 2>/dev/null; grep {SWAP} /etc/fstab; true") == ""
