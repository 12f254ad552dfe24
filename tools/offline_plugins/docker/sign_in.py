"""Who signs in to the registry of an image: the program's user, else the one of this machine."""

from __future__ import annotations

from tools.offline_plugins.docker.credentials import Credentials, DockerConfig
from tools.offline_plugins.docker.inputs import Registry
from tools.offline_plugins.docker.names import registry_address


def sign_in(registry: Registry, image: str, config: DockerConfig) -> tuple[Credentials, str]:
    """Choose the credentials for an image.

    Args:
        registry: What the program says.
        image: The image's name.
        config: The user's Docker configuration, used where the program does not give both name and password.

    Returns:
        The credentials, and a warning when half of those of the program are missing.

    Raises:
        ImageNameError: When neither the program nor the image's name tells the registry.
        CredentialsError: When a credential helper fails.
    """
    server = registry_address(registry.server, image)
    if registry.username and registry.password:
        return Credentials(server, registry.username, registry.password), ""
    warning = ""
    if registry.password:
        warning = "username was not set, although password was; using host credentials file"
    if registry.username:
        warning = "password was not set, although username was; using host credentials file"
    return config.find(server), warning
