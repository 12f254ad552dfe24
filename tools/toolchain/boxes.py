"""Which boxes there are.

A box is there when its description, `<cache>/boxes/NAME/box.json`, is there; that is written last. Anything
of its name without a description was left by a run that was killed.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tools.toolchain import cache, docker_cli
from tools.toolchain.errors import ToolchainError

LABEL: Final = "backstaff.box"
OWNER_LABEL: Final = "backstaff.cache"
NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")


@dataclass(frozen=True)
class Box:
    """How to reach a box.

    Attributes:
        name: also its host name.
        host: the address at which its ports are published.
        ssh_port: of `host`; port 22 of the box. The ports stay the same for as long as the box is there.
        http_port: port 80 of the box.
        https_port: port 443 of the box.
        user: may log in by key, and may use sudo without a password. So may root log in.
        private_key: file with the key that lets in; mode 0600.
        host_key: the box's own public key, `ssh-ed25519 AAAA...`.
    """

    name: str
    host: str
    ssh_port: int
    http_port: int
    https_port: int
    user: str
    private_key: str
    host_key: str


def check_name(name: str) -> None:
    """Refuse a name that cannot be a host name.

    Raises:
        ToolchainError: it cannot.
    """
    if not NAME.fullmatch(name):
        raise ToolchainError(
            f"a box cannot be named {name!r}",
            "Use small letters, digits and hyphens, at most 32, with no hyphen at either end.",
        )


def names() -> list[str]:
    """Return the names of all boxes of this cache folder, half-made ones too, in order."""
    mine = ("--filter", f"label={OWNER_LABEL}={cache.folder()}")
    answer = docker_cli.ask("ps", "--all", *mine, "--format", f'{{{{.Label "{LABEL}"}}}}') or ""
    described = [path.parent.name for path in _boxes().glob("*/box.json")]
    return sorted({*answer.split(), *described})


def find(name: str) -> Box | None:
    """Return a box that was made to the end and has its container still."""
    try:
        described: dict[str, object] = json.loads((folder(name) / "box.json").read_text(encoding="utf-8"))
        box = Box(**described)  # type: ignore[arg-type]  # another version's file raises the TypeError below
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return box if is_there(name) and Path(box.private_key).exists() else None


def is_there(name: str) -> bool:
    """Say whether a box of that name has a container, whatever its state."""
    return docker_cli.ask("container", "inspect", "--format", "{{.Id}}", container(name)) is not None


def is_running(name: str) -> bool:
    """Say whether a box's container runs (and is not between two failing starts)."""
    state = docker_cli.ask("container", "inspect", "--format", "{{.State.Status}}", container(name))
    return state == "running"


def refuse_foreign(name: str) -> None:
    """Leave alone a box that belongs to another cache folder.

    Raises:
        ToolchainError: it does.
    """
    label = f'{{{{index .Config.Labels "{OWNER_LABEL}"}}}}'
    owner = docker_cli.ask("container", "inspect", "--format", label, container(name))
    if owner is not None and owner != str(cache.folder()):
        raise ToolchainError(
            f"the container {container(name)} belongs to {owner or 'something else'}, not to this cache",
            "Choose another name for the box.",
        )


def container(name: str) -> str:
    """Return the name of a box's container."""
    return f"backstaff-box-{name}"


def volume(name: str) -> str:
    """Return the name of the volume with a box's /var/lib/docker."""
    return f"{container(name)}-docker"


def _boxes() -> Path:
    """Return the folder of all boxes."""
    return cache.folder() / "boxes"


def folder(name: str) -> Path:
    """Return the folder of a box; for this user alone, as the private key in it demands."""
    _boxes().mkdir(mode=0o700, exist_ok=True)
    return _boxes() / name


def keep(box: Box) -> None:
    """Write a box's description: from now on it is there."""
    draft = folder(box.name) / "box.json.draft"
    draft.write_text(json.dumps(asdict(box), indent=2), encoding="utf-8")
    draft.rename(draft.with_suffix(""))
