"""Fifty servers in one process: an SSH server that runs nothing and answers as the steps' scripts would."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.project import BenchError
from tools.toolchain import box_container, ports

START_SECONDS = 10.0
ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - only this machine's loopback addresses are asked, by a key of this run


@dataclass
class Stub:
    """The server, and what it has done once it has ended.

    Attributes:
        port: on every address of the loopback.
        host_key: its public key.
        private_key: lets in.
        connections: how many were made.
        cpu_seconds: what it took itself.
    """

    port: int
    host_key: str
    private_key: Path
    connections: int = 0
    cpu_seconds: float = 0.0


@contextlib.contextmanager
def serving(program: str, folder: Path) -> Iterator[Stub]:
    """Run the stub for as long as the block lasts.

    Args:
        program: the stub's.
        folder: for its keys, made if need be.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    host_key = box_container.new_key(folder / "host_key", "bench")
    box_container.new_key(folder / "key", "bench")
    (port,) = ports.free(1, ANY_ADDRESS)
    account = folder / "account.json"
    stub = Stub(port, host_key, folder / "key")
    words = [
        program,
        f"{ANY_ADDRESS}:{port}",
        str(folder / "host_key"),
        str(folder / "key.pub"),
        str(account),
    ]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL) as process:
        try:
            _wait(process, port)
            yield stub
        finally:
            process.terminate()
    found = json.loads(account.read_text(encoding="utf-8"))
    stub.connections, stub.cpu_seconds = found["connections"], found["cpu_seconds"]


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    limit = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < limit:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise BenchError(f"the stub of an SSH server does not answer on port {port}")
