"""A release: one image digest with one env and one set of run options, and an id made of the three."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

IMAGE_DIGITS = 12
SETTINGS_DIGITS = 6


def release_id(image: str, env: str, options: Mapping[str, str]) -> str:
    """Name a release, so that the same inputs give the same name on every day and every machine.

    Args:
        image: the image by digest, `repository@sha256:<64 hex digits>`.
        env: the digest of the whole env, from `env_digest`.
        options: what else decides how the container runs.

    Returns:
        `<12 hex digits of the image>-<6 hex digits of env and options>`.

    Raises:
        ValueError: the image has no digest.
    """
    _, found, digest = image.partition("@sha256:")
    if not found:
        message = f"an image by digest is needed to name a release, such as app@sha256:... (got {image!r})"
        raise ValueError(message)
    settings = json.dumps([env, sorted(options.items())]).encode()
    return f"{digest[:IMAGE_DIGITS]}-{hashlib.sha256(settings).hexdigest()[:SETTINGS_DIGITS]}"
