"""Ask a page over and over while something else happens, and count what failed."""

from __future__ import annotations

import http.client
import statistics
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType


@dataclass
class Load:
    """Requests from several threads at once, until the `with` block ends.

    Attributes:
        host: whom to ask.
        port: of the HTTP server.
        path: what to ask for.
        threads: how many ask at once.
        keep_alive: whether a thread asks again on the same connection.
        host_header: the name in the Host header.
        pause_seconds: between two requests of a thread, so that the machine has time for what else it does.
        milliseconds: how long each answered request took.
        bodies: every different answer, with how often it came.
        failures: what went wrong, a sentence each.
    """

    host: str
    port: int
    path: str = "/"
    threads: int = 4
    keep_alive: bool = True
    host_header: str = "localhost"
    pause_seconds: float = 0.02
    milliseconds: list[float] = field(default_factory=list)
    bodies: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        """Start to ask."""
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._workers = [threading.Thread(target=self._work) for _ in range(self.threads)]
        for worker in self._workers:
            worker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the requests in flight end."""
        self._over.set()
        for worker in self._workers:
            worker.join()

    @property
    def sent(self) -> int:
        """How many requests were sent."""
        return len(self.milliseconds) + len(self.failures)

    def percentile(self, percent: int) -> float:
        """Tell how long requests took.

        Args:
            percent: from 1 to 99.

        Returns:
            Milliseconds within which that share of the requests was answered; 0 if fewer than two were.
        """
        enough = len(self.milliseconds) > 1
        return statistics.quantiles(self.milliseconds, n=100)[percent - 1] if enough else 0.0

    def _work(self) -> None:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        headers = {"Host": self.host_header, "Connection": "keep-alive" if self.keep_alive else "close"}
        while not self._over.is_set():
            began = time.monotonic()
            try:
                connection.request("GET", self.path, headers=headers)
                response = connection.getresponse()
                body = response.read().decode(errors="replace")
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                self._count_failure(f"{type(error).__name__}: {error}")
                continue
            if response.status == http.client.OK:
                self._count(1000 * (time.monotonic() - began), body)
            else:
                self._count_failure(f"status {response.status}: {body[:100]}")
            self._over.wait(self.pause_seconds)
        connection.close()

    def _count(self, milliseconds: float, body: str) -> None:
        with self._lock:
            self.milliseconds.append(milliseconds)
            self.bodies[body] = self.bodies.get(body, 0) + 1

    def _count_failure(self, what: str) -> None:
        with self._lock:
            self.failures.append(what)
        # A server that refuses at once would otherwise be asked thousands of times a second.
        self._over.wait(0.05)
