"""How the registry on this machine is reached, and where it keeps what it has to remember."""

from __future__ import annotations

import base64
import contextlib
import http
import http.client
import json
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.toolchain import cache, daemon

ANSWER_SECONDS: Final = 5.0
MANIFESTS: Final = (
    "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json"
)


@dataclass(frozen=True)
class Registry:
    """How to use the registry.

    Attributes:
        server: `172.17.0.1:5443`, on this machine and inside boxes.
        username: the only user.
        password_file: holds the password and nothing else; mode 0600.
        ca_certificate: file with the certificate of its authority.
    """

    server: str
    username: str
    password_file: str
    ca_certificate: str


def remembered() -> Registry | None:
    """Return the registry as it ran last, whether or not it runs now."""
    try:
        found: dict[str, str] = json.loads((folder() / "registry.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Registry(**found)


def _status(where: Registry, path: str) -> int:
    """Return the HTTP status with which the registry answers; 0 if it does not."""
    try:
        context = ssl.create_default_context(cafile=where.ca_certificate)
        # Not by urllib, which would ask a proxy.
        host, _, port = where.server.rpartition(":")
        connection = http.client.HTTPSConnection(host, int(port), timeout=ANSWER_SECONDS, context=context)
        with contextlib.closing(connection):
            connection.request(
                "HEAD", path, headers={"Authorization": f"Basic {basic(where)}", "Accept": MANIFESTS}
            )
            return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0


def basic(where: Registry) -> str:
    """Return user and password as HTTP's basic authentication writes them."""
    password = Path(where.password_file).read_text(encoding="utf-8")
    return base64.b64encode(f"{where.username}:{password}".encode()).decode()


def write(file: Path, text: str) -> None:
    """Write a file of mode 0600, whole or not at all."""
    draft = file.with_name(f"{file.name}.draft")
    draft.touch(mode=0o600)
    draft.write_text(text, encoding="utf-8")
    draft.rename(file)


def folder() -> Path:
    """Return the folder with the registry's data; for this user alone."""
    path = cache.folder() / "registry"
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def process() -> daemon.Daemon:
    """Return the registry's process."""
    return daemon.Daemon("registry", folder())


def is_open(where: Registry) -> bool:
    """Say whether the registry answers and lets its user in."""
    return _status(where, "/v2/") == http.HTTPStatus.OK


def has(where: Registry, repository: str, digest: str) -> bool:
    """Say whether the registry has an image.

    Args:
        where: the registry.
        repository: `traefik`.
        digest: `sha256:...`.
    """
    return _status(where, f"/v2/{repository}/manifests/{digest}") == http.HTTPStatus.OK
