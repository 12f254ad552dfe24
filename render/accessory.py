"""How an accessory's container is run, and what is brought to the server for it."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from render.command_line import STATE_FOLDER
from render.env_file import digest_of, env_lines
from render.run_options import log_words, option_words, restart_policy
from render.traefik import accessory_file
from settings.accessories import container_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from settings import Accessory, Settings

FILES_DIGITS = 12
LOOPBACK = "127.0.0.1"
# `HOST_PORT:PORT`, to which an address can be added.
TWO_PORTS = 1
# What stands for a mode or an owner that is not set.
UNSET = "-"


@dataclass(frozen=True)
class AccessoryRun:
    """What the server is told of an accessory.

    Attributes:
        arguments: of `start-accessory`; no secret is among them.
        rest: options of `docker run`, then `--` and the command if there is one.
        stdin: the variables, files, directories, the route and the registry's password: a secret.
    """

    arguments: Mapping[str, str | int | float]
    rest: list[str]
    stdin: str


def accessory_run(settings: Settings, name: str) -> AccessoryRun:
    """Say how an accessory is run.

    Args:
        settings: the stack's settings.
        name: the accessory's.

    Returns:
        All that the server has to know.
    """
    accessory = settings.accessories[name]
    files = _file_lines(settings, accessory, f"{STATE_FOLDER}/data/{settings.service}/{name}")
    digest = hashlib.sha256("".join(files).encode()).hexdigest()[:FILES_DIGITS]
    arguments: dict[str, str | int | float] = {
        "service": settings.service,
        "accessory": name,
        "name": container_of(settings.service, name, accessory),
        "image": accessory.reference,
        "env": digest_of(accessory.env),
        "files": digest,
        "restart": restart_policy(accessory.options),
        "deploy-timeout": accessory.deploy_timeout,
        "stop-timeout": accessory.stop_timeout,
    }
    optional = {
        "network": accessory.network,
        "routes": " ".join(accessory.proxy.routes) if accessory.proxy else None,
        "refresh": accessory.refresh,
        "health-cmd": accessory.healthcheck.cmd,
        "registry": accessory.registry.server if accessory.registry else None,
        "username": accessory.registry.username if accessory.registry else None,
    }
    arguments |= {key: value for key, value in optional.items() if value}
    lines = [f"env {line}\n" for line in env_lines(accessory.env).splitlines()] + files
    if accessory.proxy:
        route = accessory_file(
            f"{settings.service}-accessory-{name}", str(arguments["name"]), accessory.proxy
        )
        lines.append(f"route {_encoded(route.encode())}\n")
    if accessory.registry:
        lines.append(f"password {_encoded(accessory.registry.password.get_secret_value().encode())}\n")
    return AccessoryRun(arguments, _words(settings, name, digest), "".join(lines))


def published(port: str) -> str:
    """Bind a published port to the loopback address, unless another one is written.

    Args:
        port: `PORT`, `HOST_PORT:PORT` or `ADDRESS:HOST_PORT:PORT`.

    Returns:
        Such as `127.0.0.1:6379:6379`.
    """
    ports, slash, protocol = port.partition("/")
    if ":" not in ports:
        ports = f"{ports}:{ports}"
    if ports.count(":") == TWO_PORTS:
        ports = f"{LOOPBACK}:{ports}"
    return f"{ports}{slash}{protocol}"


def _words(settings: Settings, name: str, files: str) -> list[str]:
    accessory = settings.accessories[name]
    brought = f"{STATE_FOLDER}/services/{settings.service}/accessories/{name}/files-{files}"
    own = f"{STATE_FOLDER}/data/{settings.service}/{name}"
    words = log_words(settings.logging)
    for port in accessory.port:
        words += ["--publish", published(port)]
    for number, file in enumerate(accessory.files):
        words += ["--volume", _mounted(f"{brought}/{number}", file.remote, file.options)]
    for directory in accessory.directories:
        words += ["--volume", _mounted(_folder(own, directory.local), directory.remote, directory.options)]
    for volume in accessory.volumes:
        words += ["--volume", volume]
    for key, value in sorted(accessory.labels.items()):
        words += ["--label", f"{key}={value}"]
    words += option_words(accessory.options)
    return [*words, "--", *accessory.command] if accessory.command else words


def _mounted(here: str, there: str, options: str | None) -> str:
    return f"{here}:{there}" + (f":{options}" if options else "")


def _folder(own: str, local: str) -> str:
    return local if local.startswith("/") else f"{own}/{local}"


def _file_lines(settings: Settings, accessory: Accessory, own: str) -> list[str]:
    """Write the files and directories as `start-accessory` reads them."""
    lines = []
    for number, file in enumerate(accessory.files):
        content = _encoded(_content(settings.app, file.local))
        lines.append(f"file {number} {file.mode or UNSET} {file.owner or UNSET} {content}\n")
    return lines + [
        f"directory {one.mode or UNSET} {one.owner or UNSET} {_folder(own, one.local)}\n"
        for one in accessory.directories
    ]


def _content(app: Path | None, local: Path) -> bytes:
    return (app / local).read_bytes() if app else local.read_bytes()


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()
