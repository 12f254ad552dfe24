"""A plugin before the engine: what both stand-ins share.

A stand-in gives a `Plugin` (`plugin.py`) that works on plain values (`values.py`); `serve` does the rest.
Requests are handled at the same time, each in a thread of its own, so that no resource waits for another.

Why not `pulumi.provider.experimental`: it keeps a resource's old inputs from the comparison, wraps the text
of every error, drops the reasons of a failed check, and its import costs half a second at every run.
"""

# ruff: noqa: N802, ARG002, D102 - the methods of a servicer are the engine's, described in its provider.proto

from __future__ import annotations

import contextlib
import functools
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from tools.offline_plugins.engine_log import EngineLog
from tools.offline_plugins.plugin import Call, Changes, InvalidInputs, Plugin, PluginError, Resource
from tools.offline_plugins.values import Properties, read, written

_AT_ONCE = 1024  # requests; above what anyone gives `pulumi up --parallel`, so that none ever waits
_LOOK_SECONDS = 1.0  # how often to look whether the engine is still there
_ANY_SIZE = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))

_AboutResource = (
    provider_pb2.CheckRequest
    | provider_pb2.DiffRequest
    | provider_pb2.CreateRequest
    | provider_pb2.UpdateRequest
    | provider_pb2.DeleteRequest
)
_Method = TypeVar("_Method", bound=Callable[..., Any])


def serve(plugin: Plugin) -> None:
    """Serve a plugin until the engine ends, whose address is the last argument of the command line.

    Args:
        plugin: What to serve.
    """
    if len(sys.argv) < 2:  # noqa: PLR2004 - the program and one argument
        sys.exit(
            f"pulumi-resource-{plugin.name}: started by Pulumi's engine, which gives its address as argument"
        )
    parent = os.getppid()
    server = grpc.server(ThreadPoolExecutor(_AT_ONCE), options=_ANY_SIZE)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(plugin, sys.argv[-1]), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    with contextlib.suppress(
        KeyboardInterrupt
    ):  # the engine's way to end a plugin; after 5 s it would kill it
        while os.getppid() == parent:  # an engine that was killed ends nobody
            time.sleep(_LOOK_SECONDS)
    os._exit(0)  # threads that still wait for a server would keep this process


def _guarded(method: _Method) -> _Method:
    """Give errors the form that the engine shows: the text alone."""

    @functools.wraps(method)
    def answer(self: Servicer, request: Message, context: grpc.ServicerContext) -> Message:
        try:
            return method(self, request, context)
        except PluginError as error:
            self.log.flush()
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, the user must read it in one piece
            text = "".join(traceback.format_exception(error))
            context.abort(grpc.StatusCode.INTERNAL, f"the stand-in for {self.plugin.name} failed:\n{text}")

    return answer  # type: ignore[return-value]  # the same signature


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """The engine's requests, turned into calls of a plugin. What is not here, the engine does without.

    Args:
        plugin: What answers.
        engine: The engine's address.
    """

    def __init__(self, plugin: Plugin, engine: str) -> None:
        self.plugin = plugin
        self.log = EngineLog(engine)

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self.plugin.version)

    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> Empty:
        self.log = EngineLog(request.address)
        return Empty()

    def GetSchema(
        self, request: provider_pb2.GetSchemaRequest, context: grpc.ServicerContext
    ) -> provider_pb2.GetSchemaResponse:
        return provider_pb2.GetSchemaResponse(
            schema=f'{{"name": "{self.plugin.name}", "version": "{self.plugin.version}"}}'
        )

    @_guarded
    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        return _checked(self.plugin.check_configuration, read(request.news))

    def DiffConfig(
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        same = read(request.old_inputs) == read(request.news)
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_NONE if same else provider_pb2.DiffResponse.DIFF_SOME
        )

    @_guarded
    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        self.plugin.configure(read(request.args))
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @_guarded
    def Check(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        with self._call(request) as call:
            check = functools.partial(self._resource(call).check, call)
            return _checked(check, read(request.news))

    @_guarded
    def Diff(
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        with self._call(request) as call:
            state = read(request.olds)
            inputs = _with_ignored(read(request.news), state, request.ignoreChanges)
            return _difference(self._resource(call).diff(call, state, read(request.old_inputs), inputs))

    @_guarded
    def Create(
        self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CreateResponse:
        with self._call(request, preview=request.preview, timeout_seconds=request.timeout) as call:
            made, state = self._resource(call).create(call, read(request.properties))
            return provider_pb2.CreateResponse(id=made, properties=struct(state))

    @_guarded
    def Update(
        self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.UpdateResponse:
        with self._call(request, preview=request.preview, timeout_seconds=request.timeout) as call:
            state = read(request.olds)
            inputs = _with_ignored(read(request.news), state, request.ignoreChanges)
            return provider_pb2.UpdateResponse(
                properties=struct(self._resource(call).update(call, state, inputs))
            )

    @_guarded
    def Read(
        self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ReadResponse:
        """Give what a resource that can look finds, nothing if it is gone; else the state as it is."""
        look = getattr(self.plugin.resources.get(_token(request.urn)), "read", None)
        if look is None:
            return provider_pb2.ReadResponse(
                id=request.id, properties=request.properties, inputs=request.inputs
            )
        found = look(request.id, read(request.properties))
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(id=request.id, properties=struct(found), inputs=request.inputs)

    @_guarded
    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> Empty:
        with self._call(request, timeout_seconds=request.timeout) as call:
            self._resource(call).delete(call, read(request.properties))
            return Empty()

    @_guarded
    def Invoke(
        self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.InvokeResponse:
        function = self.plugin.functions.get(request.tok)
        if function is None:
            raise PluginError(
                f"Invoke '{request.tok}' not found: this stand-in has {_list(self.plugin.functions)}"
            )
        try:
            results = function(Call("", self.log), read(request.args))
        except InvalidInputs as error:
            return provider_pb2.InvokeResponse(failures=_failures(error))
        finally:
            self.log.flush()
        return provider_pb2.InvokeResponse(**{"return": struct(results)})

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:
        self.plugin.cancel()
        return Empty()

    @contextlib.contextmanager
    def _call(
        self, request: _AboutResource, *, preview: bool = False, timeout_seconds: float = 0
    ) -> Iterator[Call]:
        """Describe a request about a resource, and deliver what it logged before it is answered."""
        try:
            yield Call(request.urn, self.log, preview=preview, timeout_seconds=timeout_seconds)
        finally:
            self.log.flush()

    def _resource(self, call: Call) -> Resource:
        token = _token(call.urn)
        resource = self.plugin.resources.get(token)
        if resource is None:
            raise PluginError(
                f"Resource type {token} not found: this stand-in has {_list(self.plugin.resources)}"
            )
        return resource


def _token(urn: str) -> str:
    """Return the type of the resource that a URN names."""
    return urn.split("::")[-2].rpartition("$")[2]


def struct(values: Properties) -> Struct:
    """Write property values as the message that the engine reads."""
    message = Struct()
    message.update(written(values))
    return message


def _checked(check: Callable[[Properties], Properties], inputs: Properties) -> provider_pb2.CheckResponse:
    try:
        return provider_pb2.CheckResponse(inputs=struct(check(inputs)))
    except InvalidInputs as error:
        shown = inputs if error.inputs is None else error.inputs
        return provider_pb2.CheckResponse(inputs=struct(shown), failures=_failures(error))


def _failures(error: InvalidInputs) -> list[provider_pb2.CheckFailure]:
    return [provider_pb2.CheckFailure(property=path, reason=reason) for path, reason in error.reasons.items()]


def _with_ignored(inputs: Properties, state: Properties, ignored: Iterable[str]) -> Properties:
    """Keep the state's value of what the program's `ignore_changes` names."""
    return {**inputs, **{name: state[name] for name in ignored if name in state}}


def _difference(changes: Changes) -> provider_pb2.DiffResponse:
    heads = {path: path.replace("[", ".").split(".")[0] for path in changes.kinds}
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if changes.kinds else provider_pb2.DiffResponse.DIFF_NONE,
        detailedDiff={
            path: provider_pb2.PropertyDiff(
                kind=kind.value,  # type: ignore[arg-type]  # the messages' numbers are plain ones
                inputDiff=changes.are_of_inputs,
            )
            for path, kind in changes.kinds.items()
        },
        hasDetailedDiff=True,
        diffs=sorted(set(heads.values())),
        replaces=sorted({heads[path] for path, kind in changes.kinds.items() if kind.replaces}),
        deleteBeforeReplace=changes.delete_before_replace,
    )


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
