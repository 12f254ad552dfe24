"""A figure: what was measured, beside its goal and its shares."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from tests.bench.spread import Spread

Verdict = Literal["met", "missed", "reported"]
# Decimals by unit; what is counted has none.
DECIMALS: Final = {"times": 2, "s": 2, "ms": 1, "round trips": 1, "MiB": 0}


@dataclass(frozen=True)
class Share:
    """A part of what a figure is made of, or what stands beside it.

    Attributes:
        what: it is.
        value: how much.
        unit: of it.
    """

    what: str
    value: Spread
    unit: str = "s"


@dataclass(frozen=True)
class Figure:
    """What was measured.

    Attributes:
        what: it is, in one line.
        value: how much; nothing if the measurement failed.
        unit: of value and goal.
        goal: what it may be at most; nothing if there is none.
        shares: what it is made of.
        trouble: why there is no value.
    """

    what: str
    value: Spread | None
    unit: str
    goal: float | None = None
    shares: list[Share] = field(default_factory=list)
    trouble: str = ""

    @property
    def verdict(self) -> Verdict:
        """Whether the goal is met: by the median of a ratio, by the worst of what is counted."""
        if self.value is None:
            return "missed"
        if self.goal is None:
            return "reported"
        reached = self.value.median if self.unit in DECIMALS else self.value.high
        return "met" if reached <= self.goal else "missed"

    @property
    def is_missed(self) -> bool:
        """Whether there is a goal that was not reached, or a measurement that failed."""
        return self.verdict == "missed"

    def as_json(self) -> dict[str, Any]:
        """Give all of it for a JSON file."""
        return {**asdict(self), "verdict": self.verdict}


def number(value: float, unit: str) -> str:
    """Write a number with as many decimals as its unit deserves."""
    return f"{value:,.{DECIMALS.get(unit, 0)}f}"


def shown(value: Spread, unit: str) -> str:
    """Write median and unit: `1.25 times`."""
    return f"{number(value.median, unit)} {unit}".strip()


def range_of(value: Spread, unit: str) -> str:
    """Write the range and the number of repetitions: `1.20 to 1.31 (5)`; just `(1)` where nothing varied."""
    low, high = number(value.low, unit), number(value.high, unit)
    return f"({value.count})" if low == high else f"{low} to {high} ({value.count})"
