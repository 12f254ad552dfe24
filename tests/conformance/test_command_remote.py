"""`remote.Command`: commands on a server, at creation, change and deletion."""

from __future__ import annotations

import re
from typing import Any

import pulumi
from pulumi_command import remote

from tests.conformance.ssh_server import Server
from tests.conformance.stacks import Program, Stack, is_secret


def test_a_command_runs_in_a_shell_and_its_output_is_kept(stack: Stack, server: Server) -> None:
    """Output is kept without its last line break, each line is shown, the id is the name and 8 hex digits."""

    def program() -> None:
        remote.Command(
            "talk",
            connection=server.connection(),
            create="printf 'one\ntwo\n\n'; read -r line; echo $line $COLOUR >&2",
            stdin="fed\nand more",
            environment={"COLOUR": "teal"},
        )
        remote.Command("silent", connection=server.connection())

    done = stack.up(program)

    assert done.steps["talk"] == ["create"], done.text
    assert done.outputs("talk")["stdout"] == "one\ntwo\n"
    assert done.outputs("talk")["stderr"] == "fed teal"
    assert sorted(line for line in done.status_lines("talk") if line) == ["fed teal", "one", "two"]
    assert re.fullmatch(r"talk[0-9a-f]{8}", stack.export()["talk"]["id"])
    assert (done.outputs("silent")["stdout"], done.outputs("silent")["stderr"]) == ("", "")
    assert len(server.commands) == 1


def test_defaults_of_a_connection_are_kept_in_the_state(stack: Stack) -> None:
    """User root, port 22, 10 failed attempts and 15 seconds each are filled in, for a bastion too."""

    def program() -> None:
        way: Any = {"host": "a.invalid", "proxy": {"host": "b.invalid", "port": 23}}
        idle = remote.Command("idle", connection=way)
        pulumi.export("connection", pulumi.Output.unsecret(idle.connection))

    stack.up(program)

    defaults = {"user": "root", "dial_error_limit": 10, "per_dial_timeout": 15}
    assert stack.outputs()["connection"] == {
        **defaults,
        "host": "a.invalid",
        "port": 22,
        "proxy": {**defaults, "host": "b.invalid", "port": 23},
    }


def test_only_the_connection_and_what_was_given_as_secret_is_secret(stack: Stack, server: Server) -> None:
    """The whole connection is encrypted in the state; a secret input stays one; the output is none."""

    def program() -> None:
        remote.Command(
            "keep",
            connection=server.connection(),
            create="cat",
            stdin=pulumi.Output.secret("hush hush"),
            environment={"COLOUR": pulumi.Output.secret("mauve")},
        )

    done = stack.up(program)
    state = stack.export()["keep"]

    assert done.outputs("keep")["stdout"] == "hush hush"
    for part in ("inputs", "outputs"):
        kept = state[part]
        assert is_secret(kept["connection"])
        assert is_secret(kept["stdin"])
        assert is_secret(kept["environment"]["COLOUR"])
        assert kept["create"] == "cat"
    assert state["outputs"]["stdout"] == "hush hush"
    assert stack.up(program).steps["keep"] == ["same"]


def test_what_signs_in_is_secret_even_if_it_was_given_openly(stack: Stack, server: Server) -> None:
    """The plugin itself marks the connection as a secret, whatever the program's SDK does."""
    inputs = {"connection": server.connection(), "create": "echo hello"}

    done = stack.up(lambda: pulumi.CustomResource("command:remote:Command", "open", inputs))

    assert not done.failed, done.text
    state = stack.export()["open"]
    assert is_secret(state["inputs"]["connection"])
    assert is_secret(state["outputs"]["connection"])


def _greeting(server: Server, **inputs: Any) -> Program:  # noqa: ANN401 - inputs of any type
    return lambda: remote.Command("greet", connection=server.connection(), **inputs)


def test_a_change_runs_update_and_knows_what_was_printed_before(stack: Stack, server: Server) -> None:
    """Any changed input runs `update` with the output before in a variable, unless that is not wanted."""
    stack.up(_greeting(server, create="echo first"))

    changed = stack.up(_greeting(server, create="echo 1st", update='echo "after $PULUMI_COMMAND_STDOUT"'))
    assert changed.steps["greet"] == ["update"]
    assert changed.outputs("greet")["stdout"] == "after first"

    silent = stack.up(
        _greeting(server, update='echo "after $PULUMI_COMMAND_STDOUT"', add_previous_output_in_env=False)
    )
    assert silent.outputs("greet")["stdout"] == "after "
    assert silent.warnings("greet") == []


def test_a_change_without_update_runs_create_again(stack: Stack, server: Server) -> None:
    """Without `update` a change runs `create`; without both it keeps the output."""
    stack.up(_greeting(server, create="echo first"))

    again = stack.up(_greeting(server, create="echo second", delete="echo gone"))
    assert again.steps["greet"] == ["update"]
    assert again.outputs("greet")["stdout"] == "second"

    nothing = stack.up(_greeting(server, delete="echo gone"))
    assert nothing.outputs("greet")["stdout"] == "second"
    assert server.commands == ["echo first", "echo second"]


def test_a_refused_variable_of_the_run_before_is_only_a_warning(stack: Stack, server: Server) -> None:
    """A server that takes no PULUMI_COMMAND_STDERR still runs the command; the warning says what to do."""
    stack.up(_greeting(server, create="echo out; echo err >&2"))

    changed = stack.up(_greeting(server, create="echo again"))

    assert changed.outputs("greet")["stdout"] == "again"
    (warning,) = changed.warnings("greet")
    assert "Unable to set 'PULUMI_COMMAND_STDERR'" in warning
    assert "AcceptEnv" in warning


def test_a_refused_variable_that_was_asked_for_is_an_error(stack: Stack, server: Server) -> None:
    """A server that takes no variable of `environment` runs nothing; the error says which and what to do."""
    done = stack.up(_greeting(server, create="echo never", environment={"SHADE": "dark"}))

    assert 'could not set environment variable "SHADE": ssh: setenv failed' in done.error("greet")
    assert "Unable to set 'SHADE'" in done.error("greet")
    assert "VAR=value command" in done.error("greet")
    assert server.commands == []
    assert "greet" not in stack.export()


def test_the_error_of_a_failed_command_quotes_it_and_all_its_output(stack: Stack, server: Server) -> None:
    """Status or signal, the command quoted on one line, then both outputs; nothing gets into the state."""

    def program() -> None:
        remote.Command(
            "fail",
            connection=server.connection(),
            create='echo "out\t1"\necho err >&2; exit 3',
        )
        remote.Command("die", connection=server.connection(), create="kill -TERM $$")

    done = stack.up(program)

    expected = 'Process exited with status 3: running "echo \\"out\\t1\\"\\necho err >&2; exit 3":\n'
    assert expected in done.error("fail")
    assert {"out\t1", "err"} <= set(done.error("fail").splitlines())
    assert 'Process exited with status 143 from signal TERM: running "kill -TERM $$":' in done.error("die")
    assert not {"fail", "die"} & stack.export().keys()


def test_a_failed_update_leaves_the_state_before(stack: Stack, server: Server) -> None:
    """After a failed update the old inputs and output stand, and the next run tries again."""
    stack.up(_greeting(server, create="echo first"))

    assert stack.up(_greeting(server, create="echo second; false")).failed

    assert stack.export()["greet"]["outputs"]["stdout"] == "first"
    assert stack.export()["greet"]["inputs"]["create"] == "echo first"
    assert stack.preview(_greeting(server, create="echo second; false")).steps["greet"] == ["update"]


def test_delete_runs_with_the_stored_connection_and_output(stack: Stack, server: Server) -> None:
    """Deletion needs no program: connection, variables and the output before come from the state."""
    stack.up(
        _greeting(
            server,
            create="echo made",
            delete='echo "bye $PULUMI_COMMAND_STDOUT $COLOUR"',
            environment={"COLOUR": "teal"},
        )
    )

    gone = stack.destroy()

    assert gone.steps["greet"] == ["delete"]
    assert "bye made teal" in gone.status_lines("greet")
    assert server.commands == ["echo made", 'echo "bye $PULUMI_COMMAND_STDOUT $COLOUR"']


def test_a_failed_delete_keeps_the_resource(stack: Stack, server: Server) -> None:
    """When `delete` fails, the resource stays in the state and the error quotes the command."""
    stack.up(_greeting(server, create="echo made", delete="echo no >&2; exit 9"))

    gone = stack.destroy()

    assert "Process exited with status 9" in gone.error("greet")
    assert "greet" in stack.export()


def test_another_connection_is_an_update(stack: Stack, server: Server) -> None:
    """A changed connection runs the command again, as an update that shows nothing of the connection."""
    stack.up(_greeting(server, create="echo made"))

    def elsewhere() -> None:
        remote.Command("greet", connection=server.connection(user="other"), create="echo made")

    shown = stack.preview(elsewhere, diff=True)
    assert shown.steps["greet"] == ["update"]
    assert shown.step("greet").diffs == ["connection"]
    assert "[secret]" in shown.text
    assert "other" not in shown.text

    assert stack.up(elsewhere).steps["greet"] == ["update"]
    assert server.users == ["root", "other"]


def test_a_preview_connects_nowhere(stack: Stack, server: Server) -> None:
    """In a preview nothing runs; the inputs are shown, the connection is not."""
    foretold = stack.preview(_greeting(server, create="echo made"), diff=True)

    assert foretold.steps["greet"] == ["create"]
    assert '"echo made"' in foretold.text
    assert "PRIVATE KEY" not in foretold.text
    assert server.connections == 0


def test_many_commands_run_at_the_same_time(stack: Stack, server: Server) -> None:
    """Commands that do not depend on each other wait for nobody: each here ends only when all have begun."""
    count = 12
    meeting = stack.folder / "meeting"
    meeting.mkdir()
    command = (
        f"touch {meeting}/$COLOUR; tries=0; until [ $(ls {meeting} | wc -l) -eq {count} ]; do "
        "tries=$((tries+1)); [ $tries -lt 400 ] || exit 1; sleep 0.05; done"
    )

    def program() -> None:
        for number in range(count):
            remote.Command(
                f"meet-{number}",
                connection=server.connection(),
                create=command,
                environment={"COLOUR": str(number)},
            )

    done = stack.up(program, parallel=count)
    assert not done.failed, done.text
    assert len(server.commands) == count


def test_an_input_that_nobody_knows_is_refused(stack: Stack, server: Server) -> None:
    """An input that nobody knows is an error before anything runs, also one of the connection."""

    def program() -> None:
        remote.Command("odd", connection=server.connection(prot=22), create="echo never")

    done = stack.up(program)

    assert done.failed
    assert "Unrecognized field 'prot' on 'remote.Connection'" in done.text
    assert server.connections == 0
