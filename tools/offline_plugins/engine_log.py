"""What a plugin tells the engine while it works: status lines, infos, warnings and errors of a resource."""

from __future__ import annotations

import threading
from queue import SimpleQueue

import grpc
from pulumi.runtime.proto import engine_pb2

_Entry = tuple["engine_pb2.LogSeverity.ValueType", str, str, bool]


class EngineLog:
    """The engine's log. Lines keep their order, and nobody waits for one to be delivered.

    Args:
        address: The engine's, as `host:port`.
    """

    def __init__(self, address: str) -> None:
        channel = grpc.insecure_channel(address)
        self._send = channel.unary_unary(
            "/pulumirpc.Engine/Log", request_serializer=engine_pb2.LogRequest.SerializeToString
        )
        self._waiting: SimpleQueue[_Entry | threading.Event] = SimpleQueue()
        threading.Thread(target=self._deliver, name="engine-log", daemon=True).start()

    def status(self, urn: str, text: str) -> None:
        """Show a line beside the resource while it is worked on; it is not kept."""
        self._waiting.put((engine_pb2.INFO, urn, text, True))

    def info(self, urn: str, text: str) -> None:
        """Show a line that is kept."""
        self._waiting.put((engine_pb2.INFO, urn, text, False))

    def warning(self, urn: str, text: str) -> None:
        """Show a warning."""
        self._waiting.put((engine_pb2.WARNING, urn, text, False))

    def error(self, urn: str, text: str) -> None:
        """Show an error. The engine ends an update that has errors with a failure."""
        self._waiting.put((engine_pb2.ERROR, urn, text, False))

    def debug(self, urn: str, text: str) -> None:
        """Keep a line for those who asked for more."""
        self._waiting.put((engine_pb2.DEBUG, urn, text, False))

    def flush(self) -> None:
        """Wait until everything said so far is delivered."""
        delivered = threading.Event()
        self._waiting.put(delivered)
        delivered.wait()

    def _deliver(self) -> None:
        while True:
            entry = self._waiting.get()
            if isinstance(entry, threading.Event):
                entry.set()
                continue
            severity, urn, text, ephemeral = entry
            request = engine_pb2.LogRequest(severity=severity, urn=urn, message=text, ephemeral=ephemeral)
            try:
                self._send(request)
            except grpc.RpcError:
                continue  # the engine is gone or going; what is under way ends all the same
