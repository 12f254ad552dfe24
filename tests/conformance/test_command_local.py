"""`local.Command`: commands on this machine, at creation, change and deletion."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pulumi
from pulumi_command import local

from tests.conformance.stacks import Program, Stack, is_secret


def test_a_command_runs_in_a_shell_and_its_output_is_kept(stack: Stack) -> None:
    """Output is kept without its last line break, and the id is the name and 8 hex digits."""

    def program() -> None:
        local.Command("talk", create="printf 'one\ntwo\n\n'; echo three >&2")
        local.Command("silent")

    done = stack.up(program)

    assert done.outputs("talk")["stdout"] == "one\ntwo\n"
    assert done.outputs("talk")["stderr"] == "three"
    assert re.fullmatch(r"talk[0-9a-f]{8}", stack.export()["talk"]["id"])
    assert (done.outputs("silent")["stdout"], done.outputs("silent")["stderr"]) == ("", "")


def test_where_and_how_it_runs_can_be_chosen(stack: Stack) -> None:
    """Interpreter, folder, variables and standard input reach the command; it inherits this environment."""

    def program() -> None:
        local.Command(
            "chosen",
            create='{ print $1, ENVIRON["COLOUR"], (length(ENVIRON["PATH"]) > 0) }',
            interpreter=["awk"],
            stdin="fed line\n",
            environment={"COLOUR": "teal"},
        )
        local.Command("folder", create="pwd -P", dir="/usr/lib/..")
        local.Command("deaf", create="cat")

    done = stack.up(program)

    assert done.outputs("chosen")["stdout"] == "fed teal 1"
    assert done.outputs("folder")["stdout"] == "/usr"
    assert done.outputs("deaf")["stdout"] == ""


def test_lines_are_shown_as_they_come_unless_switched_off(stack: Stack) -> None:
    """`logging` chooses which output is shown line by line; all of it is kept in any case."""
    kinds: Any = ["stdout", "stderr", "stdoutAndStderr", "none"]

    def program() -> None:
        local.Command("all", create="echo out; echo err >&2")
        local.Command("open", create="echo begun; printf 'no end'")
        for kind in kinds:
            local.Command(kind, create="echo out; echo err >&2", logging=kind)

    done = stack.up(program)

    assert sorted(done.status_lines("all")) == ["err", "out"]
    assert done.status_lines("open") == ["begun", "no end"]
    shown = {kind: sorted(done.status_lines(kind)) for kind in kinds}
    assert shown == {"stdout": ["out"], "stderr": ["err"], "stdoutAndStderr": ["err", "out"], "none": []}
    for kind in kinds:
        assert (done.outputs(kind)["stdout"], done.outputs(kind)["stderr"]) == ("out", "err")


def test_the_error_of_a_failed_command_quotes_it_and_all_its_output(stack: Stack) -> None:
    """How it ended, the command quoted on one line, then both outputs; nothing gets into the state."""

    def program() -> None:
        local.Command("fail", create='echo "a\\b"; echo naïve >&2\nexit 3')
        local.Command("die", create="kill -KILL $$")
        local.Command("lost", create="echo", dir="/no/such/folder")
        local.Command("mute", create="echo", interpreter=["no-such-program"])
        local.Command("wrong", create="echo", interpreter=["/no/such/program", "-c"])

    done = stack.up(program, continue_on_error=True)

    assert 'exit status 3: running "echo \\"a\\\\b\\"; echo naïve >&2\\nexit 3":\n' in done.error("fail")
    assert "naïve" in done.error("fail").splitlines()
    assert 'signal: killed: running "kill -KILL $$":' in done.error("die")
    assert 'chdir /no/such/folder: no such file or directory: running "echo":' in done.error("lost")
    assert 'exec: "no-such-program": executable file not found in $PATH: running "echo":' in done.error(
        "mute"
    )
    assert "fork/exec /no/such/program: no such file or directory" in done.error("wrong")
    assert not {"fail", "die", "lost", "mute", "wrong"} & stack.export().keys()


def _greeting(**inputs: Any) -> Program:  # noqa: ANN401 - inputs of any type
    return lambda: local.Command("greet", **inputs)


def test_a_change_runs_update_or_else_create(stack: Stack) -> None:
    """Any changed input runs `update`, or `create` without it, and the output before is in two variables."""
    tell = 'echo "$PULUMI_COMMAND_STDOUT+$PULUMI_COMMAND_STDERR"'
    stack.up(_greeting(create="echo first; echo aside >&2"))

    created = stack.up(_greeting(create=tell))
    assert created.steps["greet"] == ["update"]
    assert created.outputs("greet")["stdout"] == "first+aside"

    updated = stack.up(_greeting(create=tell, update="echo up; echo aside >&2"))
    assert updated.outputs("greet")["stdout"] == "up"

    unaware = stack.up(_greeting(update=tell, add_previous_output_in_env=False))
    assert unaware.outputs("greet")["stdout"] == "+"

    nothing = stack.up(_greeting(environment={"A": "b"}))
    assert nothing.outputs("greet")["stdout"] == "+"
    assert stack.up(_greeting(environment={"A": "b"})).steps["greet"] == ["same"]


def test_delete_runs_with_what_is_stored(stack: Stack) -> None:
    """Deletion runs the stored `delete` with stored variables and the output before; without it, nothing."""

    def program() -> None:
        local.Command(
            "made",
            create="echo here",
            delete='echo "bye $PULUMI_COMMAND_STDOUT $COLOUR"; cat',
            environment={"COLOUR": "teal"},
            stdin="and fed",
        )
        local.Command("plain", create="echo here")

    stack.up(program)
    gone = stack.destroy()

    assert gone.steps["made"] == ["delete"]
    assert gone.status_lines("made") == ["bye here teal", "and fed"]
    assert gone.status_lines("plain") == []
    assert stack.export() == {}


def test_a_changed_trigger_makes_a_new_resource(stack: Stack) -> None:
    """First the new `create` runs, then the old `delete`; the ids differ. The other inputs make updates."""
    trail = stack.folder / "trail"

    def program(version: str) -> Program:
        return _greeting(
            create=f"echo create {version} >>{trail}",
            delete=f"echo delete {version} >>{trail}",
            update=f"echo update {version} >>{trail}",
            triggers=[version, {"nested": [1, True]}],
        )

    stack.up(program("1"))
    before = stack.export()["greet"]["id"]
    foretold = stack.preview(program("2"))
    replaced = stack.up(program("2"))

    assert foretold.steps["greet"] == ["create-replacement", "replace", "delete-replaced"]
    assert replaced.steps["greet"] == ["create-replacement", "replace", "delete-replaced"]
    assert trail.read_text().splitlines() == ["create 1", "create 2", "delete 1"]
    assert stack.export()["greet"]["id"] != before


def test_triggers_that_come_or_go_make_a_new_resource_too(stack: Stack) -> None:
    """Giving `triggers` for the first time replaces, and so does giving them no more."""
    stack.up(_greeting(create="echo"))

    assert "create-replacement" in stack.up(_greeting(create="echo", triggers=["a"])).steps["greet"]
    assert "create-replacement" in stack.up(_greeting(create="echo", triggers=["a", "b"])).steps["greet"]
    assert "create-replacement" in stack.up(_greeting(create="echo")).steps["greet"]


def test_a_secret_stays_where_it_was_given(stack: Stack) -> None:
    """A secret input is encrypted in the state, also within a dictionary; output is not, unless asked for."""

    def program() -> None:
        local.Command(
            "keep",
            create="cat; echo $PLAIN $HIDDEN >&2",
            stdin=pulumi.Output.secret("hush hush"),
            environment={"PLAIN": "shown", "HIDDEN": pulumi.Output.secret("veiled")},
            opts=pulumi.ResourceOptions(additional_secret_outputs=["stderr"]),
        )

    done = stack.up(program)
    state = stack.export()["keep"]

    assert not done.failed, done.text
    for part in ("inputs", "outputs"):
        assert is_secret(state[part]["stdin"])
        assert is_secret(state[part]["environment"]["HIDDEN"])
        assert state[part]["environment"]["PLAIN"] == "shown"
    assert state["outputs"]["stdout"] == "hush hush"
    assert is_secret(state["outputs"]["stderr"])
    assert stack.up(program).steps["keep"] == ["same"]


def test_files_that_a_command_made_become_assets(stack: Stack) -> None:
    """`assetPaths` and `archivePaths` give the files that match, without exclusions, by path and hash."""
    folder = stack.folder / "made"
    folder.mkdir()

    def program() -> None:
        local.Command(
            "build",
            create="mkdir -p sub/deep; "
            "for f in a.txt b.js sub/c.txt sub/deep/d.txt sub/secret.txt; do echo $f >$f; done",
            dir=str(folder),
            asset_paths=["*.{txt,js}", "sub/**", "!**secret.*"],
            archive_paths=["sub/?.txt"],
        )

    done = stack.up(program)
    outputs = stack.export()["build"]["outputs"]

    assert not done.failed, done.text
    assert sorted(outputs["assets"]) == ["a.txt", "b.js", "sub/c.txt", "sub/deep/d.txt"]
    asset = outputs["assets"]["sub/c.txt"]
    assert asset["path"] == str(folder / "sub" / "c.txt")
    assert asset["hash"] == hashlib.sha256(b"sub/c.txt\n").hexdigest()
    assert sorted(outputs["archive"]["assets"]) == ["sub/c.txt"]
    assert stack.up(program).steps["build"] == ["same"]


def test_a_time_limit_ends_a_command(stack: Stack) -> None:
    """The program's `custom_timeouts` kill a command on this machine."""

    def program() -> None:
        local.Command(
            "slow",
            create="exec sleep 600",
            opts=pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="1s")),
        )

    assert 'signal: killed: running "exec sleep 600":' in stack.up(program).error("slow")


def test_refresh_changes_nothing(stack: Stack) -> None:
    """Nothing is looked at and nothing runs: the state stays as it is."""
    trail = stack.folder / "trail"
    program = _greeting(create=f"echo ran >>{trail}", update=f"echo ran >>{trail}")
    stack.up(program)
    before = stack.export()["greet"]
    done = stack.refresh()
    assert not done.failed, done.text

    for part in ("id", "inputs", "outputs"):
        assert stack.export()["greet"][part] == before[part]
    assert trail.read_text() == "ran\n"
