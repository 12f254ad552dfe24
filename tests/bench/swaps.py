"""Figure 7: requests while the app is replaced: none fails, and they hardly take longer."""

from __future__ import annotations

import time
from typing import Final

from tests.bench.figure import Figure, Share
from tests.bench.load import Request, between, load
from tests.bench.picture import Moment, draw
from tests.bench.spread import percentile, spread
from tests.bench.stage import SERVER, Stage
from tools.toolchain import boxes, docker_cli

SWAPS: Final = 10
# In so many turns, each between two times in which nothing is replaced.
TURNS: Final = 2
# Of an empty program, each turn.
BESIDE: Final = 3
RATE: Final = 200
QUIET_SECONDS: Final = 12.0
LAYER_BYTES: Final = 20_000_000
# `pulumi` runs on another machine, as a rule. Here it shares cores with server and load, so it stands back.
NICE: Final = 19
SHOWN_SWAPS: Final = 2
MARGIN_SECONDS: Final = 3.0
GOAL: Final = 1.5
LIVE_FILE: Final = "/var/lib/backstaff/traefik/dynamic/live-image-web.yml"

Window = tuple[float, float]


def measure(stage: Stage) -> list[Figure]:
    """Replace the app ten times under load."""
    _ = stage.server
    images = [stage.images.prebuilt(LAYER_BYTES) for _ in range(SWAPS)]
    address = docker_cli.call(
        "inspect", "--format", "{{.NetworkSettings.IPAddress}}", boxes.container(SERVER)
    ).strip()
    quiet: list[Window] = []
    beside: list[Window] = []
    swaps: list[Window] = []
    switches: list[float] = []
    results = stage.folder / "requests.bin"
    with load(stage.program("vegeta"), f"http://{address}/", "image.test", RATE, results) as sent:
        for turn in range(TURNS):
            quiet.append(_quiet())
            beside += [_empty(stage) for _ in range(BESIDE)]
            for image in images[turn::TURNS]:
                swaps.append(_swap(stage, image))
                switches.append(float(stage.root(f"stat --format %.9Z {LIVE_FILE}")))
                stage.say(f"swap {len(swaps)} of {SWAPS}: {swaps[-1][1] - swaps[-1][0]:.1f} s")
        quiet.append(_quiet())
    _draw(stage, sent.requests, swaps, switches)
    return _figures(sent.requests, sent.failures, quiet, beside, swaps)


def _quiet() -> Window:
    began = time.time()
    time.sleep(QUIET_SECONDS)
    return began, time.time()


def _empty(stage: Stage) -> Window:
    began = time.time()
    stage.nothing.up(nice=NICE)
    return began, time.time()


def _swap(stage: Stage, image: str) -> Window:
    stage.deployed_image.configure(image=image)
    began = time.time()
    stage.deployed_image.up(nice=NICE)
    return began, time.time()


def _figures(
    requests: list[Request],
    failures: list[Request],
    quiet: list[Window],
    beside: list[Window],
    swaps: list[Window],
) -> list[Figure]:
    def p(percent: float, windows: list[Window]) -> float:
        return percentile([one.milliseconds for one in between(requests, windows)], percent)

    shares = [
        Share(f"{name}, {what}", spread([p(percent, windows)]), "ms")
        for what, windows in (
            ("while nothing happens", quiet),
            ("beside an empty program", beside),
            ("while swapping", swaps),
        )
        for name, percent in (("p50", 50), ("p99", 99))
    ]
    calm = p(99, quiet)
    each = [p(99, [window]) / calm for window in swaps]
    whole = spread([p(99, swaps) / calm])
    value = type(whole)(whole.median, min(each), max(each), len(each))
    return [
        Figure(
            f"requests failed in {SWAPS} swaps",
            spread([len(failures)]),
            "",
            0,
            [Share("requests sent, at 200 a second", spread([len(requests)]), "")],
        ),
        Figure("p99 while swapping / while nothing happens", value, "times", GOAL, shares),
        Figure(
            "p99 while swapping / beside an empty program", spread([p(99, swaps) / p(99, beside)]), "times"
        ),
    ]


def _draw(stage: Stage, requests: list[Request], swaps: list[Window], switches: list[float]) -> None:
    """Draw the first swaps, and a little before and after."""
    window = (swaps[0][0] - MARGIN_SECONDS, swaps[SHOWN_SWAPS - 1][1] + MARGIN_SECONDS)
    moments = [Moment(*swap, at) for swap, at in zip(swaps, switches, strict=True)][:SHOWN_SWAPS]
    picture = draw(between(requests, [window]), moments, RATE)
    (stage.folder / "swap-latency.svg").write_text(picture, encoding="utf-8")
