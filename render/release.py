"""A release: one image digest with the env and the run options of each role, and an id made of them all."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from render.env_file import digest_of
from render.run_options import run_options
from render.schedule import schedule_lines

if TYPE_CHECKING:
    from settings import Settings

DIGEST = re.compile(r"@sha256:([0-9a-f]{64})\Z")
IMAGE_DIGITS = 12
SETTINGS_DIGITS = 6
NO_PORT = 0


# The last line of `find-release`.
FOUND = re.compile(r"^release=(\S+) image=(\S+) env=(\S*) port=(\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Release:
    """What the containers of one role on one server are made from.

    Attributes:
        id: its name among the releases of a service.
        image: by digest.
        env: the digest of its env.
        port: the port that the app listens on; 0 where the proxy does not serve it.
    """

    id: str
    image: str
    env: str
    port: int

    @classmethod
    def found(cls, text: str) -> Self:
        """Read what `find-release` found.

        Args:
            text: what it printed.

        Returns:
            The release.

        Raises:
            ValueError: it names none.
        """
        found = FOUND.search(text)
        if not found:
            raise ValueError(f"find-release named no release: {text!r}")
        return cls(found[1], found[2], found[3], int(found[4]))


def name_release(settings: Settings, image: str) -> str:
    """Name the release that the settings ask for.

    Args:
        settings: the stack's settings.
        image: by digest.

    Returns:
        An id, the same for all roles and servers, and for the same settings on every day.
    """
    return release_id(image, [_parts(settings, name) for name in sorted(settings.servers)])


def new_release(settings: Settings, role: str, name: str, image: str, env: str) -> Release:
    """Make what one role runs on a server of a release that the settings ask for.

    Args:
        settings: the stack's settings.
        role: its name.
        name: the release's id.
        image: by digest.
        env: the digest of the whole env of the server.

    Returns:
        The release.
    """
    proxy = settings.servers[role].proxy
    is_sent = settings.registry is None and not settings.is_prebuilt
    return Release(name, local_name(image) if is_sent else image, env, proxy.app_port if proxy else NO_PORT)


def _parts(settings: Settings, name: str) -> list[object]:
    """Name all that decides how a role's containers run, but on which servers."""
    role = settings.servers[name]
    envs = sorted({digest_of(env) for env in role.env.values()})
    port = role.proxy.app_port if role.proxy else NO_PORT
    return [name, envs, run_options(settings, role), port, role.asset_path, schedule_lines(role)]


def local_name(image: str) -> str:
    """Name an image that has no registry: a server does not know it by a digest of one.

    Args:
        image: by digest, which is its id.

    Returns:
        Repository and a tag made of the id, such as `hello:9e52547c5edd`.
    """
    repository, _, digest = image.partition("@sha256:")
    return f"{repository}:{digest[:IMAGE_DIGITS]}"


def release_id(image: str, parts: object) -> str:
    """Name a release, so that the same inputs give the same name on every day and every machine.

    Args:
        image: the image by digest, `repository@sha256:<64 hex digits>`.
        parts: what else decides how its containers run; anything that JSON takes.

    Returns:
        `<12 hex digits of the image>-<6 hex digits of the rest>`.

    Raises:
        ValueError: the image has no digest.
    """
    found = DIGEST.search(image)
    if not found:
        raise ValueError(
            f"an image by digest is needed to name a release, such as app@sha256:... (got {image!r})"
        )
    rest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    return f"{found[1][:IMAGE_DIGITS]}-{rest[:SETTINGS_DIGITS]}"
