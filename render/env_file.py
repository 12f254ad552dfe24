"""How the app's variables travel to the server."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import SecretStr

ENV_DIGITS = 12


def env_lines(variables: Mapping[str, str | SecretStr]) -> str:
    """Write variables in a form in which every value survives: a line `NAME <base64 of the value>` each.

    Args:
        variables: names to values; a value may hold anything but NUL.

    Returns:
        The lines, sorted by name, as `write-env` reads them from its standard input.
    """
    return "".join(
        f"{name} {base64.b64encode(value.encode()).decode()}\n"
        for name, value in sorted(_shown(variables).items())
    )


def digest_of(variables: Mapping[str, str | SecretStr]) -> str:
    """Tell one env from another without telling what is in it.

    Over all variables at once: a digest of a single one could be guessed by trying values.

    Args:
        variables: names to values.

    Returns:
        12 hex digits.
    """
    return hashlib.sha256(json.dumps(sorted(_shown(variables).items())).encode()).hexdigest()[:ENV_DIGITS]


def _shown(variables: Mapping[str, str | SecretStr]) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else value.get_secret_value()
        for name, value in variables.items()
    }
