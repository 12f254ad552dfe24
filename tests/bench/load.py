"""Requests at a constant rate, by vegeta: what is slow does not make the next ones wait, or come later."""

from __future__ import annotations

import csv
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

NANOSECONDS: Final = 1_000_000_000
WARM_UP_SECONDS: Final = 2.0
OK: Final = 200
# A header has the length of some thousand requests' answers.
LONGEST_FIELD: Final = 10_000_000


@dataclass(frozen=True)
class Request:
    """A request and what came of it.

    Attributes:
        began: seconds since the epoch.
        milliseconds: how long it took.
        error: what went wrong; empty if nothing did.
    """

    began: float
    milliseconds: float
    error: str


@dataclass
class Load:
    """A load that runs, and its requests once it has ended.

    Attributes:
        requests: in the order of their beginning, without those of the first seconds.
    """

    requests: list[Request] = field(default_factory=list)

    @property
    def failures(self) -> list[Request]:
        """The requests that failed."""
        return [request for request in self.requests if request.error]


@contextmanager
def load(vegeta: str, url: str, host: str, rate: int, results: Path) -> Iterator[Load]:
    """Send requests for as long as the block lasts.

    Args:
        vegeta: the program.
        url: what to ask for.
        host: for the Host header.
        rate: requests a second.
        results: a file for them.
    """
    words = [
        # What measures must not wait for the processor; without the right to it, it goes on as it is.
        "nice",
        "-n",
        "-10",
        vegeta,
        "attack",
        "-rate",
        str(rate),
        "-duration",
        "0",
        "-timeout",
        "30s",
        "-header",
        f"Host: {host}",
    ]
    found = Load()
    with subprocess.Popen([*words, "-output", str(results)], stdin=subprocess.PIPE) as process:
        assert process.stdin
        process.stdin.write(f"GET {url}\n".encode())
        process.stdin.close()
        time.sleep(WARM_UP_SECONDS)
        began = time.time()
        try:
            yield found
        finally:
            # Those in flight end.
            process.send_signal(signal.SIGINT)
    found.requests = [request for request in _read(vegeta, results) if request.began >= began]


def between(requests: Sequence[Request], windows: Sequence[tuple[float, float]]) -> list[Request]:
    """Pick the requests that began in one of several windows of time."""
    return [one for one in requests if any(begin <= one.began <= end for begin, end in windows)]


def _read(vegeta: str, results: Path) -> list[Request]:
    words = [vegeta, "encode", "-to", "csv", str(results)]
    text = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    csv.field_size_limit(LONGEST_FIELD)
    return sorted((_request(row) for row in csv.reader(text.splitlines())), key=lambda one: one.began)


def _request(row: Sequence[str]) -> Request:
    """Read a line: time and latency in nanoseconds, status, error, and what is not needed here."""
    status = int(row[1])
    error = row[5] or ("" if status == OK else f"status {status}")
    return Request(int(row[0]) / NANOSECONDS, int(row[2]) / NANOSECONDS * 1000, error)
