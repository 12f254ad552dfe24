"""A few repetitions of a measurement, as one number and how far they lie apart."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """What was measured several times.

    Attributes:
        median: the middle one.
        low: the smallest.
        high: the largest.
        count: how many there are.
    """

    median: float
    low: float
    high: float
    count: int


def spread(values: Sequence[float]) -> Spread:
    """Sum repetitions up.

    Args:
        values: at least one.

    Returns:
        Their median and their range.
    """
    return Spread(statistics.median(values), min(values), max(values), len(values))


def ratios(ours: Sequence[float], baseline: Sequence[float]) -> Spread:
    """Divide what was measured by turns, pair by pair: a machine that slows down slows both of a pair.

    Args:
        ours: seconds, in the order of measuring.
        baseline: as many.

    Returns:
        The quotients.
    """
    return spread([mine / bare for mine, bare in zip(ours, baseline, strict=True)])


def growth(values: Sequence[float], base: float, step: float) -> Spread:
    """Tell how many steps values lie above a base.

    Args:
        values: seconds with the delay.
        base: seconds without.
        step: the delay, in seconds.

    Returns:
        How many delays they have taken in.
    """
    return spread([(value - base) / step for value in values])


def percentile(values: Sequence[float], percent: float) -> float:
    """Find the value that a share of the values does not exceed.

    Args:
        values: at least one.
        percent: the share, more than 0 and at most 100.

    Returns:
        One of the values; nothing is interpolated.
    """
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
