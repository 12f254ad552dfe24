"""Figure 8: what the way through Traefik costs a request, beside the app alone. No goal."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from tests.bench.figure import Figure, Share
from tests.bench.spread import ratios, spread
from tests.bench.stage import PORT, SERVER, Stage
from tools.toolchain import boxes, docker_cli

REPETITIONS: Final = 3
SECONDS: Final = 4
MANY, ONE = 32, 1
UNITS: Final = {"us": 0.001, "ms": 1.0, "s": 1000.0}
# The app's own container, whatever its release.
FIND: Final = (
    "docker inspect --format '{{.NetworkSettings.Networks.backstaff.IPAddress}}' "
    "$(docker ps --quiet --filter label=backstaff.service=image)"
)


@dataclass
class Way:
    """A way to the app, and what was measured on it.

    Attributes:
        url: of the app.
        rates: requests a second, with many connections.
        medians: milliseconds, with one.
    """

    url: str
    rates: list[float] = field(default_factory=list)
    medians: list[float] = field(default_factory=list)


def measure(stage: Stage) -> list[Figure]:
    """Ask as fast as can be, on the server: through Traefik's public port, and the container directly."""
    address = (
        docker_cli.call(
            *("inspect", "--format", "{{.NetworkSettings.IPAddress}}", boxes.container(SERVER))
        ).strip()
        if stage.server
        else ""
    )
    stage.root(
        "command -v wrk >/dev/null || { apt-get -qq update && apt-get -qq install --yes wrk; } >/dev/null"
    )
    proxied, direct = Way(f"http://{address}/"), Way(f"http://{stage.root(FIND).strip()}:{PORT}/")
    for number in range(REPETITIONS):
        for way in (direct, proxied):
            way.rates.append(_rate(stage, way.url))
            way.medians.append(_median(stage, way.url))
        stage.say(
            f"throughput {number + 1} of {REPETITIONS}: direct {direct.rates[-1]:.0f}/s, "
            f"through Traefik {proxied.rates[-1]:.0f}/s"
        )
    added = [through - alone for through, alone in zip(proxied.medians, direct.medians, strict=True)]
    shares = [
        Share("directly", spread(direct.rates), "requests/s"),
        Share("share of it that is left through Traefik", ratios(proxied.rates, direct.rates), "times"),
        Share("p50 on one connection, directly", spread(direct.medians), "ms"),
        Share("p50 on one connection, through Traefik", spread(proxied.medians), "ms"),
    ]
    return [
        Figure(
            "requests/s through Traefik, load and app on the server's two cores too",
            spread(proxied.rates),
            "",
            None,
            shares,
        ),
        Figure("p50 added by Traefik", spread(added), "ms"),
    ]


def _rate(stage: Stage, url: str) -> float:
    return float(_found(r"Requests/sec:\s+([\d.]+)", _wrk(stage, url, MANY)).group(1))


def _median(stage: Stage, url: str) -> float:
    found = _found(r"50%\s+([\d.]+)(us|ms|s)", _wrk(stage, url, ONE))
    return float(found.group(1)) * UNITS[found.group(2)]


def _wrk(stage: Stage, url: str, connections: int) -> str:
    said = stage.root(
        f"wrk --latency --threads 1 --connections {connections} --duration {SECONDS}s "
        f"--header 'Host: image.test' {url}"
    )
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"requests failed:\n{said}")
    return said


def _found(pattern: str, text: str) -> re.Match[str]:
    found = re.search(pattern, text)
    if not found:
        raise RuntimeError(f"wrk says nothing that fits {pattern!r}:\n{text}")
    return found
