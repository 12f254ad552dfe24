"""The client's side of signing in: keys, agent, password and questions, in the real plugin's order."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import asyncssh

from tools.offline_plugins.command.endpoint import Endpoint
from tools.offline_plugins.command.errno_text import errno_text
from tools.offline_plugins.plugin import PluginError


class Client(asyncssh.SSHClient):
    """Answers what a server asks, and remembers which ways were tried.

    Args:
        password: The answer to every question.
        has_keys: Whether there are keys to sign in with.
    """

    def __init__(self, password: str | None, *, has_keys: bool) -> None:
        self._password = password
        self._has_keys = has_keys
        self.tried = ["none"]  # a client begins by asking which ways there are

    def begin_auth(self, username: str) -> None:  # noqa: ARG002 - asyncssh's form
        """Begin anew."""
        self.tried = ["none"]

    def public_key_auth_requested(self) -> None:
        """Note that the server took none of the keys; there are no more."""
        if self._has_keys:
            self.tried.append("publickey")

    def password_auth_requested(self) -> str | None:
        """Give the password once."""
        return self._once("password")

    def kbdint_auth_requested(self) -> str | None:
        """Be ready for questions once."""
        return None if self._once("keyboard-interactive") is None else ""

    def kbdint_challenge_received(
        self,
        name: str,  # noqa: ARG002 - asyncssh's form
        instructions: str,  # noqa: ARG002 - likewise
        lang: str,  # noqa: ARG002 - likewise
        prompts: Sequence[tuple[str, bool]],
    ) -> list[str]:
        """Answer every question with the password."""
        return [self._password or ""] * len(prompts)

    def _once(self, way: str) -> str | None:
        if self._password is None or way in self.tried:
            return None
        self.tried.append(way)
        return self._password


@dataclass(frozen=True)
class Ways:
    """The ways to sign in at one server, read before the first attempt.

    Attributes:
        password: For passwords and questions.
        keys: The key or those of the agent.
        order: Of the ways, as the protocol names them.
        host_keys: The keys that the server may have; nothing means any.
        trouble: What an attempt fails of before it signs in: the agent was there, but gave no answer.
    """

    password: str | None
    keys: Sequence[Any]
    order: Sequence[str]
    host_keys: Sequence[asyncssh.SSHKey] | None
    trouble: str | None = None

    def options(self) -> dict[str, Any]:
        """Give them as asyncssh takes them, with nothing of this user's own configuration."""
        options: dict[str, Any] = {
            "config": None,
            "client_keys": list(self.keys) or None,
            "agent_path": None,
            "preferred_auth": list(self.order) or ["publickey"],
            "known_hosts": None,
            "gss_host": None,
            "login_timeout": 0,
        }
        if self.host_keys is not None:
            options["known_hosts"] = (list(self.host_keys), [], [])
            # A pinned key also pins its algorithm, as there: `ssh-rsa` is SHA-1, which new servers refuse.
            options["server_host_key_algs"] = [key.get_algorithm() for key in self.host_keys]
        return options


@contextlib.asynccontextmanager
async def ways(endpoint: Endpoint) -> AsyncIterator[Ways]:
    """Read the keys of an endpoint; an agent stays connected as long as it is needed.

    Args:
        endpoint: Whose.

    Raises:
        PluginError: When a key cannot be read or the agent not be reached.
    """
    async with contextlib.AsyncExitStack() as cleanup:
        host_keys = None if endpoint.host_key is None else [_host_key(endpoint.host_key)]
        order = []
        keys: Sequence[Any] = []
        trouble = None
        if endpoint.private_key is not None:
            order.append("publickey")
            keys = [_private_key(endpoint.private_key, endpoint.private_key_password)]
        if endpoint.password is not None:
            order += ["password", "keyboard-interactive"]
        if endpoint.agent_socket is not None:
            agent = await cleanup.enter_async_context(_agent(endpoint.agent_socket))
            if "publickey" not in order:  # a way is tried once: with a key given, the agent's are not
                order.append("publickey")
                try:
                    keys = await agent.get_keys()
                except (OSError, ValueError):  # asyncssh's error for an answer that is cut or makes no sense
                    # A password is still tried; without one, this is what the attempt ends with.
                    trouble = None if endpoint.password is not None else "agent: client error: EOF"
        yield Ways(endpoint.password, keys, order, host_keys, trouble)


def _host_key(line: str) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_public_key(line)
    except asyncssh.KeyImportError as error:
        raise PluginError("failed to parse host key: ssh: no key found") from error


def _private_key(content: str, password: str | None) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_private_key(content, password)
    except asyncssh.KeyEncryptionError as error:
        if password is None:
            raise PluginError("ssh: this private key is passphrase protected") from error
        raise PluginError("x509: decryption password incorrect") from error
    except asyncssh.KeyImportError as error:
        if password is None and "passphrase" in str(error).lower():
            raise PluginError("ssh: this private key is passphrase protected") from error
        raise PluginError("ssh: no key found") from error


@contextlib.asynccontextmanager
async def _agent(path: str) -> AsyncIterator[asyncssh.SSHAgentClient]:
    try:
        agent = await asyncssh.connect_agent(path)
    except OSError as error:
        raise PluginError(f"dial unix {path}: connect: {errno_text(error.errno)}") from error
    try:
        yield agent
    finally:
        agent.close()
        with contextlib.suppress(OSError):  # it hung up first
            await agent.wait_closed()
