"""Engines that come one after the other, some of them on the port of an earlier one."""

from __future__ import annotations

from concurrent import futures

import grpc
import pytest
from pulumi.runtime import Settings
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

REQUEST = engine_pb2.GetRootResourceRequest()


class Engine(engine_pb2_grpc.EngineServicer):
    """Answers one question."""

    def GetRootResource(  # noqa: N802 - gRPC's name
        self, request: engine_pb2.GetRootResourceRequest, context: grpc.ServicerContext
    ) -> engine_pb2.GetRootResourceResponse:
        """Give an answer."""
        del request, context
        return engine_pb2.GetRootResourceResponse(urn="here")


def test_an_engine_on_the_port_of_one_that_ended_is_heard() -> None:
    """Speak with the second one, although the first one on that port has gone; `stacks` sees to it."""
    first, port = _serve(0)
    old = Settings("p", "s", engine=f"127.0.0.1:{port}").engine
    assert old.GetRootResource(REQUEST).urn == "here"
    first.stop(None).wait()
    with pytest.raises(grpc.RpcError):
        old.GetRootResource(REQUEST)

    second, _ = _serve(port)
    new = Settings("p", "s", engine=f"127.0.0.1:{port}").engine
    assert new.GetRootResource(REQUEST).urn == "here"
    second.stop(None).wait()


def _serve(port: int) -> tuple[grpc.Server, int]:
    server = grpc.server(futures.ThreadPoolExecutor(1))
    engine_pb2_grpc.add_EngineServicer_to_server(Engine(), server)
    taken = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server, taken
