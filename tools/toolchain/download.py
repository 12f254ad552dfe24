"""Files from the web: whether a site can be reached, and getting a file of which the hash is known."""

from __future__ import annotations

import hashlib
import shutil
import threading
from pathlib import Path
from typing import Final

# A site that is there answers a HEAD within this time; without a network it is the price of asking.
REACH_SECONDS: Final = 3.0
# Silence for this long in the middle of a download means that the connection is dead.
STALL_SECONDS: Final = 30.0


class Unavailable(Exception):
    """A file could not be had from the web: no network, no such file, cut off, or not the file expected."""


def is_reachable(url: str, seconds: float = REACH_SECONDS) -> bool:
    """Say whether a site answers at all, whatever it answers.

    Args:
        url: anything on the site.
        seconds: how long to wait; the look-up of its name, which has no limit of its own, counts too.
    """
    answered = threading.Event()

    def ask() -> None:
        # Imported where they are used: they take longer than all else that `run` does.
        import http.client
        import urllib.error
        import urllib.request

        try:
            urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=seconds).close()
        except urllib.error.HTTPError:
            pass
        except (OSError, http.client.HTTPException):
            return
        answered.set()

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(seconds)
    return answered.is_set()


def read(url: str) -> str:
    """Return a small text file.

    Raises:
        Unavailable: it cannot be had.
    """
    import http.client
    import urllib.request

    try:
        with urllib.request.urlopen(url, timeout=STALL_SECONDS) as answer:
            body: bytes = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"{url}: {error}") from error
    return body.decode()


def fetch(url: str, target: Path, sha256: str) -> None:
    """Download a file and check that it is the one expected.

    Args:
        url: where it is.
        target: where to put it; removed again if this fails.
        sha256: its hash, in hexadecimal.

    Raises:
        Unavailable: it cannot be had, or is another file.
    """
    import http.client
    import urllib.request

    try:
        with urllib.request.urlopen(url, timeout=STALL_SECONDS) as answer, target.open("wb") as file:
            shutil.copyfileobj(answer, file, 1024 * 1024)
        with target.open("rb") as file:
            got = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, http.client.HTTPException) as error:
        target.unlink(missing_ok=True)
        raise Unavailable(f"{url}: {error}") from error
    if got != sha256:
        target.unlink()
        raise Unavailable(f"{url}: its SHA-256 is {got}, not {sha256}")
