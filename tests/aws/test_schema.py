"""The program's inputs are valid for the real plugin: checked against the schema that its SDK carries."""

from __future__ import annotations

import inspect
import subprocess
import sys
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from tests.aws.program import run
from tools.demo.workspace import CHECKOUT
from tools.offline_plugins.aws.resource import AwsResource
from tools.offline_plugins.aws.service import AwsPlugin
from tools.toolchain import cache

MODULES: dict[str, Any] = {"ec2": aws.ec2, "ecr": aws.ecr}
OWN = ("components/aws_server.py", "components/aws_network.py", "components/provision.py")


def test_the_program_type_checks_against_the_sdk() -> None:
    """Check each resource, property and nested object with the SDK's own types, strictly."""
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", str(cache.folder() / "mypy-aws"), *OWN],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert "Success" in done.stdout


def sdk_arguments(token: str) -> type:
    """Return the SDK's class with the arguments of a type."""
    _, module, name = token.split(":")
    found: type = getattr(MODULES[module.partition("/")[0]], f"{name}Args")
    return found


def sdk_inputs(arguments: type) -> dict[str, Any]:
    """Give the names on the wire and the types of an SDK class's arguments."""
    hints: dict[str, Any] = {}
    for name, value in inspect.getmembers(arguments, lambda member: isinstance(member, property)):
        hints[wire_name(name)] = value.fget
    return hints


def wire_name(snake: str) -> str:
    """Write a name as it goes over the wire."""
    first, *rest = snake.split("_")
    return first + "".join(word.capitalize() for word in rest)


@pytest.mark.parametrize("resource", AwsPlugin().resources.values(), ids=lambda one: type(one).__name__)
def test_the_stand_in_knows_no_input_that_the_real_plugin_lacks(resource: AwsResource) -> None:
    """Hold every input that the stand-in takes, nested ones too, against the SDK's."""
    _hold(resource.inputs, sdk_arguments(resource.token))


def _hold(inputs: Mapping[Any, Any], arguments: type) -> None:
    there = sdk_inputs(arguments)
    for name, shape in inputs.items():
        wire = str(name).rstrip("!")
        assert wire in there, f"{arguments.__name__} has no {wire}"
        inner = shape[0] if isinstance(shape, list) else shape
        if isinstance(inner, Mapping) and str not in inner:
            _hold(inner, nested(arguments, there[wire]))


def nested(arguments: type, getter: Any) -> type:  # noqa: ANN401
    """Return the SDK's class of a nested object, from the annotation of the property that takes it."""
    module = inspect.getmodule(arguments)
    # Pulumi's own names too: its `Input` holds some that are resolved late.
    names = vars(pulumi.output) | vars(aws.ec2._inputs) | vars(module)
    annotation = str(typing.get_type_hints(getter, names)["return"])
    (name,) = {
        word for word in annotation.replace("[", " ").replace("]", " ").split() if word.endswith("Args")
    }
    found: type = getattr(aws.ec2, name.rpartition(".")[2])
    return found


@pytest.mark.usefixtures("in_account")
def test_what_the_program_sends_is_what_the_stand_in_knows(tmp_path: Path) -> None:
    """Find every AWS resource of the program among those that the stand-in, and so the SDK, has."""
    graph = run(tmp_path)
    known = AwsPlugin().resources

    sent = [one for one in graph.resources if one.type.startswith("aws:")]
    assert {one.type for one in sent} <= known.keys()
    for resource in sent:
        known[resource.type].check(None, {name: resource.plain(name) for name in resource.inputs})  # type: ignore[arg-type]
