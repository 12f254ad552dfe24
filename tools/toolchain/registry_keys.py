"""What the registry needs to be trusted and to trust: certificates, a user and a password."""

from __future__ import annotations

import ctypes
import secrets
from pathlib import Path
from typing import Final

from tools.toolchain import process
from tools.toolchain.errors import ToolchainError

USERNAME: Final = "backstaff"
CA_DAYS: Final = 3650
SERVER_DAYS: Final = 3650
# The registry checks the password at every request; 2^8 rounds are plenty for one with 192 random bits.
BCRYPT_COST: Final = 8

OPENSSL_CONFIGURATION: Final = """
[req]
distinguished_name = name
prompt = no
[name]
CN = Backstaff registry on this machine
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = {names}
"""


def make_certificates(address: str, folder: Path) -> None:
    """Make a certificate authority and the registry's certificate.

    Args:
        address: the IP address under which the registry is known; 127.0.0.1 is added.
        folder: gets ca.crt, server.crt and server.key. The authority's own key is thrown away.

    Raises:
        ToolchainError: openssl is missing, or failed.
    """
    configuration = folder / "openssl.conf"
    names = f"IP:{address}, IP:127.0.0.1, DNS:localhost"
    configuration.write_text(OPENSSL_CONFIGURATION.format(names=names), encoding="utf-8")
    _openssl(
        *(
            "req",
            "-x509",
            *_new_key(folder / "ca.key"),
            "-out",
            str(folder / "ca.crt"),
            "-days",
            str(CA_DAYS),
        ),
        *("-config", str(configuration), "-extensions", "authority"),
    )
    request = folder / "server.csr"
    _openssl(
        *("req", *_new_key(folder / "server.key"), "-out", str(request), "-config", str(configuration)),
    )
    _openssl(
        *("x509", "-req", "-in", str(request), "-out", str(folder / "server.crt"), "-days", str(SERVER_DAYS)),
        *("-CA", str(folder / "ca.crt"), "-CAkey", str(folder / "ca.key"), "-set_serial", _serial()),
        *("-extfile", str(configuration), "-extensions", "server"),
    )
    for spent in (request, configuration, folder / "ca.key"):
        spent.unlink()


def make_user(folder: Path) -> None:
    """Make a user with a random password.

    Args:
        folder: gets `password` and `htpasswd`, both of mode 0600.

    Raises:
        ToolchainError: there is no libcrypt that knows bcrypt.
    """
    password = secrets.token_urlsafe(24)
    for name, text in (("password", password), ("htpasswd", f"{USERNAME}:{bcrypt(password)}\n")):
        file = folder / name
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8")


def bcrypt(password: str) -> str:
    """Return a password's bcrypt hash, made by the system's libcrypt (Python has no bcrypt of its own).

    Raises:
        ToolchainError: there is no libcrypt that knows bcrypt.
    """
    try:
        library = ctypes.CDLL("libcrypt.so.1")
        library.crypt_gensalt.restype = library.crypt.restype = ctypes.c_char_p
        # Random bytes are taken from the system if none are given.
        salt = library.crypt_gensalt(b"$2b$", ctypes.c_ulong(BCRYPT_COST), None, ctypes.c_int(0))
        result = library.crypt(password.encode(), salt) if salt else None
    except (OSError, AttributeError):
        result = None
    if not isinstance(result, bytes) or not result.startswith(b"$2b$"):
        raise ToolchainError(
            "the registry's password file cannot be made: this system has no libcrypt.so.1 that knows bcrypt",
            "Install libxcrypt (Debian and Ubuntu: sudo apt-get install libcrypt1).",
        )
    return result.decode()


def _new_key(file: Path) -> list[str]:
    """Return openssl's options for a new private key without a passphrase; the file gets mode 0600."""
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(file)]


def _serial() -> str:
    """Return a serial number that no other certificate has."""
    return f"0x{secrets.token_hex(16)}"


def _openssl(*arguments: str) -> None:
    """Run openssl."""
    process.run(
        ["openssl", *arguments],
        what="openssl could not make the registry's certificates",
        remedy="Install OpenSSL 1.1.1 or newer (Debian and Ubuntu: sudo apt-get install openssl).",
    )
