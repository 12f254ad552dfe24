"""What a deploy tells its user at the end, ready to paste."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from render.gate import public_host
from settings.files import expanded

if TYPE_CHECKING:
    from settings import Proxy, Settings, Ssh

HTTP_PORT = 80
SSH_PORT = 22


def public_url(settings: Settings, proxy: Proxy, address: str) -> str:
    """Write the address under which the app is reached.

    Args:
        settings: the stack's settings.
        proxy: how the app is reached.
        address: the server's.

    Returns:
        A URL with the first host name of the app, or the server's address, and its first path prefix.
    """
    host = public_host(proxy) if proxy.hosts else bracketed(address)
    port = settings.traefik.http_port
    prefix = "".join(proxy.path_prefixes[:1]).rstrip("/")
    return f"http://{host}" + (f":{port}" if port != HTTP_PORT else "") + prefix


def ssh_command(ssh: Ssh, address: str) -> str:
    """Write the command that logs in on the server.

    Args:
        ssh: user, port and key.
        address: the server's.

    Returns:
        Such as `ssh -i /home/ada/.ssh/id_ed25519 -p 2222 ubuntu@203.0.113.10`.
    """
    words = ["ssh"]
    for key in ssh.keys:
        # Expanded here: quoted as a word of its own, a shell would take `~` as it stands.
        words += ["-i", str(expanded(key))]
    if ssh.port != SSH_PORT:
        words += ["-p", str(ssh.port)]
    return shlex.join([*words, f"{ssh.user}@{address}"])


def docker_host(ssh: Ssh, address: str) -> str:
    """Write the server's Docker engine as `docker -H` takes it.

    Args:
        ssh: user and port; the key is the SSH agent's or that of `~/.ssh/config`.
        address: the server's.

    Returns:
        Such as `ssh://ubuntu@203.0.113.10`.
    """
    return f"ssh://{ssh.user}@{bracketed(address)}" + (f":{ssh.port}" if ssh.port != SSH_PORT else "")


def bracketed(address: str) -> str:
    """Put an IPv6 address into brackets, as URLs want it."""
    return f"[{address}]" if ":" in address else address
