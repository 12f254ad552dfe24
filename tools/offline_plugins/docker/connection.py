"""Ways to a Docker engine: a socket of this machine, TCP with or without TLS, or SSH."""

from __future__ import annotations

import http.client
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from tools.offline_plugins.plugin import PluginError

DEFAULT_HOST = "unix:///var/run/docker.sock"
USER_HOSTS = ("unix://{home}/.docker/run/docker.sock", "unix://{home}/.docker/desktop/docker.sock")
"""Where a Docker engine of one user listens; tried when there is none for the whole machine."""

PLAIN_PORT, TLS_PORT = 2375, 2376

Connect = Callable[[], http.client.HTTPConnection]


class HostError(PluginError):
    """An address or certificates that lead to no Docker engine."""


class _GivenSocket(http.client.HTTPConnection):
    """HTTP over a socket that something else opens."""

    def __init__(self, open_socket: Callable[[], socket.socket]) -> None:
        super().__init__("localhost")
        self._open_socket = open_socket

    def connect(self) -> None:
        """Open the socket."""
        self.sock = self._open_socket()


def connector(host: str, config: Mapping[str, str], ssh_options: Sequence[str]) -> Connect:
    """Say how to open a connection to a Docker engine.

    Args:
        host: Its address: `unix://`, `ssh://`, `tcp://`, `http://` or `https://`.
        config: The provider's configuration, for its certificates.
        ssh_options: Further options for the SSH client.

    Returns:
        A function that gives a new connection, not yet opened.

    Raises:
        HostError: When the address or the certificates make no sense.
    """
    address = urlsplit(host)
    tls = _tls_context(config)
    if address.scheme == "unix":
        return lambda: _GivenSocket(lambda: _unix_socket(address.path))
    if address.scheme == "ssh":
        command = _ssh_command(host, ssh_options)
        return lambda: _GivenSocket(lambda: _ssh_socket(command))
    name = address.hostname or "localhost"
    if tls is None and address.scheme != "https":
        return lambda: http.client.HTTPConnection(name, address.port or PLAIN_PORT)
    context = tls or ssl.create_default_context()
    return lambda: http.client.HTTPSConnection(name, address.port or TLS_PORT, context=context)


def _unix_socket(path: str) -> socket.socket:
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        opened.connect(path)
    except OSError:
        opened.close()
        raise
    return opened


def _ssh_command(host: str, options: Sequence[str]) -> list[str]:
    address = urlsplit(host)
    if not address.hostname or address.password or address.query or address.fragment:
        raise HostError(f"unable to parse docker host `{host}`: write ssh://user@host:port")
    login = ["-l", address.username] if address.username else []
    port = ["-p", str(address.port)] if address.port else []
    far_socket = ["--host", f"unix://{address.path}"] if address.path.strip("/") else []
    remote = ["docker", *far_socket, "system", "dial-stdio"]
    return ["ssh", *options, "-o", "ConnectTimeout=30", "-T", *login, *port, "--", address.hostname, *remote]


def _ssh_socket(command: list[str]) -> socket.socket:
    """Start an SSH client that joins one end of a socket pair to the engine, and give the other end."""
    here, there = socket.socketpair()
    with there:
        end = there.fileno()
        subprocess.Popen(command, stdin=end, stdout=end, stderr=subprocess.DEVNULL, start_new_session=True)
    return here


def _tls_context(config: Mapping[str, str]) -> ssl.SSLContext | None:
    given = [config.get(key, "") for key in ("caMaterial", "certMaterial", "keyMaterial")]
    folder = config.get("certPath", "")
    if any(given):
        if not all(given):
            raise HostError("certMaterial, keyMaterial, and caMaterial must all be specified")
        if folder:
            raise HostError("when using raw certificates, certPath must not be specified")
        return _context_from_material(*given)
    if not folder:
        return None
    return _context_from_files(Path(folder))


def _context_from_material(authority: str, certificate: str, key: str) -> ssl.SSLContext:
    """Make a context from texts; Python reads a key only from a file, so there is one for a moment (0600)."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("ca.pem", authority), ("cert.pem", certificate), ("key.pem", key)):
            path = Path(folder, name)
            path.touch(0o600)
            path.write_text(text)
        return _context_from_files(Path(folder))


def _context_from_files(folder: Path) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=folder / "ca.pem")
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    except OSError as error:
        raise HostError(f"failed to read the TLS certificates in {folder}: {error}") from error
    return context
