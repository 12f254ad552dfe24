"""The box of an instance: a container that is reached at its own address, by SSH as `ubuntu` with one key.

Each has two networks: Docker's usual one, by which it reaches the outside, and one of addresses that are
given and taken as public addresses are on AWS. Only this machine reaches them.
"""

from __future__ import annotations

import ipaddress
import secrets
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

from tools.offline_plugins.plugin import PluginError
from tools.toolchain import box_container, boxes, cache, docker_cli, images
from tools.toolchain.progress import step

NETWORK: Final = "backstaff-aws"
SUBNET: Final = ipaddress.ip_network("10.213.0.0/24")
# The first address is this machine's own. The lower half is for what an instance gets by itself.
OWN_ADDRESSES: Final = range(2, 128)
ELASTIC_ADDRESSES: Final = range(128, 255)
SSH_PORT: Final = 22
BOOT_SECONDS: Final = 90
ANSWER_SECONDS: Final = 2


def boot(instance: str, public_key: str) -> str:
    """Make a box and start it.

    Args:
        instance: its id.
        public_key: lets `ubuntu` in, and nobody else.

    Returns:
        Its address.
    """
    with step(f"box {instance}") as part:
        image, _ = images.box(part)
    docker_cli.call(
        *("create", "--name", boxes.container(instance), "--hostname", instance),
        *("--label", f"{boxes.LABEL}={instance}", "--label", f"{boxes.OWNER_LABEL}={cache.folder()}"),
        *box_container.RIGHTS,
        *("--volume", f"{boxes.volume(instance)}:/var/lib/docker"),
        image,
    )
    box_container.copy_in(instance, {**_identity(public_key), **box_container.trust()})
    address = start(instance, None)
    docker_cli.call("update", "--restart", "unless-stopped", boxes.container(instance))
    return address


def start(instance: str, address: str | None) -> str:
    """Start a box that does not run.

    Args:
        instance: its id.
        address: the one to have; a new one of its own if none.

    Returns:
        Its address.
    """
    address = move(instance, address)
    docker_cli.call("start", boxes.container(instance))
    _wait_for_ssh(instance, address)
    return address


def halt(instance: str) -> None:
    """Stop a box in good order; it loses its address."""
    docker_cli.call("stop", "--time", str(box_container.HALT_SECONDS), boxes.container(instance))
    _disconnect(instance)


def move(instance: str, address: str | None) -> str:
    """Give a box another address.

    Args:
        instance: its id.
        address: the one to have; a new one of its own if none.

    Returns:
        The address.
    """
    with cache.lock("aws-network"):
        _disconnect(instance)
        address = address or _free(OWN_ADDRESSES)
        docker_cli.call("network", "connect", "--ip", address, NETWORK, boxes.container(instance))
    return address


def remove(instance: str) -> None:
    """Take a box away, with all that is on it."""
    box_container.remove(instance)


def address_of(instance: str) -> str:
    """Return a box's address; empty if it does not run or is gone."""
    form = f'{{{{with index .NetworkSettings.Networks "{NETWORK}"}}}}{{{{.IPAddress}}}}{{{{end}}}}'
    return docker_cli.ask("container", "inspect", "--format", form, boxes.container(instance)) or ""


def reserve() -> str:
    """Return an address for an Elastic IP."""
    with cache.lock("aws-network"):
        return _free(ELASTIC_ADDRESSES)


def gateway() -> str:
    """Return this machine's own address among them."""
    with cache.lock("aws-network"):
        _ensure_network()
    return str(SUBNET[1])


def clean() -> None:
    """Take the network away, if nothing uses it any more."""
    docker_cli.ask("network", "rm", NETWORK)


def _ensure_network() -> None:
    if docker_cli.ask("network", "inspect", "--format", "{{.Id}}", NETWORK) is None:
        docker_cli.call("network", "create", "--subnet", str(SUBNET), "--gateway", str(SUBNET[1]), NETWORK)


def _free(places: range) -> str:
    """Choose an address that no box has. By chance: one that was just given up is not had again at once."""
    _ensure_network()
    form = "{{range .Containers}}{{.IPv4Address}} {{end}}"
    taken = (docker_cli.ask("network", "inspect", "--format", form, NETWORK) or "").split()
    used = {address.partition("/")[0] for address in taken}
    return secrets.choice([str(SUBNET[place]) for place in places if str(SUBNET[place]) not in used])


def _disconnect(instance: str) -> None:
    docker_cli.ask("network", "disconnect", "--force", NETWORK, boxes.container(instance))


def _identity(public_key: str) -> dict[str, tuple[bytes, int]]:
    """Return a host key of its own, and who may log in."""
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder) / "host_key"
        box_container.new_key(key, "instance")
        return {
            box_container.HOST_KEY: (key.read_bytes(), 0o600),
            f"{box_container.HOST_KEY}.pub": (key.with_suffix(".pub").read_bytes(), 0o644),
            f"{box_container.HOME}/.ssh/authorized_keys": (f"{public_key.strip()}\n".encode(), 0o600),
        }


def _wait_for_ssh(instance: str, address: str) -> None:
    """Wait until something answers at port 22: AWS too says that an instance runs before SSH does."""
    limit = time.monotonic() + BOOT_SECONDS
    while time.monotonic() < limit:
        try:
            with socket.create_connection((address, SSH_PORT), ANSWER_SECONDS):
                return
        except OSError:
            time.sleep(0.2)
    said = subprocess.run(
        ["docker", "logs", "--tail", "5", boxes.container(instance)],
        capture_output=True,
        text=True,
        check=False,
    )
    raise PluginError(f"the box of {instance} at {address} does not answer: {said.stdout}{said.stderr}")
