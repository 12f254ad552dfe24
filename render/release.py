"""A release: one image digest with one env and one set of run options, and an id made of the three."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from render.run_options import run_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from settings import Settings

DIGEST = re.compile(r"@sha256:([0-9a-f]{64})\Z")
IMAGE_DIGITS = 12
SETTINGS_DIGITS = 6


# The last line of `find-release`.
FOUND = re.compile(r"^release=(\S+) image=(\S+) env=(\S*) port=(\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Release:
    """What a container is made from.

    Attributes:
        id: its name among the releases of a service's role.
        image: by digest.
        env: the digest of its env.
        port: the port that the app listens on.
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


def new_release(settings: Settings, image: str, env: str) -> Release:
    """Make a release from what the settings say.

    Args:
        settings: the stack's settings.
        image: by digest.
        env: the digest of the whole env.

    Returns:
        The release, the same for the same parts on every day.
    """
    port = settings.proxy.app_port
    name = release_id(image, env, [*run_options(settings), f"port={port}"])
    is_sent = settings.registry is None and not settings.is_prebuilt
    return Release(name, local_name(image) if is_sent else image, env, port)


def local_name(image: str) -> str:
    """Name an image that has no registry: a server does not know it by a digest of one.

    Args:
        image: by digest, which is its id.

    Returns:
        Repository and a tag made of the id, such as `hello:9e52547c5edd`.
    """
    repository, _, digest = image.partition("@sha256:")
    return f"{repository}:{digest[:IMAGE_DIGITS]}"


def release_id(image: str, env: str, options: Sequence[str]) -> str:
    """Name a release, so that the same inputs give the same name on every day and every machine.

    Args:
        image: the image by digest, `repository@sha256:<64 hex digits>`.
        env: the digest of the whole env, from `env_digest`.
        options: what else decides how the container runs, in order.

    Returns:
        `<12 hex digits of the image>-<6 hex digits of env and options>`.

    Raises:
        ValueError: the image has no digest.
    """
    found = DIGEST.search(image)
    if not found:
        raise ValueError(
            f"an image by digest is needed to name a release, such as app@sha256:... (got {image!r})"
        )
    settings = json.dumps([env, list(options)]).encode()
    return f"{found[1][:IMAGE_DIGITS]}-{hashlib.sha256(settings).hexdigest()[:SETTINGS_DIGITS]}"
