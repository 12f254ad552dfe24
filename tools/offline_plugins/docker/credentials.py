"""Registry credentials: those the program gives, else those of `~/.docker/config.json` and its helpers.

They stay in memory and in request bodies. None is ever put on a command line.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tools.offline_plugins.docker.names import host_of
from tools.offline_plugins.plugin import PluginError

HELPER_SECONDS = 60
"""How long a credential helper may take; it may have to ask a person to unlock something."""

_TOKEN_USER = "<token>"  # noqa: S105 - how a helper says that its secret is an identity token
_NOT_FOUND = "credentials not found in native keychain"


class CredentialsError(PluginError):
    """Credentials that cannot be read."""


@dataclass(frozen=True)
class Credentials:
    """What signs in to one registry.

    Attributes:
        server: The registry's address.
        username: Empty when there are no credentials.
        password: The password.
        identity_token: Takes the place of name and password where a helper gives one.
        registry_token: A bearer token to send as it is.
    """

    server: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)

    def for_engine(self) -> dict[str, str]:
        """Give the form that Docker's API takes, without what is empty."""
        form = {
            "username": self.username,
            "password": self.password,
            "serveraddress": self.server,
            "identitytoken": self.identity_token,
            "registrytoken": self.registry_token,
        }
        return {key: value for key, value in form.items() if value}


@dataclass(frozen=True)
class DockerConfig:
    """The user's Docker configuration, as far as it tells credentials.

    Attributes:
        stored: Credentials in the file itself, by address.
        default_helper: The helper for every registry, empty when there is none.
        helpers: Helpers for single registries.
    """

    stored: dict[str, Credentials] = field(default_factory=dict)
    default_helper: str = ""
    helpers: dict[str, str] = field(default_factory=dict)

    def find(self, server: str) -> Credentials:
        """Find the credentials of one registry.

        Args:
            server: Its address.

        Returns:
            The credentials, empty ones when there are none.

        Raises:
            CredentialsError: When a helper fails.
        """
        helper = self.helpers.get(server, self.default_helper)
        return _ask_helper(helper, server) if helper else self._find_stored(server)

    def _find_stored(self, server: str) -> Credentials:
        if server in self.stored:
            return self.stored[server]
        alike = (found for address, found in self.stored.items() if host_of(address) == server)
        return next(alike, Credentials())

    def everything(self) -> dict[str, Credentials]:
        """Give all credentials there are, by address.

        Raises:
            CredentialsError: When the default helper fails; a registry's own helper that fails is left out.
        """
        found = dict(self.stored)
        if self.default_helper:
            found = {
                server: _ask_helper(self.default_helper, server) for server in _list(self.default_helper)
            }
        for server, helper in self.helpers.items():
            try:
                found[server] = _ask_helper(helper, server)
            except CredentialsError:
                continue
        return found

    def including(self, credentials: Credentials) -> DockerConfig:
        """Add credentials that the program gave."""
        return replace(self, stored={**self.stored, credentials.server: credentials})


def config_file() -> Path:
    """Say where the user's Docker configuration is: in `$DOCKER_CONFIG`, else in `~/.docker`."""
    folder = os.environ.get("DOCKER_CONFIG")
    return (Path(folder) if folder else Path.home() / ".docker") / "config.json"


def load_config() -> DockerConfig:
    """Load the user's Docker configuration.

    Returns:
        The configuration, an empty one when there is no file. Where it names no helper for all registries,
        the one of the system's key store serves, if that is installed.

    Raises:
        CredentialsError: When the file cannot be read.
    """
    path = config_file()
    try:
        config = parse_config(path.read_text())
    except FileNotFoundError:
        config = DockerConfig()
    except OSError as error:
        raise CredentialsError(
            f"loading config file: open {path}: {(error.strerror or '').lower()}"
        ) from error
    except ValueError as error:
        raise CredentialsError(f"parsing config file ({path}): {error}") from error
    return config if config.default_helper else replace(config, default_helper=_installed_helper())


def parse_config(text: str) -> DockerConfig:
    """Read the content of a `config.json`.

    Args:
        text: The file's content.

    Raises:
        ValueError: When it is not what Docker writes.
    """
    content: Any = json.loads(text) if text.strip() else {}
    if not isinstance(content, dict):
        raise ValueError("must be a JSON object")  # noqa: TRY004 - as any other bad content
    return DockerConfig(
        {server: _stored(server, entry) for server, entry in (content.get("auths") or {}).items()},
        content.get("credsStore") or "",
        dict(content.get("credHelpers") or {}),
    )


def _stored(server: str, entry: dict[str, str]) -> Credentials:
    username, password = entry.get("username", ""), entry.get("password", "")
    if entry.get("auth"):
        try:
            pair = base64.b64decode(entry["auth"], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise ValueError(f"auths of {server}: not base64") from error
        username, colon, password = pair.partition(":")
        if not colon or not username:
            raise ValueError("Invalid auth configuration file")
        password = password.strip("\0")
    return Credentials(
        server, username, password, entry.get("identitytoken", ""), entry.get("registrytoken", "")
    )


def _installed_helper() -> str:
    helper = "pass" if shutil.which("pass") else "secretservice"
    return helper if shutil.which(f"docker-credential-{helper}") else ""


def _ask_helper(helper: str, server: str) -> Credentials:
    try:
        answer = json.loads(_run_helper(helper, "get", server))
    except CredentialsError as error:
        if _NOT_FOUND in str(error):
            return Credentials()
        raise
    except ValueError as error:
        raise CredentialsError(f"docker-credential-{helper} get: the answer is not JSON") from error
    username, secret = answer.get("Username", ""), answer.get("Secret", "")
    if username == _TOKEN_USER:
        return Credentials(server, identity_token=secret)
    return Credentials(server, username, secret)


def _list(helper: str) -> list[str]:
    try:
        return list(json.loads(_run_helper(helper, "list", "")))
    except ValueError as error:
        raise CredentialsError(f"docker-credential-{helper} list: the answer is not JSON") from error


def _run_helper(helper: str, action: str, question: str) -> str:
    program = f"docker-credential-{helper}"
    try:
        done = subprocess.run(
            [program, action],
            input=question,
            capture_output=True,
            text=True,
            timeout=HELPER_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CredentialsError(f"error getting credentials - err: {error}, out: ``") from error
    if done.returncode:
        out = done.stdout.strip()
        raise CredentialsError(
            f"error getting credentials - err: exit status {done.returncode}, out: `{out}`"
        )
    return done.stdout
