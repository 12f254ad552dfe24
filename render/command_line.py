"""The one line that runs a script on the server."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Everything of ours on a server lies here, for root only.
STATE_FOLDER = "/var/lib/backstaff"


def command_line(
    user: str,
    bundle: str,
    script: str,
    arguments: Mapping[str, str | int | float],
    rest: Sequence[str] = (),
) -> str:
    """Write a command line that reads like a sentence, every value quoted.

    Args:
        user: who logs in; all but root go through sudo.
        bundle: the digest of the scripts on the server.
        script: the script's name, without `.sh`.
        arguments: names to values, written as `--name value`.
        rest: words that the script passes on, written after `--`.

    Returns:
        Such as `sudo -n /var/lib/backstaff/bin/1f2e3d4c/start-candidate --service hello --role web`.
    """
    words = [] if user == "root" else ["sudo", "-n"]
    words.append(f"{scripts_folder(bundle)}/{script}")
    for name, value in arguments.items():
        words += [f"--{name}", str(value)]
    if rest:
        words += ["--", *rest]
    return shlex.join(words)


def scripts_folder(bundle: str) -> str:
    """Name the folder of the scripts on the server.

    Args:
        bundle: their digest.
    """
    return f"{STATE_FOLDER}/bin/{bundle}"
