"""`local.run`: a command at every run of the program."""

from __future__ import annotations

import pulumi
from pulumi_command import local

from tests.conformance.stacks import Stack


def test_a_function_runs_its_command_every_time(stack: Stack) -> None:
    """`local.run` runs in a preview too, gives output, inputs and files, and leaves nothing in the state."""
    counter = stack.folder / "counter"

    def program() -> None:
        result = local.run(
            command=f"echo x >>{counter}; cat; echo $COLOUR >&2",
            stdin="fed",
            environment={"COLOUR": "teal"},
        )
        pulumi.export("result", [result.stdout, result.stderr, result.stdin, result.command])

    stack.preview(program)
    done = stack.up(program)

    assert not done.failed, done.text
    assert stack.outputs()["result"][:3] == ["fed", "teal", "fed"]
    assert counter.read_text() == "x\n" * 2
    assert done.steps == {}


def test_a_function_that_fails_quotes_its_command(stack: Stack) -> None:
    """A failed `local.run` fails the program with command and output; unknown arguments are refused."""

    def program() -> None:
        local.run(command="echo why >&2; exit 4")

    def odd() -> None:
        pulumi.runtime.invoke("command:local:run", {"command": "true", "comand": "false"})

    done = stack.preview(program)
    assert done.failed
    assert 'exit status 4: running "echo why >&2; exit 4":' in done.text
    assert "why" in done.text
    assert "Unrecognized field 'comand' on 'local.RunInputs'" in stack.preview(odd).text
