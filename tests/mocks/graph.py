"""Run the program against a stand-in for Pulumi's engine, and keep all that it registers."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import gc
import json
import runpy
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import pulumi
from google.protobuf import json_format
from pulumi.runtime import mocks, rpc, stack
from pulumi.runtime import resource as sdk

ROOT = Path(__file__).parent.parent.parent
SECRET_MARK = rpc._special_sig_key
SECRET_VALUE = rpc._special_secret_sig
DIGEST = "9e52547c5edd" + "7" * 52
# What AWS gives: with an Elastic IP and without, and a registry.
ELASTIC_ADDRESS, OWN_ADDRESS = "203.0.113.20", "203.0.113.99"
ECR_ACCOUNT, ECR_PASSWORD = "123456789012", "ecr-password-6c2d"
ECR_SERVER = f"{ECR_ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com"
HOST_KEY = "ssh-ed25519 AAAAC3NzLearnt"
# What a look-up on the server finds.
FOUND = f"release=9e52547c5edd-0d1e2f image=old@sha256:{DIGEST} env=0ff1ce port=7000"


@dataclass(frozen=True)
class Resource:
    """A resource as the program registered it.

    Attributes:
        urn: of the resource.
        type: its type token.
        name: its logical name.
        parent: the URN of its parent; empty if it has none.
        is_custom: whether a provider makes it, rather than a component.
        inputs: as they go to the engine; a secret one is a mapping with `SECRET_MARK`.
        depends_on: the URNs that it waits for.
        deleted_with: the URN of what it goes with; empty if it goes by itself.
        replace_with: the URNs of what it is made anew with.
        protect: whether it may not be deleted.
        ignore_changes: the inputs whose changes count for nothing.
        deletes_first: whether the old one goes before a new one is made; the plugin decides if none.
    """

    urn: str
    type: str
    name: str
    parent: str
    is_custom: bool
    inputs: dict[str, Any]
    depends_on: frozenset[str]
    deleted_with: str = ""
    replace_with: list[str] = field(default_factory=list)
    protect: bool = False
    ignore_changes: list[str] = field(default_factory=list)
    deletes_first: bool | None = None

    def plain(self, key: str) -> Any:  # noqa: ANN401 - an input can be of any type
        """Give an input, secret or not.

        Args:
            key: the input's name.

        Returns:
            Its value; none if it was not given.
        """
        return revealed(self.inputs.get(key))


def revealed(value: Any) -> Any:  # noqa: ANN401 - an input can be of any type
    """Take the mark of a secret off a value, at any depth.

    Args:
        value: an input.

    Returns:
        What it is without marks.
    """
    if isinstance(value, dict):
        if value.get(SECRET_MARK) == SECRET_VALUE:
            return revealed(value["value"])
        return {key: revealed(inner) for key, inner in value.items()}
    return [revealed(inner) for inner in value] if isinstance(value, list) else value


def plain_texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - an input can be of any type
    """Walk over all that is shown of a value: every key and text that is not within a secret.

    Args:
        value: an input, or all inputs.

    Yields:
        Each text.
    """
    if isinstance(value, dict):
        if value.get(SECRET_MARK) != SECRET_VALUE:
            for key, inner in value.items():
                yield key
                yield from plain_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from plain_texts(inner)
    else:
        yield str(value)


class Outputs(mocks.Mocks):
    """What real resources would give back."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Give a resource the outputs that the program reads.

        Args:
            args: what was registered.

        Returns:
            Its id and its state.
        """
        outputs: dict[str, Any] = {}
        if args.typ == "docker:index/image:Image":
            repository = args.inputs["imageName"].removesuffix(":latest")
            pushed = "" if args.inputs.get("skipPush") else f"{repository}@"
            outputs = {"repoDigest": f"{pushed}sha256:{DIGEST}"}
        elif args.typ == "command:local:Command":
            outputs = {"stdout": HOST_KEY}
        elif args.typ == "command:remote:Command":
            outputs = {"stdout": f"{FOUND}\nlive=live-1 previous=old-1"}
        elif args.typ == "aws:ec2/eip:Eip":
            outputs = {"publicIp": ELASTIC_ADDRESS}
        elif args.typ == "aws:ecr/repository:Repository":
            outputs = {"registryId": ECR_ACCOUNT, "repositoryUrl": f"{ECR_SERVER}/{args.inputs['name']}"}
        return f"id-of-{args.name}", {**args.inputs, **outputs}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        """Answer what the program looks up: a prebuilt image's digest; on AWS an address or a password.

        Args:
            args: what was called.

        Returns:
            What a registry or AWS would say.

        Raises:
            AssertionError: it calls another one.
        """
        if args.token == "aws:ec2/getInstance:getInstance":
            return {"instanceState": "running", "publicIp": OWN_ADDRESS}, []
        if args.token == "aws:ecr/getAuthorizationToken:getAuthorizationToken":
            return {"userName": "AWS", "password": ECR_PASSWORD}, []
        if args.token != "docker:index/getRegistryImage:getRegistryImage":
            raise AssertionError(f"the program calls {args.token}")
        return {"id": DIGEST, "sha256Digest": f"sha256:{DIGEST}", "name": args.args["name"]}, []


class Monitor(mocks.MockMonitor):
    """Keeps each registration as it goes over the wire, secrets marked and all."""

    def __init__(self, *, hides_outputs: bool) -> None:
        """Start with no resources.

        Args:
            hides_outputs: whether what a provider gives back is unknown, as in the preview of a first `up`.
        """
        super().__init__(Outputs())
        self.found: list[Resource] = []
        self._hides_outputs = hides_outputs

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802, ANN401 - the name and type of the protocol
        """Keep a registration and answer it.

        Args:
            request: of the protocol.

        Returns:
            The protocol's answer.
        """
        answer = super().RegisterResource(request)  # type: ignore[no-untyped-call]  # of the SDK
        if request.type != "pulumi:pulumi:Stack":
            of_inputs = (urn for one in request.propertyDependencies.values() for urn in one.urns)
            self.found.append(
                Resource(
                    answer.urn,
                    request.type,
                    request.name,
                    request.parent,
                    request.custom,
                    json_format.MessageToDict(request.object),
                    frozenset(request.dependencies) | frozenset(of_inputs),
                    request.deletedWith,
                    list(request.replace_with),
                    request.protect,
                    list(request.ignoreChanges),
                    request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
                )
            )
            if self._hides_outputs and request.custom:
                for key in ("repoDigest", "stdout", "publicIp", "repositoryUrl"):
                    if key in answer.object:
                        answer.object[key] = rpc.UNKNOWN
                answer.id = ""
        return answer


@dataclass
class Graph:
    """All that one run of the program registered.

    Attributes:
        resources: in the order of registration, without the stack.
        outputs: what the program exported.
    """

    resources: list[Resource]
    outputs: dict[str, Any] = field(default_factory=dict)

    def of_type(self, token: str) -> list[Resource]:
        """List the resources of a type."""
        return [resource for resource in self.resources if resource.type == token]

    def named(self, name: str) -> Resource:
        """Find the one custom resource of a name.

        Args:
            name: its logical name.

        Returns:
            The resource.
        """
        (found,) = [one for one in self.resources if one.is_custom and one.name == name]
        return found

    def before(self, name: str) -> set[str]:
        """Name all custom resources that must be there before one, directly or not.

        Args:
            name: the logical name of a custom resource.

        Returns:
            Logical names.
        """
        by_urn = {resource.urn: resource for resource in self.resources}
        found: set[str] = set()
        waiting = [self.named(name).urn]
        while waiting:
            resource = by_urn[waiting.pop()]
            found.add(resource.urn)
            waiting += [urn for urn in resource.depends_on if urn in by_urn and urn not in found]
        return {by_urn[urn].name for urn in found if by_urn[urn].is_custom} - {name}


def run_program(config: dict[str, Any], *, is_preview: bool = False) -> Graph:
    """Run `__main__.py` as the engine does.

    Args:
        config: the keys under `backstaff:`.
        is_preview: whether it is the preview of a first `up`, where no output is known.

    Returns:
        What it registered.
    """
    texts = {
        f"backstaff:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in config.items()
    }
    with mock.patch.dict("os.environ", {"PULUMI_CONFIG": json.dumps(texts)}), unspared():
        return run_function(
            lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="program"), is_preview=is_preview
        )


@contextlib.contextmanager
def unspared() -> Iterator[None]:
    """Undo what the program does to the SDK and to its process, which under an engine ends with it."""
    with (
        mock.patch.object(pulumi.log, "debug", pulumi.log.debug),
        mock.patch.object(sdk, "_get_stack_trace", sdk._get_stack_trace),
    ):
        try:
            yield
        finally:
            gc.enable()
            atexit.unregister(gc.freeze)


@contextlib.contextmanager
def without_engine() -> Iterator[None]:
    """Register hooks nowhere, since there is no engine that would call them."""

    def registered(_hook: object) -> asyncio.Future[None]:
        future = asyncio.get_running_loop().create_future()
        future.set_result(None)
        return future

    with (
        mock.patch("pulumi.resource_hooks.register_resource_hook", registered),
        mock.patch("pulumi.resource_hooks.register_error_hook", registered),
    ):
        yield


def run_function(program: Callable[[], object], *, is_preview: bool = False) -> Graph:
    """Run a part of the program as the engine would.

    Args:
        program: registers resources.
        is_preview: as for `run_program`.

    Returns:
        What it registered.
    """
    monitor = Monitor(hides_outputs=is_preview)
    exported: dict[str, Any] = {}

    async def registering() -> None:
        rest: list[Callable[[], Awaitable[None]]] = []
        with (
            mock.patch.object(pulumi, "export", exported.__setitem__),
            mock.patch.object(pulumi, "run", rest.append),
            without_engine(),
        ):
            program()
            for entry in rest:
                await entry()

    async def run() -> None:
        mocks.set_mocks(monitor.mocks, project="backstaff", stack="test", preview=is_preview, monitor=monitor)
        await stack.run_pulumi_func(registering)

    asyncio.run(run())
    return Graph(monitor.found, exported)
