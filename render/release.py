"""A release: one image digest with one env and one set of run options, and an id made of the three."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DIGEST = re.compile(r"@sha256:([0-9a-f]{64})\Z")
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
    found = DIGEST.search(image)
    if not found:
        raise ValueError(
            f"an image by digest is needed to name a release, such as app@sha256:... (got {image!r})"
        )
    settings = json.dumps([env, sorted(options.items())]).encode()
    return f"{found[1][:IMAGE_DIGITS]}-{hashlib.sha256(settings).hexdigest()[:SETTINGS_DIGITS]}"
