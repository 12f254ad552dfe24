"""The provider's own configuration: which Docker engine, and who looks images up."""

from __future__ import annotations

import json
import os

from tools.offline_plugins.plugin import PluginError
from tools.offline_plugins.values import UNKNOWN, Properties, revealed

OPTIONS = frozenset(
    {
        "caMaterial",
        "certMaterial",
        "certPath",
        "disableDockerDaemonCheck",
        "host",
        "keyMaterial",
        "registryAuth",
        "sshOpts",
    }
)
"""The options that are honoured; all others are refused.

`disableDockerDaemonCheck` changes nothing here, as with the official plugin: images need the engine.
"""

SECRET_OPTION = "registryAuth"  # noqa: S105 - its name
"""The option that the state keeps as a secret."""

_FROM_ENVIRONMENT = {
    "host": "DOCKER_HOST",
    "caMaterial": "DOCKER_CA_MATERIAL",
    "certMaterial": "DOCKER_CERT_MATERIAL",
    "keyMaterial": "DOCKER_KEY_MATERIAL",
    "certPath": "DOCKER_CERT_PATH",
}


def options(inputs: Properties) -> dict[str, str]:
    """Read the provider's inputs, and fill in what the environment says where the program says nothing.

    Args:
        inputs: The inputs, lists among them as such or as JSON, the form of the SDKs.

    Returns:
        The options as texts, lists as JSON; what is not known yet is left out.
    """
    given = {key: value for key, value in revealed(inputs).items() if key in OPTIONS and value is not UNKNOWN}
    found = {key: os.environ.get(name, "") for key, name in _FROM_ENVIRONMENT.items()}
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in given.items()}
    return {**{key: value for key, value in found.items() if value}, **texts}


class ConfigurationError(PluginError):
    """An option that cannot be used."""


def json_list(text: str, option: str) -> list[object]:
    """Read an option that is a list.

    Args:
        text: JSON, empty for none.
        option: Its name, for the message.

    Raises:
        ConfigurationError: When it is no list.
    """
    try:
        found = json.loads(text or "[]")
    except ValueError as error:
        raise ConfigurationError(f"{option}: must be a list in JSON: {error}") from error
    if not isinstance(found, list):
        raise ConfigurationError(f"{option}: must be a list (got {type(found).__name__})")
    return found
