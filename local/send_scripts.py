"""Step 1: put the scripts of the other steps on a server, or have them taken away.

Run as a program by `Host`. Not as a remote step with the scripts on its standard input: Pulumi keeps every
step's input in the state, and writes the whole state before and after each step of an `up`. With many
servers, that would take most of the time of a deploy.

Standard input: the server's public host key, then the private key (see `way_to`).
Exit: 0 they are there, or gone; 1 not, with the reason.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from local.way import Way, arguments, way_to
from render.scripts import bundle

if TYPE_CHECKING:
    from collections.abc import Sequence

# What OpenSSH's client ends with when there is no connection; anything else is the command's own (ssh(1)).
NO_CONNECTION = 255
LIMIT_SECONDS, SIGN_OF_LIFE_SECONDS, PAUSE_SECONDS = 60, 10, 1
# It does no good to try these again, but on a server that still boots and may have no keys yet.
FINAL = ("Permission denied", "Host key verification failed", "Load key")


class ConnectError(Exception):
    """The server could not be reached; the text is what SSH said."""


def run(line: Sequence[str], stdin: str, limit_seconds: float, *, is_fresh: bool) -> int:
    """Run a command there, once the server can be reached.

    Args:
        line: of the SSH client.
        stdin: what the command reads.
        limit_seconds: how long to try.
        is_fresh: whether the server may still boot.

    Returns:
        The command's exit status.

    Raises:
        ConnectError: it could not be reached within that time, or refuses the sign-in.
    """
    began, next_sign = time.monotonic(), SIGN_OF_LIFE_SECONDS
    while True:
        done = subprocess.run(line, input=stdin, text=True, check=False, stderr=subprocess.PIPE)
        said = done.stderr.strip()
        if done.returncode != NO_CONNECTION:
            sys.stderr.write(done.stderr)
            return done.returncode
        waited = time.monotonic() - began
        if waited > limit_seconds or (not is_fresh and any(text in said for text in FINAL)):
            raise ConnectError(said.rpartition("\n")[2].rstrip("."))
        if waited > next_sign:
            next_sign += SIGN_OF_LIFE_SECONDS
            _say(f"waiting for SSH, {waited:.0f} s of {limit_seconds:.0f} s")
        time.sleep(PAUSE_SECONDS)


def put(way: Way, folder: str, limit_seconds: float, *, is_fresh: bool) -> int:
    """Put the scripts there, unless they are there.

    Args:
        way: to the server.
        folder: where they are put, named by their digest.
        limit_seconds: how long to try.
        is_fresh: whether the server may still boot.

    Returns:
        The exit status.
    """
    line = way.command("bash", "-s", "--", PurePosixPath(folder).name)
    return run(line, bundle().program, limit_seconds, is_fresh=is_fresh)


def remove(way: Way, folder: str) -> int:
    """Have them taken away, with what they have left.

    Args:
        way: to the server.
        folder: where they are.

    Returns:
        The exit status.
    """
    return run(way.as_root(f"{folder}/remove-scripts"), "", LIMIT_SECONDS, is_fresh=False)


def main() -> int:
    """Do what the arguments say."""
    given = arguments("scripts", remove="take them away", fresh="the server may still boot")
    limit = 3 * LIMIT_SECONDS if given.fresh else LIMIT_SECONDS
    with way_to(given.host, given.port, given.user, sys.stdin.read()) as way:
        try:
            if given.remove:
                return remove(way, given.scripts)
            return put(way, given.scripts, limit, is_fresh=given.fresh)
        except ConnectError as error:
            where = f"{given.user} at {given.host}, port {given.port}"
            remedy = "Check servers, ssh.user, ssh.port and ssh.keys, and that the port is open."
            sys.stderr.write(f"step 1, connect: cannot log in as {where}: {error}. {remedy}\n")
        except FileNotFoundError as error:
            missing = f"there is no `{error.filename}` on this machine. Install OpenSSH's client."
            sys.stderr.write(f"step 1, connect: {missing}\n")
    return 1


def _say(text: str) -> None:
    sys.stdout.write(f"step 1, connect: {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
