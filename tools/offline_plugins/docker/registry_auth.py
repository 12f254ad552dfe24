"""The provider's option `registryAuth`: who looks images up, registry by registry."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.offline_plugins.docker.configuration import json_list
from tools.offline_plugins.docker.credentials import Credentials, CredentialsError, DockerConfig, parse_config
from tools.offline_plugins.docker.names import HUB_SIGN_IN
from tools.offline_plugins.plugin import PluginError

HUB_HOSTS = ("registry-1.docker.io", "index.docker.io", "docker.io", "registry.hub.docker.com")
"""The names of Docker Hub; credentials for one serve for all."""

KEYS = frozenset({"address", "authDisabled", "configFile", "configFileContent", "password", "username"})


class RegistryAuthError(PluginError):
    """A `registryAuth` that makes no sense."""


@dataclass(frozen=True)
class RegistryAuth:
    """Credentials for one registry.

    Attributes:
        address: Its address with the scheme, which is `https` unless `http` is written.
        username: Empty for nobody.
        password: The password.
    """

    address: str
    username: str = ""
    password: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        """Host and port."""
        return self.address.partition("://")[2]


def read_registry_auth(text: str) -> dict[str, RegistryAuth]:
    """Read the option.

    Args:
        text: A JSON list, as the engine hands it to a plugin; empty for none.

    Returns:
        The credentials by the registry's host.

    Raises:
        RegistryAuthError: When an entry makes no sense.
    """
    found = [_read(entry) for entry in json_list(text, "registryAuth")]
    return {entry.host: entry for entry in found}


def find(auths: Mapping[str, RegistryAuth], host: str) -> RegistryAuth:
    """Find the credentials for a registry; nobody and https where none are given."""
    alike = HUB_HOSTS if host in HUB_HOSTS else ()
    return next((auths[name] for name in (host, *alike) if name in auths), RegistryAuth(f"https://{host}"))


def _read(written: object) -> RegistryAuth:
    if not isinstance(written, Mapping):
        raise RegistryAuthError(f"registryAuth: must be a list of objects (got {type(written).__name__})")
    # The Python SDK hands dictionaries on with the names of Python.
    entry = {_camel_case(key): value for key, value in written.items()}
    unknown = sorted(entry.keys() - KEYS)
    if unknown:
        raise RegistryAuthError(
            f'registryAuth: unknown key "{unknown[0]}"; known are {", ".join(sorted(KEYS))}'
        )
    given = entry.get("address") or ""
    if not given:
        raise RegistryAuthError('registryAuth: expected "address" to not be an empty string')
    scheme = "http" if given.startswith("http://") else "https"
    address = f"{scheme}://{given.removeprefix('http://').removeprefix('https://').partition('/')[0]}"
    host = address.partition("://")[2]
    username = entry.get("username") or os.environ.get("DOCKER_REGISTRY_USER", "")
    password = entry.get("password") or os.environ.get("DOCKER_REGISTRY_PASS", "")
    if entry.get("authDisabled") in (True, "true"):
        username = password = "not-needed"  # noqa: S105 - any words do, the registry does not look at them
    if not username:
        found = _configured(entry, host)
        username, password = found.username, found.password
    return RegistryAuth(address, username, password)


def _configured(entry: Mapping[str, Any], host: str) -> Credentials:
    """Take the credentials from a Docker configuration: a text, else a file, else the user's own."""
    if entry.get("configFileContent"):
        try:
            return _of(parse_config(entry["configFileContent"]), host)
        except ValueError as error:
            raise RegistryAuthError(f"Error parsing docker registry config json: {error}") from error
        except CredentialsError as error:
            raise RegistryAuthError(f"couldn't find registry config for '{host}' in file content") from error
    path = Path(entry.get("configFile") or _default_file()).expanduser()
    try:
        return _of(parse_config(path.read_text()), host)
    except OSError as error:
        reason = f"open {path}: {(error.strerror or '').lower()}"
        raise RegistryAuthError(
            f"could not open config file from filePath: {path}. Error: {reason}"
        ) from error
    except ValueError as error:
        raise RegistryAuthError(f"could not read and load config file: {error}") from error
    except CredentialsError as error:
        raise RegistryAuthError(
            f"could not get auth config (the credentialhelper did not work or was not found): {error}"
        ) from error


def _camel_case(key: str) -> str:
    first, *others = key.split("_")
    return first + "".join(word.title() for word in others)


def _default_file() -> str:
    given = os.environ.get("DOCKER_CONFIG")
    if not given:
        return "~/.docker/config.json"
    return str(Path(given, "config.json")) if Path(given).is_dir() else given


def _of(config: DockerConfig, host: str) -> Credentials:
    alike = (HUB_SIGN_IN, *HUB_HOSTS) if host in HUB_HOSTS else ()
    return next((config.stored[key] for key in alike if key in config.stored), None) or config.find(host)
