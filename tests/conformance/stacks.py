"""Small programs through the real engine: state in a folder of the test, what happened as data.

    stack.up(lambda: command.local.Command("hello", create="echo hello"))

runs that program and gives an `Outcome`: what each resource went through, what it showed, the text.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shlex
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation as auto
from pulumi.automation.events import EngineEvent, StepEventMetadata
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS

from tests.lean_up import ask_nothing_after
from tools.toolchain.plugins import CHOICE, LAUNCHER, NAMES
from tools.toolchain.repository import ROOT

Program = Callable[[], Any]
"""A Pulumi program: what it returns is ignored."""

# A program that is under way when the engine ends after an error complains at length that it is gone.
logging.getLogger("grpc._server").setLevel(logging.CRITICAL)
# One process speaks with hundreds of engines here, one after the other. By default gRPC shares a connection
# with all that speak with a port, so that an engine on the port of one that has ended would count as gone.
_GRPC_CHANNEL_OPTIONS.append(("grpc.use_local_subchannel_pool", 1))

PROJECT = "conformance"
STACK = "test"


@dataclass
class Outcome:
    """What one run of the engine did.

    Attributes:
        text: What the user saw.
        failed: Whether the run ended with an error.
        events: All that the engine told, in its order.
    """

    text: str = ""
    failed: bool = False
    events: list[EngineEvent] = field(default_factory=list)

    @property
    def steps(self) -> dict[str, list[str]]:
        """What each resource went through, such as `["create"]`, by its name."""
        found: dict[str, list[str]] = {}
        for step in self._metadata():
            found.setdefault(_name(step.urn), []).append(step.op.value)
        return found

    def step(self, name: str) -> StepEventMetadata:
        """Give the engine's last description of what a resource goes through: states and changes."""
        return [step for step in self._metadata() if _name(step.urn) == name][-1]

    def outputs(self, name: str) -> dict[str, Any]:
        """Give a resource's state after this run, with what the engine prints for secrets."""
        for event in reversed(self.events):
            done = event.res_outputs_event
            if done and _name(done.metadata.urn) == name and done.metadata.new:
                return dict(done.metadata.new.outputs or {})
        raise LookupError(f"{name} did not end well:\n{self.text}")

    def status_lines(self, name: str) -> list[str]:
        """Give the lines that were shown beside a resource while it worked, and not kept."""
        return self._lines(name, "info", ephemeral=True)

    def infos(self, name: str) -> list[str]:
        """Give the lines that a resource left."""
        return self._lines(name, "info")

    def warnings(self, name: str) -> list[str]:
        """Give the warnings that a resource left."""
        return self._lines(name, "warning")

    def errors(self, name: str) -> list[str]:
        """Give the errors that a resource left."""
        return self._lines(name, "error")

    def error(self, name: str) -> str:
        """Give all errors of a resource that failed, as one text."""
        assert self.failed, f"the run went well:\n{self.text}"
        return "\n".join(self.errors(name))

    def _lines(self, name: str, severity: str, *, ephemeral: bool = False) -> list[str]:
        found = [event.diagnostic_event for event in self.events if event.diagnostic_event]
        return [
            line.message.removesuffix("\n")
            for line in found
            if line.urn
            and _name(line.urn) == name
            and line.severity.startswith(severity)
            and bool(line.ephemeral) is ephemeral
        ]

    def _metadata(self) -> list[StepEventMetadata]:
        found = [event.resource_pre_event.metadata for event in self.events if event.resource_pre_event]
        return [step for step in found if not step.type.startswith("pulumi:p")]  # the stack and its providers


class Engine:
    """The engine, set up once: an empty stack that new ones are copies of, and the plugins on PATH.

    Args:
        folder: Where all of that is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.command = auto.PulumiCommand()
        self.variables = {
            "PATH": _search_path(folder / "bin"),
            "PULUMI_CONFIG_PASSPHRASE": "a passphrase of these tests",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        if not wants_official():
            # An engine's folder of its own, so that no installed plugin comes before the stand-in.
            self.variables["PULUMI_HOME"] = str(folder / "home")
        self._folder = folder
        self._template = folder / "template"
        self._template.mkdir()
        Stack(self, self._template).create()
        self._made = 0

    def stack(self) -> Stack:
        """Give a new, empty stack."""
        self._made += 1
        folder = self._folder / f"stack-{self._made}"
        shutil.copytree(self._template, folder)
        return Stack(self, folder)


class Stack:
    """A stack with its state in a folder.

    Args:
        engine: What runs it.
        folder: Its project and its state.
    """

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.folder = folder
        self._engine = engine

    def create(self) -> None:
        """Make the stack, empty."""
        auto.Stack.create(STACK, self._workspace(None))

    def up(self, program: Program, **options: Any) -> Outcome:  # noqa: ANN401 - those of pulumi.automation
        """Run a program, without a preview."""
        return self._run("up", program, options)

    def preview(self, program: Program, **options: Any) -> Outcome:  # noqa: ANN401 - likewise
        """Foretell what a program would do; `diff=True` prints every property."""
        return self._run("preview", program, options)

    def refresh(self, **options: Any) -> Outcome:  # noqa: ANN401 - likewise
        """Compare the state with what is there."""
        return self._run("refresh", None, options)

    def destroy(self, **options: Any) -> Outcome:  # noqa: ANN401 - likewise
        """Take everything away."""
        return self._run("destroy", None, options)

    def interrupt(self) -> None:
        """Interrupt what runs at the moment, as Ctrl-C does."""
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # processes come and go
                is_engine = (process / "comm").read_text() == "pulumi\n"
                if is_engine and (process / "cwd").readlink() == self.folder:
                    os.kill(int(process.name), signal.SIGINT)

    def export(self) -> dict[str, dict[str, Any]]:
        """Give the state as it is stored: each resource by its name, secrets encrypted (see `is_secret`)."""
        path = self.folder / ".pulumi" / "stacks" / PROJECT / f"{STACK}.json"
        resources = json.loads(path.read_text(encoding="utf-8"))["checkpoint"]["latest"].get("resources", [])
        return {_name(resource["urn"]): resource for resource in resources}

    def outputs(self) -> dict[str, Any]:
        """Give what the program exported, as it is stored."""
        return dict(self.export()[f"{PROJECT}-{STACK}"].get("outputs", {}))

    def _run(self, operation: str, program: Program | None, options: dict[str, Any]) -> Outcome:
        outcome = Outcome()
        lines: list[str] = []
        stack = self._open(program)
        run: Callable[..., object] = getattr(stack, operation)
        try:
            run(
                on_output=lambda line: lines.append(f"{line}\n"),
                on_event=outcome.events.append,
                color="never",
                **options,
            )
        except auto.CommandError as error:
            outcome.failed = True
            lines.append(str(error))
        outcome.text = "".join(lines)
        return outcome

    def _open(self, program: Program | None) -> auto.Stack:
        stack = auto.Stack.__new__(auto.Stack)  # its constructor asks the engine to select it: half a second
        stack.name, stack.workspace = STACK, self._workspace(program)
        ask_nothing_after(stack)
        return stack

    def _workspace(self, program: Program | None) -> auto.LocalWorkspace:
        is_there = (self.folder / "Pulumi.yaml").exists()
        return auto.LocalWorkspace(
            work_dir=str(self.folder),
            program=program,
            env_vars={**self._engine.variables, "PULUMI_BACKEND_URL": self.folder.as_uri()},
            project_settings=None if is_there else auto.ProjectSettings(PROJECT, "python"),
            pulumi_command=self._engine.command,
        )


def is_secret(value: object) -> bool:
    """Tell whether a value of an exported state is a secret."""
    return isinstance(value, dict) and "ciphertext" in value


def wants_official() -> bool:
    """Tell whether the real plugins on PATH are to be tested instead of the stand-ins."""
    return os.environ.get(CHOICE) == "official"


def official_only(reason: str) -> pytest.MarkDecorator:
    """Mark a test that only the real plugins need to pass."""
    return pytest.mark.skipif(not wants_official(), reason=f"real plugins only: {reason}")


def stand_in_only(reason: str) -> pytest.MarkDecorator:
    """Mark a test that only the stand-ins need to pass."""
    return pytest.mark.skipif(wants_official(), reason=f"stand-ins only: {reason}")


def _search_path(folder: Path) -> str:
    """Make the executables by which the engine finds the stand-ins, and give the PATH with them in front."""
    callers = os.environ.get("PATH", os.defpath)
    if wants_official():
        return callers
    folder.mkdir()
    for name in NAMES:
        program = folder / f"pulumi-resource-{name}"
        program.write_text(
            LAUNCHER.format(name=name, python=shlex.quote(sys.executable), root=shlex.quote(str(ROOT))),
            encoding="utf-8",
        )
        program.chmod(0o755)
    return os.pathsep.join([str(folder), callers])


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]
