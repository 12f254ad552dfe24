"""Figures 1 and 2: nothing to do, beside a program in which there is nothing."""

from __future__ import annotations

from typing import Final

from tests.bench.figure import Figure, Share
from tests.bench.spread import ratios, spread
from tests.bench.stage import Stage

REPETITIONS: Final = 5
GOAL: Final = 1.25


def measure(stage: Stage) -> list[Figure]:
    """Time `up` and `preview` of a deployed app that has not changed, and of an empty program."""
    ours, nothing = stage.deployed_build, stage.nothing
    figures = []
    for name in ("up", "preview"):
        mine, bare = [], []
        for number in range(REPETITIONS):
            bare.append(nothing.up() if name == "up" else nothing.preview())
            mine.append(ours.up() if name == "up" else ours.preview())
            stage.say(
                f"{name} {number + 1} of {REPETITIONS}: empty {bare[-1]:.2f} s, unchanged {mine[-1]:.2f} s"
            )
        shares = [Share("unchanged app", spread(mine)), Share("empty program", spread(bare))]
        figures.append(
            Figure(
                f"`{name}` with nothing to do / of an empty program",
                ratios(mine, bare),
                "times",
                GOAL,
                shares,
            )
        )
    return figures
