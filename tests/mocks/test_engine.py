"""What the program tells the engine, and how long it stays."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest
from pulumi.runtime import resource as sdk

from components import engine
from tests.mocks.graph import ROOT


@pytest.mark.parametrize(("wanted", "sent"), [("", []), ("1", ["said"])])
def test_debug_messages_are_sent_where_they_are_wanted(
    monkeypatch: pytest.MonkeyPatch, wanted: str, sent: list[str]
) -> None:
    """Drop what nobody sees, and nothing for the one who looks for a mistake."""
    told: list[str] = []
    monkeypatch.setattr(pulumi.log, "debug", told.append)
    monkeypatch.setattr(sdk, "_get_stack_trace", sdk._get_stack_trace)
    monkeypatch.setenv(engine.WANTED, wanted)
    engine.spare_the_engine()
    pulumi.log.debug("said")
    assert told == sent


class Resource:
    """Asks for a stack trace as the SDK's does, which looks for the third constructor."""

    def __init__(self) -> None:
        self.trace = sdk._get_stack_trace()


class CustomResource(Resource):
    """A second one."""

    def __init__(self) -> None:
        super().__init__()


class Step(CustomResource):
    """A third one."""

    def __init__(self) -> None:
        super().__init__()


@pytest.mark.parametrize(("wanted", "is_sent"), [("", False), ("1", True)])
def test_stack_traces_are_sent_where_they_are_wanted(
    monkeypatch: pytest.MonkeyPatch, wanted: str, *, is_sent: bool
) -> None:
    """Keep them out of the state, unless somebody looks for a mistake."""
    monkeypatch.setattr(pulumi.log, "debug", pulumi.log.debug)
    monkeypatch.setattr(sdk, "_get_stack_trace", sdk._get_stack_trace)
    monkeypatch.setenv(engine.WANTED, wanted)
    engine.spare_the_engine()
    assert bool(Step().trace.frames) is is_sent


def test_no_garbage_is_looked_for() -> None:
    """Neither while the program runs, nor when Python ends: what it would look at is frozen by then."""
    program = (
        "import atexit, gc; from components import engine\n"
        "atexit.register(lambda: print(gc.isenabled(), gc.get_freeze_count() > 0))\n"
        "engine.keep_garbage(); print(gc.get_freeze_count())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == "0\nFalse True\n"


def test_the_program_stays_until_its_last_steps_have_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for all of them, for one that fails too, and leave what it failed with to the SDK."""
    ended: list[str] = []

    def step(name: str, seconds: float, error: Exception | None = None) -> Any:  # noqa: ANN401 - stands for one
        async def urn() -> str:
            await asyncio.sleep(seconds)
            ended.append(name)
            if error:
                raise error
            return name

        return SimpleNamespace(urn=SimpleNamespace(future=urn))

    given: list[Callable[[], Awaitable[None]]] = []
    monkeypatch.setattr(pulumi, "run", given.append)
    engine.stay_until_done([step("late", 0.1), step("failed", 0.0, ValueError("no"))])

    async def program() -> None:
        await given[0]()

    asyncio.run(program())
    assert ended == ["failed", "late"]
