"""A link with a delay: Toxiproxy in front of the server's SSH port."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from tests.bench.project import BenchError
from tools.toolchain import ports

HOST: Final = "127.0.0.1"
NAME: Final = "ssh"
START_SECONDS: Final = 10.0
MILLISECONDS: Final = 1000


@dataclass
class SlowLink:
    """A proxy that delays what it passes on, half of the delay each way.

    Attributes:
        port: where it listens.
    """

    port: int
    _api: int
    _has_delay: bool = False

    def delay(self, round_trip_seconds: float) -> None:
        """Delay connections that begin from now on.

        Args:
            round_trip_seconds: there and back; 0 for none.
        """
        for stream in ("upstream", "downstream"):
            if self._has_delay:
                self._call("DELETE", f"/proxies/{NAME}/toxics/{stream}")
            if round_trip_seconds:
                half = round(round_trip_seconds / 2 * MILLISECONDS)
                toxic = {"name": stream, "stream": stream, "type": "latency", "attributes": {"latency": half}}
                self._call("POST", f"/proxies/{NAME}/toxics", toxic)
        self._has_delay = bool(round_trip_seconds)

    def begin(self, target_port: int) -> None:
        """Pass on what comes to the port from now on."""
        proxy = {"name": NAME, "listen": f"{HOST}:{self.port}", "upstream": f"{HOST}:{target_port}"}
        self._call("POST", "/proxies", proxy)

    def is_up(self) -> bool:
        """Say whether the proxy takes orders."""
        with contextlib.suppress(OSError):
            self._call("GET", "/version")
            return True
        return False

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        with contextlib.closing(http.client.HTTPConnection(HOST, self._api, timeout=5)) as connection:
            connection.request(method, path, json.dumps(body) if body else None)
            answer = connection.getresponse()
            said = answer.read().decode(errors="replace")
        if answer.status >= http.client.BAD_REQUEST:
            raise BenchError(f"Toxiproxy refuses {method} {path}: {answer.status} {said}")


@contextlib.contextmanager
def running(program: str, target_port: int) -> Iterator[SlowLink]:
    """Run the proxy for as long as the block lasts.

    Args:
        program: Toxiproxy's server.
        target_port: on this machine, where it passes everything on to.
    """
    port, api = ports.free(2, HOST)
    link = SlowLink(port, api)
    words = [program, "-host", HOST, "-port", str(api)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(words, stdin=quiet, stdout=quiet, stderr=quiet) as process:
        try:
            limit = time.monotonic() + START_SECONDS
            while not link.is_up():
                if process.poll() is not None or time.monotonic() > limit:
                    raise BenchError(f"Toxiproxy does not answer on port {api}")
                time.sleep(0.05)
            link.begin(target_port)
            yield link
        finally:
            process.terminate()
