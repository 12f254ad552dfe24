"""Where and how to sign in by SSH: the input `connection`, read once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_UNLIMITED = -1


@dataclass(frozen=True, repr=False)
class Endpoint:
    """One server and the ways to sign in there.

    Attributes:
        host: Its name or address.
        port: Its port.
        user: Who signs in.
        password: For signing in by password and for answering questions.
        private_key: The content of a key file.
        private_key_password: What the key is encrypted with.
        agent_socket: Where an SSH agent listens.
        dial_error_limit: How many failed attempts are allowed before the last one; -1 is no limit.
        per_dial_timeout_seconds: For the connection of one attempt; 0 is no limit.
        host_key: The server's key, as a line of known_hosts without the host; without one any is taken.
        proxy: The server to go through.
    """

    host: str
    port: int
    user: str
    password: str | None
    private_key: str | None
    private_key_password: str | None
    agent_socket: str | None
    dial_error_limit: int
    per_dial_timeout_seconds: int
    host_key: str | None
    proxy: Endpoint | None = None

    @property
    def address(self) -> str:
        """Host and port as errors show them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def limit_text(self) -> str:
        """The limit as retries show it."""
        return "inf" if self.dial_error_limit == _UNLIMITED else str(self.dial_error_limit)

    def reaches_limit(self, dials: int) -> bool:
        """Tell whether so many failed attempts are too many."""
        return self.dial_error_limit > _UNLIMITED and dials > self.dial_error_limit


def endpoint(connection: Mapping[str, Any]) -> Endpoint:
    """Read an input `connection` or `proxy`.

    Args:
        connection: The input, checked, with its secrets revealed.
    """
    proxy = connection.get("proxy")
    return Endpoint(
        host=connection["host"],
        port=int(connection.get("port", 22)),
        user=connection.get("user", "root"),
        password=connection.get("password"),
        private_key=connection.get("privateKey"),
        private_key_password=connection.get("privateKeyPassword"),
        agent_socket=connection.get("agentSocketPath") or os.environ.get("SSH_AUTH_SOCK") or None,
        dial_error_limit=int(connection.get("dialErrorLimit", 10)),
        per_dial_timeout_seconds=int(connection.get("perDialTimeout", 15)),
        host_key=connection.get("hostKey"),
        proxy=endpoint(proxy) if proxy else None,
    )
