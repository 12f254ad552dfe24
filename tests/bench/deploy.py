"""Figures 3, 4 and 5: a changed app, beside what the same takes by hand."""

from __future__ import annotations

from typing import Final

from tests.bench.figure import Figure, Share
from tests.bench.images import change
from tests.bench.physics import pull_and_start
from tests.bench.spread import ratios, spread
from tests.bench.stage import Stage

REPETITIONS: Final = 5
BUILDS: Final = 4
GOAL: Final = 2.0
GOAL_OF_CONNECTIONS: Final = 3
GOAL_OF_BUILD: Final = 1.5


def measure_image(stage: Stage) -> list[Figure]:
    """Deploy images that are at the registry, each with a layer of 20 MB that the server lacks."""
    ours, _ = stage.deployed_image, stage.server
    whole, pulls, starts, bare, connections = [], [], [], [], []
    for number in range(REPETITIONS):
        by_hand, wanted = stage.images.prebuilt(), stage.images.prebuilt()
        pull, start = pull_and_start(stage, by_hand)
        pulls.append(pull)
        starts.append(start)
        bare.append(stage.nothing.up())
        ours.configure(image=wanted)
        before = stage.connections()
        whole.append(ours.up())
        # Less the one by which they were counted before.
        connections.append(float(stage.connections() - before - 1))
        stage.say(
            f"deploy {number + 1} of {REPETITIONS}: {whole[-1]:.2f} s in {connections[-1]:.0f} connections; "
            f"by hand {pull:.2f} s + {start:.2f} s + {bare[-1]:.2f} s"
        )
    sums = [sum(parts) for parts in zip(pulls, starts, bare, strict=True)]
    shares = [
        Share("`pulumi up`", spread(whole)),
        Share("by hand: pull", spread(pulls)),
        Share("by hand: start until `/up` answers", spread(starts)),
        Share("empty program", spread(bare)),
    ]
    return [
        Figure(
            "a deploy of a changed image / pull + start + empty program",
            ratios(whole, sums),
            "times",
            GOAL,
            shares,
        ),
        Figure("SSH connections of such a deploy", spread(connections), "", GOAL_OF_CONNECTIONS),
    ]


def measure_build(stage: Stage) -> list[Figure]:
    """Deploy a small change of an app that is built here and pushed."""
    ours = stage.deployed_build
    app = stage.images.context("build")
    whole, builds, pulls, starts, bare = [], [], [], [], []
    for number in range(BUILDS):
        image, seconds = stage.images.build_and_push(stage.images.context("by-hand"))
        builds.append(seconds)
        pull, start = pull_and_start(stage, image)
        pulls.append(pull)
        starts.append(start)
        bare.append(stage.nothing.up())
        change(app)
        whole.append(ours.up())
        stage.say(
            f"build and deploy {number + 1} of {BUILDS}: {whole[-1]:.2f} s; "
            f"by hand {seconds:.2f} s + {pull:.2f} s + {start:.2f} s + {bare[-1]:.2f} s"
        )
    sums = [sum(parts) for parts in zip(builds, pulls, starts, bare, strict=True)]
    shares = [
        Share("`pulumi up`", spread(whole)),
        Share("by hand: build and push", spread(builds)),
        Share("by hand: pull", spread(pulls)),
        Share("by hand: start until `/up` answers", spread(starts)),
        Share("empty program", spread(bare)),
    ]
    what = "a deploy with build and push / the same + build + push by hand"
    return [Figure(what, ratios(whole, sums), "times", GOAL_OF_BUILD, shares)]
