"""When switches are taken back: not before the engine begins no more of them."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from components import switches


def watched() -> switches.Switches:
    """Watch switches of which nothing is known yet."""
    nothing: Any = SimpleNamespace(service="hello")
    return switches.Switches(nothing, {}, nothing, [])


async def make(one: switches.Switches, name: str, begins: float, ends: float) -> None:
    """Make a switch that begins and ends after so many seconds."""
    await asyncio.sleep(begins)
    one._begun.add(name)
    await asyncio.sleep(ends - begins)
    one._made.add(name)


def test_a_switch_that_begins_late_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """With many servers the engine begins some only as others end; between the two, nothing is under way."""
    monkeypatch.setattr(switches, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(switches, "QUIET_SECONDS", 0.3)
    one = watched()
    one._begun.add("failed")
    one._failed.add("failed")

    async def until_settled() -> set[str]:
        others = asyncio.gather(make(one, "second", 0.0, 0.1), make(one, "third", 0.2, 0.4))
        await one._settled()
        made = set(one._made)
        await others
        return made

    assert asyncio.run(until_settled()) == {"second", "third"}
