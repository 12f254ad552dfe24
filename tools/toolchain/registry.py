"""A registry with a password on this machine: Debian's `docker-registry`, as a process of this user.

It listens on the address that this machine has on Docker's bridge, so that it has the same name here and
inside every box. Its own certificate authority is made known to the engines by a file in /etc/docker/certs.d,
which they read at each connection.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tools.toolchain import cache, docker_cli, docker_engine, registry_access, registry_server, registry_trust
from tools.toolchain.errors import ToolchainError
from tools.toolchain.progress import Step, shown, step
from tools.toolchain.registry_access import Registry, folder, remembered

__all__ = ["Registry", "clean", "down", "ensure", "main", "publish", "remembered", "running"]


def ensure() -> None:
    """Make sure that the registry runs and that this machine's engine trusts it.

    Raises:
        ToolchainError: it cannot be installed or started, or there is no right to make it trusted.
    """
    with step("registry") as part:
        part.now("looking for the registry")
        with cache.lock("registry", part.now):
            found = running()
            if found and registry_trust.is_there(found):
                part.done("found", f"at {found.server} (data in {shown(folder())})")
                return
            found = found or registry_server.start(part)
            registry_trust.give(part, found)
        part.done("started", f"at {found.server} (data in {shown(folder())})")


def running() -> Registry | None:
    """Return the registry if it runs and lets its user in."""
    if not registry_access.process().is_running():
        return None
    known = remembered()
    return known if known and registry_access.is_open(known) else None


def publish(part: Step, where: Registry, image: str, name: str, tag: str) -> str:
    """Push an image of this machine's engine, unless the registry has it.

    Args:
        part: the step that it is for.
        where: the registry.
        image: its reference here.
        name: what it is called there.
        tag: its tag there.

    Returns:
        A reference with a digest.

    Raises:
        ToolchainError: the push failed.
    """
    repository = f"{where.server}/{name}"
    known = _digest(image, repository)
    if known and registry_access.has(where, name, known.partition("@")[2]):
        return known
    part.now(f"pushing {name}:{tag} to {where.server}")
    docker_cli.call("tag", image, f"{repository}:{tag}")
    docker_cli.call(
        *("push", "--quiet", f"{repository}:{tag}"),
        what=f"{image} could not be pushed to {where.server}",
        remedy="See what the registry says: tools/registry info",
        variables={"DOCKER_CONFIG": str(_login(where))},
    )
    digest = _digest(image, repository)
    if digest is None:
        raise ToolchainError(
            f"Docker tells no digest for {repository}:{tag} although it pushed it",
            f"Look at: docker image inspect {repository}:{tag}",
        )
    return digest


def clean() -> None:
    """Stop the registry; remove its data, the trust in it, and the names that images have by it."""
    down()
    for server in registry_trust.take_back():
        pushed = docker_cli.ask("images", "--format", "{{.Repository}}:{{.Tag}}", f"{server}/*") or ""
        docker_cli.remove("image", [name for name in pushed.split() if not name.endswith(":<none>")])
    cache.remove(folder())


def down() -> bool:
    """Stop the registry; its data stays.

    Returns:
        Whether it ran.
    """
    was_running = registry_access.process().is_running()
    registry_access.process().stop()
    return was_running


def main(arguments: Sequence[str]) -> int:
    """Run one of the registry's commands.

    Raises:
        ToolchainError: what cannot be done.
    """
    parser = argparse.ArgumentParser(prog="registry", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("up", help="start the registry, installed if need be")
    commands.add_parser("down", help="stop it; its data stays")
    info = commands.add_parser("info", help="say how to use it")
    info.add_argument("--json", action="store_true", help="as JSON")
    chosen = parser.parse_args(arguments)
    if chosen.command == "up":
        docker_engine.ensure()
        ensure()
    elif chosen.command == "down":
        sys.stderr.write("registry: stopped\n" if down() else "registry: it did not run\n")
    else:
        _print_info(as_json=chosen.json)
    return 0


def _print_info(*, as_json: bool) -> None:
    """Print how to use the registry."""
    found = running()
    if found is None:
        raise ToolchainError("the registry does not run", "Start it: tools/registry up")
    if as_json:
        print(json.dumps(asdict(found)))
        return
    for name, value in asdict(found).items():
        print(f"{name.replace('_', ' ')}: {value}")


def _login(where: Registry) -> Path:
    """Return a folder with Docker credentials for the registry, apart from the user's own."""
    login = folder() / "login"
    login.mkdir(exist_ok=True)
    auths = {where.server: {"auth": registry_access.basic(where)}}
    registry_access.write(login / "config.json", json.dumps({"auths": auths}))
    return login


def _digest(image: str, repository: str) -> str | None:
    """Return the reference by digest under which a repository knows an image, if it ever was there."""
    answer = docker_cli.ask("image", "inspect", "--format", "{{json .RepoDigests}}", image)
    digests: list[str] = json.loads(answer or "[]")
    return next((digest for digest in digests if digest.startswith(f"{repository}@")), None)
