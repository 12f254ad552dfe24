"""Figure 9: how time and memory grow with the number of servers, each a stub that answers at once."""

from __future__ import annotations

import secrets
from typing import Any, Final

from tests.bench.figure import Figure, Share
from tests.bench.processes import Watch
from tests.bench.spread import spread
from tests.bench.stage import PORT, Stage
from tests.bench.stub import Stub, serving

# The small ones cost little; the large ones take minutes.
REPETITIONS: Final = {1: 3, 5: 1, 10: 1, 25: 1, 50: 1}
SIZES: Final = tuple(REPETITIONS)
FEW, MANY = SIZES[0], SIZES[-1]
GOAL_OF_UP: Final = 6
GOAL_OF_PREVIEW: Final = 3
GOAL_MIB: Final = 200

Times = dict[str, list[float]]


def measure(stage: Stage) -> list[Figure]:
    """Create fleets, plan and deploy with nothing to do, and deploy another image."""
    found: dict[int, Times] = {}
    shares: list[Share] = []
    for size in SIZES:
        with serving(stage.program("ssh-stub"), stage.folder / "stub") as stub:
            found[size] = _one(stage, stub, size, REPETITIONS[size])
        found[size]["stub"] = [stub.cpu_seconds]
        stage.say(f"{size} servers: {_told(found[size])}; {stub.connections} connections")
    for what in ("first `up`", "deploy", "`up` with nothing to do", "`preview` with nothing to do"):
        shares += [Share(f"{what}, {size} servers", spread(found[size][what])) for size in SIZES]
    shares += [
        Share(f"the stub's own CPU, all of it, {size} servers", spread(found[size]["stub"])) for size in SIZES
    ]
    return [
        _growth("deploy", found, GOAL_OF_UP, shares),
        _growth("first `up`", found, GOAL_OF_UP, []),
        _growth("`up` with nothing to do", found, GOAL_OF_UP, []),
        _growth("`preview` with nothing to do", found, GOAL_OF_PREVIEW, []),
        Figure(
            f"the program's memory at most, {MANY} servers",
            spread(found[MANY]["MiB"]),
            "MiB",
            GOAL_MIB,
            [Share(f"{size} servers", spread(found[size]["MiB"]), "MiB") for size in SIZES],
        ),
    ]


def _one(stage: Stage, stub: Stub, size: int, repetitions: int) -> Times:
    """Measure a fleet of one size."""
    project = stage.project(f"fleet-{size}", _settings(stage, stub, size))
    # As docs/fleet.md advises for many servers.
    project.set_variables({"PULUMI_PARALLEL_DIFF": "true"})
    times: Times = {"first `up`": [], "MiB": []}

    def timed(what: str, *, is_preview: bool = False) -> None:
        watch = Watch()
        seconds = project.preview(watch=watch) if is_preview else project.up(watch=watch)
        times.setdefault(what, []).append(seconds)
        times["MiB"].append(watch.program_mib)

    timed("first `up`")
    for _ in range(repetitions):
        timed("`preview` with nothing to do", is_preview=True)
        timed("`up` with nothing to do")
        project.configure(image=_image())
        timed("deploy")
    return times


def _settings(stage: Stage, stub: Stub, size: int) -> dict[str, Any]:
    hosts = [f"127.0.1.{number}" for number in range(1, size + 1)]
    return {
        "service": "fleet",
        "servers": hosts,
        "image": _image(),
        "ssh": {
            "user": "root",
            "port": stub.port,
            "keys": [str(stub.private_key)],
            "host_keys": dict.fromkeys(hosts, stub.host_key),
        },
        "traefik": {"image": stage.parts.traefik},
        "proxy": {"app_port": PORT},
    }


def _image() -> str:
    """Name an image by a digest; a stub pulls nothing."""
    return f"bench-fleet@sha256:{secrets.token_hex(32)}"


def _growth(what: str, found: dict[int, Times], goal: float, shares: list[Share]) -> Figure:
    value = spread([many / few for many in found[MANY][what] for few in found[FEW][what]])
    return Figure(f"{what}: {MANY} servers / {FEW}", value, "times", goal, shares)


def _told(times: Times) -> str:
    return ", ".join(f"{what} {spread(values).median:.1f}" for what, values in times.items())
