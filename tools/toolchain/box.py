"""The box: a throw-away server in a container, as bare as a cloud gives one, and reached only by SSH.

up [NAME] [--json]     make or start a box, and say how to reach it
down NAME | --all      take boxes away
ssh NAME [COMMAND]     log in as `ubuntu`
reboot NAME            as `sudo reboot` on the server would
list [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final, NoReturn

from tools.toolchain import (
    box_container,
    box_login,
    boxes,
    cache,
    docker_cli,
    docker_engine,
    images,
)
from tools.toolchain.boxes import Box
from tools.toolchain.errors import ToolchainError
from tools.toolchain.progress import step

DEFAULT_NAME: Final = "box"


def up(name: str) -> Box:
    """Make sure that a box is there, runs, and lets `ubuntu` log in.

    Args:
        name: small letters, digits and hyphens; also its host name.

    Raises:
        ToolchainError: this machine cannot run a box, or it did not come up in time.
    """
    boxes.check_name(name)
    if not docker_cli.server_version():
        docker_engine.ensure()
    with step(f"box {name}") as part, cache.lock(f"box-{name}", part.now):
        part.now("looking for it")
        box = boxes.find(name)
        if box:
            was_running = boxes.is_running(name)
            box_container.start(part, box)
            part.done("found" if was_running else "started", _described(box))
            return box
        boxes.refuse_foreign(name)
        box_container.remove(name)  # what a killed run has left half made
        image, _ = images.box(part)
        box = box_container.make(part, name, image)
        part.done("made", _described(box))
        return box


def down(name: str) -> bool:
    """Take a box away, with all that is on it.

    Returns:
        Whether there was one.

    Raises:
        ToolchainError: it belongs to somebody else, or Docker refuses.
    """
    boxes.check_name(name)
    with step(f"box {name}") as part, cache.lock(f"box-{name}", part.now):
        boxes.refuse_foreign(name)
        there = boxes.is_there(name)
        if there:
            part.now("taking it away")
        box_container.remove(name)
        part.note("taken away" if there else "there is none")
        return there


def reboot(name: str) -> None:
    """Restart a box in good order, and wait until `ubuntu` can log in again.

    Raises:
        ToolchainError: there is no such box, or it did not come back in time.
    """
    box = known(name)
    with step(f"box {name}") as part, cache.lock(f"box-{name}", part.now):
        part.now("rebooting")
        box_container.restart(part, box)
        part.note(f"rebooted, {_described(box)}")


def ssh(name: str, command: Sequence[str]) -> NoReturn:
    """Become an SSH client that is logged in to a box.

    Args:
        name: the box.
        command: what to run there; a shell if empty.

    Raises:
        ToolchainError: there is no such box, or no SSH client on this machine.
    """
    arguments = [*box_login.command(known(name)), *command]
    try:
        os.execvp(arguments[0], arguments)  # noqa: S606 (no shell is the point)
    except FileNotFoundError as error:
        raise ToolchainError("there is no `ssh` on this machine", box_login.INSTALL_SSH) from error


def known(name: str) -> Box:
    """Return a box that was made.

    Raises:
        ToolchainError: there is none of that name.
    """
    boxes.check_name(name)
    box = boxes.find(name)
    if box is None:
        names = ", ".join(boxes.names()) or "none"
        raise ToolchainError(f"there is no box {name} (there are: {names})", f"Make it: tools/box up {name}")
    return box


def clean() -> None:
    """Take away all boxes of this cache folder."""
    if docker_cli.server_version():
        for name in boxes.names():
            down(name)


def main(arguments: Sequence[str]) -> int:
    """Run one of the commands for boxes.

    Raises:
        ToolchainError: what cannot be done.
    """
    parser = argparse.ArgumentParser(prog="box", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in (("up", "make or start a box"), ("list", "list the boxes")):
        command = commands.add_parser(name, help=text)
        command.add_argument("--json", action="store_true", help="print JSON on standard output")
        if name == "up":
            command.add_argument("name", nargs="?", default=DEFAULT_NAME, metavar="NAME")
    down_command = commands.add_parser("down", help="take boxes away, with all that is on them")
    which = down_command.add_mutually_exclusive_group(required=True)
    which.add_argument("name", nargs="?", metavar="NAME")
    which.add_argument("--all", action="store_true", help="all boxes")
    commands.add_parser("reboot", help="restart a box").add_argument("name", metavar="NAME")
    login = commands.add_parser("ssh", help="log in to a box as ubuntu")
    login.add_argument("name", metavar="NAME")
    login.add_argument("rest", nargs=argparse.REMAINDER, metavar="COMMAND", help="what to run there")
    return _run(parser.parse_args(arguments))


def _run(chosen: argparse.Namespace) -> int:
    """Run the command that was chosen."""
    match chosen.command:
        case "up":
            box = up(chosen.name)
            print(json.dumps(asdict(box)) if chosen.json else "\n".join(_lines(box)))
        case "down":
            for name in boxes.names() if chosen.all else [chosen.name]:
                down(name)
        case "reboot":
            reboot(chosen.name)
        case "ssh":
            ssh(chosen.name, chosen.rest)
        case "list":
            _list(as_json=chosen.json)
    return 0


def _list(*, as_json: bool) -> None:
    """Print all boxes and how they are."""
    names = boxes.names()
    whole = [box for box in map(boxes.find, names) if box]
    states = ["running" if boxes.is_running(box.name) else "stopped" for box in whole]
    if as_json:
        print(json.dumps([{**asdict(box), "state": state} for box, state in zip(whole, states, strict=True)]))
    else:
        for box, state in zip(whole, states, strict=True):
            print(f"{box.name}  {state}  {_described(box)}")
    for name in sorted(set(names) - {box.name for box in whole}):
        sys.stderr.write(f"{name}  half made by a run that was cut; made anew by: tools/box up {name}\n")
    if not names:
        sys.stderr.write("there are no boxes; make one: tools/box up\n")


def _described(box: Box) -> str:
    """Return where a box can be reached, in one line."""
    return f"on {box.host}: SSH at port {box.ssh_port}, 80 at {box.http_port}, 443 at {box.https_port}"


def _lines(box: Box) -> list[str]:
    """Return how to reach a box, for people."""
    return [
        f"log in       tools/box ssh {box.name}",
        f"port 80      http://{box.host}:{box.http_port}",
        f"port 443     https://{box.host}:{box.https_port}",
        f"private key  {box.private_key}",
        f"host key     {box.host_key}",
    ]
