"""Docker engines trust the registry by a file in /etc/docker/certs.d, which they read at each connection."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tools.toolchain import process
from tools.toolchain.progress import Step
from tools.toolchain.registry_access import Registry, folder, write

CERTIFICATES: Final = Path("/etc/docker/certs.d")


def is_there(where: Registry) -> bool:
    """Say whether this machine's engine trusts the registry."""
    file = CERTIFICATES / where.server / "ca.crt"
    try:
        return file.read_bytes() == Path(where.ca_certificate).read_bytes()
    except OSError:
        return False


def give(part: Step, where: Registry) -> None:
    """Make this machine's engine trust the registry, and no earlier one of ours."""
    take_back(keep=where.server)
    write(_list(), where.server)
    if is_there(where):
        return
    file = CERTIFICATES / where.server / "ca.crt"
    part.note(f"this machine's Docker engine is told to trust {where.server}: {file}")
    process.run(
        process.as_root(["install", "-D", "-m", "0644", where.ca_certificate, str(file)], f"write {file}"),
        what="the Docker engine could not be told to trust the registry",
        remedy=f"Run: sudo install -D -m 0644 {where.ca_certificate} {file}",
    )


def take_back(keep: str = "") -> list[str]:
    """Take back the trust of this machine's engine.

    Args:
        keep: a server that stays trusted.

    Returns:
        The servers that were trusted until now.
    """
    servers = _list().read_text(encoding="utf-8").split() if _list().exists() else []
    for server in servers:
        place = CERTIFICATES / server
        if server != keep and place.exists():
            remove = ["rm", "-r", str(place)]
            process.run(process.as_root(remove, f"remove {place}"), remedy=f"Run: sudo rm -r {place}")
    return servers


def _list() -> Path:
    """Return the file with the servers that the engine was told to trust."""
    return folder() / "trusted"
