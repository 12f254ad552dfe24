"""The picture: how long each request took, over the time of some swaps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tests.bench.load import Request

WIDTH, HEIGHT = 900, 340
LEFT, RIGHT, TOP, BOTTOM = 60, 15, 40, 45
# Milliseconds; a power of ten each, with lines between.
TICKS: Final = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
STEP_SECONDS: Final = 2
STYLE: Final = (
    "text{font:12px sans-serif;fill:#444}"
    ".grid{stroke:#e4e4e4}.up{fill:#eef3fa}.switch{stroke:#c60;stroke-dasharray:4 3}"
    ".ok{stroke:#2a62a8;stroke-width:2.4;stroke-linecap:round;stroke-opacity:.45;fill:none}"
    ".failed{stroke:#c00;stroke-width:1.5}.title{font-size:14px;fill:#111}"
)


@dataclass(frozen=True)
class Moment:
    """A swap: when `pulumi up` began and ended, and when the public was switched over; since the epoch."""

    began: float
    ended: float
    switched: float


class _Scale:
    """Turns times and latencies into places of the picture."""

    def __init__(self, requests: Sequence[Request]) -> None:
        self.begin, self.end = requests[0].began, requests[-1].began
        took = [one.milliseconds for one in requests]
        self.low = max((tick for tick in TICKS if tick <= min(took)), default=TICKS[0])
        self.high = min((tick for tick in TICKS if tick >= max(took)), default=TICKS[-1])

    def x(self, at: float) -> float:
        share = (at - self.begin) / (self.end - self.begin)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, milliseconds: float) -> float:
        inside = min(max(milliseconds, self.low), self.high)
        share = math.log(inside / self.low) / math.log(self.high / self.low)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def draw(requests: Sequence[Request], moments: Sequence[Moment], rate: int) -> str:
    """Draw a picture.

    Args:
        requests: at least two, in the order of their beginning.
        moments: the swaps.
        rate: requests a second, for the title.

    Returns:
        SVG.
    """
    scale = _Scale(requests)
    failed = [one for one in requests if one.error]
    title = f"{len(requests):,} requests at {rate}/s while the app is replaced; {len(failed)} failed"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{title}</title><style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        *(_up(scale, moment) for moment in moments),
        *_grid(scale),
        f'<path class="ok" d="{_dots(scale, requests)}"/>',
        *(_cross(scale, one) for one in failed),
        *(_switch(scale, moment) for moment in moments),
        f'<text class="title" x="{LEFT}" y="18">{title}</text>',
        f'<text x="14" y="{HEIGHT / 2}" transform="rotate(-90 14 {HEIGHT / 2})">latency, ms</text>',
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 8}">seconds</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _grid(scale: _Scale) -> list[str]:
    lines = []
    for tick in (tick for tick in TICKS if scale.low <= tick <= scale.high):
        y = scale.y(tick)
        lines.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        lines.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>')
    for second in range(0, int(scale.end - scale.begin) + 1, STEP_SECONDS):
        x = scale.x(scale.begin + second)
        lines.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{second}</text>')
    return lines


def _dots(scale: _Scale, requests: Sequence[Request]) -> str:
    """Draw a line of no length for each request: with round ends it is a dot, in a few bytes."""
    return "".join(
        f"M{scale.x(one.began):.1f} {scale.y(one.milliseconds):.1f}h0" for one in requests if not one.error
    )


def _cross(scale: _Scale, one: Request) -> str:
    x, y = scale.x(one.began), scale.y(one.milliseconds)
    return f'<path class="failed" d="M{x - 4:.1f} {y - 4:.1f}l8 8m-8 0l8 -8"/>'


def _up(scale: _Scale, moment: Moment) -> str:
    x, end = scale.x(moment.began), scale.x(moment.ended)
    height = HEIGHT - TOP - BOTTOM
    return (
        f'<rect class="up" x="{x:.1f}" y="{TOP}" width="{end - x:.1f}" height="{height}"/>'
        f'<text x="{x + 4:.1f}" y="{TOP - 5}">pulumi up</text>'
    )


def _switch(scale: _Scale, moment: Moment) -> str:
    x = scale.x(moment.switched)
    return (
        f'<line class="switch" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
        f'<text x="{x + 4:.1f}" y="{TOP + 14}">switch</text>'
    )
