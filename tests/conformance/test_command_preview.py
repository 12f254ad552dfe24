"""What a preview knows of commands, and what it refuses."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi_command import local, remote

from tests.conformance.ssh_server import Server
from tests.conformance.stacks import Program, Stack


def _watched(seen: list[object], **inputs: Any) -> Program:  # noqa: ANN401 - inputs of any type
    """Give a program that notes which of a command's outputs are known."""

    def program() -> None:
        greet = local.Command("greet", **inputs)
        greet.stdout.apply(lambda text: seen.append(("stdout", text)))
        greet.create.apply(lambda text: seen.append(("create", text)))

    return program


def test_a_preview_knows_the_output_only_if_nothing_changed(stack: Stack) -> None:
    """Output is unknown for a new command and after a changed or dropped input, not after an added one."""
    seen: list[object] = []
    base = {"create": "echo first", "environment": {"A": "1"}}

    assert stack.preview(_watched(seen, **base)).steps["greet"] == ["create"]
    assert seen == [("create", "echo first")]
    stack.up(_watched([], **base))

    def foretold(**inputs: object) -> set[object]:
        known: list[object] = []
        assert stack.preview(_watched(known, **inputs)).steps["greet"] != ["create"]
        return set(known)

    known = {("create", "echo first"), ("stdout", "first")}
    assert foretold(**base) == known
    assert foretold(**{**base, "environment": {"A": "2"}}) == {("create", "echo first")}
    assert foretold(create="echo first") == {("create", "echo first")}
    assert foretold(**base, delete="echo bye") == known


def test_an_unknown_input_is_foretold_as_a_change(stack: Stack) -> None:
    """A command whose input another one will change is an update in the preview, with unknown output."""
    seen: list[object] = []

    def program(first: str, *, note: list[object]) -> Program:
        def run() -> None:
            source = local.Command("source", create=f"echo {first}")
            told = pulumi.Output.concat("echo got ", source.stdout)
            sink = local.Command("sink", create=told, stdin="fixed")
            secret_text: pulumi.Output[str] = pulumi.Output.secret(source.stdout)
            secret = local.Command("quiet", create="cat", stdin=secret_text)
            sink.stdout.apply(note.append)
            secret.stdout.apply(note.append)

        return run

    done = stack.up(program("a", note=[]))
    assert not done.failed, done.text
    foretold = stack.preview(program("b", note=seen))
    done = stack.up(program("b", note=[]))

    assert (foretold.steps["sink"], foretold.steps["quiet"]) == (["update"], ["update"])
    assert seen == []
    assert done.outputs("sink")["stdout"] == "got b"
    assert done.outputs("quiet")["stdout"] == "b"


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"interpeter": ["sh"]}, "Unrecognized field 'interpeter' on 'local.CommandInputs'"),
        ({"create": 5}, "Field 'create' on 'local.CommandInputs' must be a 'string'; got 'float64' instead"),
        ({"environment": {"A": True}}, "'environment[A] value' on 'local.CommandInputs' must be a 'string'"),
        ({"interpreter": "bash"}, "must be a '[]string'; got 'string' instead"),
    ],
    ids=["not known", "number", "in a dictionary", "not a list"],
)
def test_an_input_that_cannot_be_used_is_refused(
    stack: Stack, inputs: dict[str, object], reason: str
) -> None:
    """An input that nobody knows, or of another type, is an error that names it, in a preview already."""

    def program() -> None:
        pulumi.CustomResource("command:local:Command", "odd", inputs)

    done = stack.preview(program)

    assert done.failed
    assert reason in done.text


def test_a_source_that_is_not_known_yet_is_refused(stack: Stack, server: Server) -> None:
    """A copy whose source another resource will make cannot be foretold: the preview fails."""

    def program() -> None:
        made = local.Command("made", create="echo text")
        remote.CopyToRemote(
            "copy",
            connection=server.connection(),
            source=made.stdout.apply(pulumi.StringAsset),
            remote_path=str(stack.folder / "text"),
        )

    assert "either asset or archive must be set" in stack.preview(program).text
    done = stack.up(program)
    assert not done.failed, done.text
    assert (stack.folder / "text").read_text() == "text"
