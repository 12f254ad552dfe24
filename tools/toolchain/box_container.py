"""The container of a box: how it is made, started, restarted and removed."""

from __future__ import annotations

import io
import tarfile
import time
from pathlib import Path
from typing import Final

from tools.toolchain import box_login, boxes, cache, docker_cli, ports, process, registry_access
from tools.toolchain.boxes import Box, container, volume
from tools.toolchain.errors import CommandFailed, ToolchainError
from tools.toolchain.progress import Step

USER: Final = "ubuntu"
# Given by tools/images/box/setup.
USER_ID: Final = 1000
HOME: Final = f"home/{USER}"
HOST: Final = "127.0.0.1"
HOST_KEY: Final = "etc/ssh/ssh_host_ed25519_key"
CLIENT_KEY: Final = "id_ed25519"

HALT_SECONDS: Final = 30
ATTEMPTS: Final = 5

# What systemd and a Docker engine need in a container, without --privileged (which some machines refuse).
# SYS_RESOURCE is left out because some virtual machines have none to give, and nothing here needs it.
RIGHTS: Final = (
    *("--cap-add", "ALL", "--cap-drop", "SYS_RESOURCE"),
    *("--security-opt", "seccomp=unconfined"),
    *("--security-opt", "apparmor=unconfined"),
    *("--security-opt", "systempaths=unconfined"),
    *("--device-cgroup-rule", "a *:* rwm", "--cgroupns", "private"),
    *("--tmpfs", "/run", "--tmpfs", "/run/lock", "--tmpfs", "/tmp"),  # noqa: S108 (inside the box)
)


def make(part: Step, name: str, image: str) -> Box:
    """Make a box; nothing of that name may be there.

    Args:
        part: the step it is for.
        name: the box.
        image: of the box.

    Returns:
        How to reach it.

    Raises:
        ToolchainError: this machine cannot run it, or it did not come up in time.
    """
    try:
        box = _create(part, name, image)
        box_login.wait(part, box)
        # From now on it restarts by itself, so that `sudo reboot` does what it does on a server. Not before:
        # a box that this machine cannot run would be restarted for ever.
        docker_cli.call("update", "--restart", "unless-stopped", container(name))
    except BaseException:
        remove(name)
        raise
    boxes.keep(box)
    return box


def start(part: Step, box: Box) -> None:
    """Start a box if it does not run, tell it which registry to trust, and wait until one can log in.

    Raises:
        ToolchainError: it cannot be started, or did not come up in time.
    """
    copy_in(box.name, trust())
    try:
        docker_cli.call("start", container(box.name))
    except CommandFailed as error:
        if not ports.is_taken_message(error.output):
            raise
        raise ToolchainError(
            f"box {box.name} cannot start: another program took one of its ports on {box.host}: "
            f"{box.ssh_port}, {box.http_port}, {box.https_port}",
            f"See which: ss -ltnp. Or make it anew: tools/box down {box.name} && tools/box up {box.name}",
        ) from error
    box_login.wait(part, box)


def restart(part: Step, box: Box) -> None:
    """Halt a box in good order and start it again.

    Raises:
        ToolchainError: it did not come back in time.
    """
    docker_cli.call("stop", "--time", str(HALT_SECONDS), container(box.name))
    start(part, box)


def remove(name: str) -> None:
    """Remove all there is of a box.

    Raises:
        ToolchainError: Docker refuses.
    """
    if boxes.is_there(name):
        docker_cli.call(
            "rm", "--force", "--volumes", container(name), what=f"box {name} could not be removed"
        )
    docker_cli.remove("volume", [volume(name)])
    cache.remove(boxes.folder(name))


def _create(part: Step, name: str, image: str) -> Box:
    """Make a box's keys and its container, and start that on ports that are free."""
    part.now("making its keys")
    folder = boxes.folder(name)
    folder.mkdir(parents=True)
    host_key = new_key(folder / "host_key", name)
    client_key, _ = cache.part("client-key", "ed25519", _make_client_key)
    for attempt in range(1, ATTEMPTS + 1):
        ssh_port, http_port, https_port = ports.free(3, HOST)
        box = Box(name, HOST, ssh_port, http_port, https_port, USER, str(client_key / CLIENT_KEY), host_key)
        (folder / "known_hosts").write_text(f"[{HOST}]:{ssh_port} {host_key}\n", encoding="utf-8")
        part.now("starting the container")
        docker_cli.call(*_creation(box, image), what=f"the container of box {name} could not be made")
        copy_in(name, {**_identity(box), **trust()})
        try:
            docker_cli.call(
                "start", container(name), what=f"the container of box {name} could not be started"
            )
        except CommandFailed as error:
            if attempt == ATTEMPTS or not ports.is_taken_message(error.output):
                raise
            # Somebody took a port between the look and the start.
            docker_cli.call("rm", "--force", container(name))
            continue
        break
    return box


def _creation(box: Box, image: str) -> list[str]:
    """Return the arguments of docker that make a box's container."""
    published = ((box.ssh_port, 22), (box.http_port, 80), (box.https_port, 443))
    return [
        *("create", "--name", container(box.name), "--hostname", box.name),
        *("--label", f"{boxes.LABEL}={box.name}", "--label", f"{boxes.OWNER_LABEL}={cache.folder()}"),
        *RIGHTS,
        *("--volume", f"{volume(box.name)}:/var/lib/docker"),
        *(word for host, inside in published for word in ("--publish", f"{box.host}:{host}:{inside}")),
        image,
    ]


def new_key(file: Path, comment: str) -> str:
    """Make an ed25519 key without a passphrase.

    Returns:
        The public key: its type and itself, without the comment.
    """
    process.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(file)],
        what="ssh-keygen could not make a key",
        remedy=box_login.INSTALL_SSH,
    )
    return " ".join(file.with_suffix(".pub").read_text(encoding="utf-8").split()[:2])


def _make_client_key(folder: Path) -> None:
    """Make this user's key for all boxes."""
    new_key(folder / CLIENT_KEY, "backstaff")


def _identity(box: Box) -> dict[str, tuple[bytes, int]]:
    """Return the files that make a box this box: its host key, and who may log in."""
    own = boxes.folder(box.name) / "host_key"
    authorised = Path(f"{box.private_key}.pub").read_bytes()
    return {
        HOST_KEY: (own.read_bytes(), 0o600),
        f"{HOST_KEY}.pub": (own.with_suffix(".pub").read_bytes(), 0o644),
        "root/.ssh/authorized_keys": (authorised, 0o600),
        f"{HOME}/.ssh/authorized_keys": (authorised, 0o600),
    }


def trust() -> dict[str, tuple[bytes, int]]:
    """Return the file that makes a Docker engine trust this machine's registry, if there is one."""
    known = registry_access.remembered()
    if known is None or not Path(known.ca_certificate).exists():
        return {}
    return {f"etc/docker/certs.d/{known.server}/ca.crt": (Path(known.ca_certificate).read_bytes(), 0o644)}


def copy_in(name: str, files: dict[str, tuple[bytes, int]]) -> None:
    """Put files into a box, running or not.

    Args:
        name: the box.
        files: path without the leading slash, to content and mode.
    """
    if not files:
        return
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path, (content, mode) in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode, entry.mtime = len(content), mode, int(time.time())
            entry.uid = entry.gid = USER_ID if path.startswith(HOME) else 0
            tar.addfile(entry, io.BytesIO(content))
    docker_cli.feed(
        packed.getvalue(),
        "cp",
        "-",
        f"{container(name)}:/",
        remedy=f"Make the box anew: tools/box down {name}",
    )
