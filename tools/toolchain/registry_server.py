"""The registry's process: where it listens, how it is configured, and how it is started."""

from __future__ import annotations

import ipaddress
import json
import secrets
import shutil
import socket
import time
from dataclasses import asdict
from pathlib import Path
from typing import Final

from tools.toolchain import cache, docker_cli, packages, ports, process, registry_access, registry_keys
from tools.toolchain.errors import ToolchainError
from tools.toolchain.progress import Step
from tools.toolchain.registry_access import Registry, folder, remembered, write

FIRST_PORT: Final = 5443
PORTS: Final = 200
START_SECONDS: Final = 15.0
PROGRAM: Final = "docker-registry"


def start(part: Step) -> Registry:
    """Start the registry, on the port that it had last if that is free, and wait until it answers."""
    address = bridge_address()
    if not shutil.which(PROGRAM):
        _install(part)
    ours = registry_access.process()
    ours.stop()  # one that runs but does not answer
    port = _remembered_port() or FIRST_PORT
    for candidate in (port, *(number for number in range(FIRST_PORT, FIRST_PORT + PORTS) if number != port)):
        if not ports.is_free(candidate, address):
            if candidate == port and remembered():
                part.note(f"port {port} on {address} is taken by another program now: another one is used")
            continue
        part.now(f"starting the registry on {address}:{candidate}")
        where = _configure(address, candidate)
        ours.start([PROGRAM, "serve", str(folder() / "config.json")])
        if _answers(where):
            return where
        # Somebody may have taken the port between the look and the start: the next one is tried then.
        if "address already in use" not in ours.last_words():
            raise ToolchainError(
                f"the registry did not start: {ours.last_words()}", f"See its log: {ours.log}"
            )
    raise ToolchainError(
        f"no port from {FIRST_PORT} to {FIRST_PORT + PORTS - 1} is free on {address}",
        f"See who listens there: ss -ltnp src {address}",
    )


def bridge_address() -> str:
    """Return the address that this machine has on Docker's bridge.

    Raises:
        ToolchainError: there is no bridge, or this machine is not on it (an engine elsewhere).
    """
    inspected = docker_cli.ask("network", "inspect", "--format", "{{json .IPAM.Config}}", "bridge")
    configurations: list[dict[str, str]] = json.loads(inspected or "null") or []
    configurations = [one for one in configurations if ":" not in one.get("Subnet", ":")]  # IPv4
    if not configurations:
        raise ToolchainError(
            "Docker has no bridge network for IPv4, or does not answer", "See: docker network inspect bridge"
        )
    subnet = ipaddress.ip_network(configurations[0]["Subnet"])
    # An engine that chose the subnet itself does not name the gateway; it is the first address.
    address = configurations[0].get("Gateway") or str(subnet[1])
    try:
        with socket.socket() as probe:
            probe.bind((address, 0))
    except OSError as error:
        raise ToolchainError(
            f"the registry cannot listen on {address}, the gateway of Docker's bridge: {error.strerror}",
            "Use a Docker engine that runs on this machine itself (not in a virtual machine, not rootless).",
        ) from error
    return address


def _install(part: Step) -> None:
    """Install the registry's package; the service that comes with it is not wanted."""
    packages.install(part, ["docker-registry"], "the registry")
    if Path("/run/systemd/system").is_dir():
        command = ["systemctl", "disable", "--now", "docker-registry.service"]
        process.run(
            process.as_root(command, "switch the package's own service off"),
            what="the service of the package docker-registry could not be switched off",
            remedy=f"Run: sudo {' '.join(command)}",
        )


def _configure(address: str, port: int) -> Registry:
    """Write the registry's configuration and remember where it is."""
    keys, _ = cache.part(
        "registry-certificates", address, lambda draft: registry_keys.make_certificates(address, draft)
    )
    user, _ = cache.part("registry-user", registry_keys.USERNAME, registry_keys.make_user)
    configuration = {
        "version": "0.1",
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder() / "data")}, "delete": {"enabled": True}},
        "http": {
            "addr": f"{address}:{port}",
            "secret": secrets.token_hex(16),
            "tls": {"certificate": str(keys / "server.crt"), "key": str(keys / "server.key")},
        },
        "auth": {"htpasswd": {"realm": "backstaff", "path": str(user / "htpasswd")}},
    }
    where = Registry(
        f"{address}:{port}", registry_keys.USERNAME, str(user / "password"), str(keys / "ca.crt")
    )
    # JSON is YAML too, and Python's standard library has no YAML.
    write(folder() / "config.json", json.dumps(configuration, indent=2))
    write(folder() / "registry.json", json.dumps(asdict(where), indent=2))
    return where


def _answers(where: Registry) -> bool:
    """Wait until the registry lets its user in, or has ended, or the time is out."""
    limit = time.monotonic() + START_SECONDS
    while time.monotonic() < limit and registry_access.process().is_running():
        if registry_access.is_open(where):
            return True
        time.sleep(0.05)
    return False


def _remembered_port() -> int | None:
    """Return the port that the registry had last."""
    last = remembered()
    return int(last.server.rpartition(":")[2]) if last else None
