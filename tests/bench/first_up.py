"""Figure 6: the first `up` on a bare server, beside one shell script that does the same by hand."""

from __future__ import annotations

import shlex
import time
from itertools import pairwise
from typing import Final

from tests.bench.figure import Figure, Share
from tests.bench.spread import ratios, spread
from tests.bench.stage import PORT, Stage
from tools.demo.parts import run_as_root

REPETITIONS: Final = 2
GOAL: Final = 1.3
OURS, BY_HAND = "bench-first", "bench-hand"
# What the `up` does too, in as few commands as can be. On standard error each part's seconds.
SCRIPT: Final = """
set -eu
export DEBIAN_FRONTEND=noninteractive
part() {{ printf '%s %s\\n' "$(date +%s.%N)" "$1"; }}
part begin
apt-get -qq update
apt-get -qq install --yes --no-install-recommends docker.io curl ca-certificates >/dev/null
part install
echo {password} | docker login --username {username} --password-stdin {server} >/dev/null 2>&1
docker pull --quiet {traefik} >/dev/null &
docker pull --quiet {image} >/dev/null
wait
part pull
mkdir -p /srv/dynamic
docker network create web >/dev/null
docker run --detach --name app --network web {image} >/dev/null
cat > /srv/dynamic/app.yml <<'END'
http:
  routers:
    app: {{rule: "Host(`first.test`)", service: app}}
  services:
    app: {{loadBalancer: {{servers: [{{url: "http://app:{port}"}}]}}}}
END
docker run --detach --name traefik --network web --publish 80:80 \\
  --volume /srv/dynamic:/dynamic:ro {traefik} \\
  --entryPoints.http.address=:80 --providers.file.directory=/dynamic >/dev/null
until curl --silent --fail --output /dev/null --max-time 2 --header 'Host: first.test' http://127.0.0.1/up
do sleep 0.05; done
part start
"""


def measure(stage: Stage) -> list[Figure]:
    """Deploy to servers on which nothing is installed, ours and by hand by turns."""
    ours, hand, nothing = [], [], []
    parts: dict[str, list[float]] = {"install": [], "pull": [], "start": []}
    for number in range(REPETITIONS):
        image = stage.images.prebuilt()
        hand.append(_by_hand(stage, image, parts))
        nothing.append(stage.nothing.up())
        ours.append(_by_us(stage, image))
        stage.say(f"first up {number + 1} of {REPETITIONS}: {ours[-1]:.1f} s, by hand {hand[-1]:.1f} s")
    shares = [
        Share("`pulumi up`", spread(ours)),
        Share("one script", spread(hand)),
        *(Share(f"one script: {name}", spread(seconds)) for name, seconds in parts.items()),
        Share("empty program", spread(nothing)),
    ]
    return [
        Figure(
            "the first `up` on a bare server / one script by hand", ratios(ours, hand), "times", GOAL, shares
        )
    ]


def _by_us(stage: Stage, image: str) -> float:
    stage.bare_box(OURS)
    project = stage.project("first", stage.settings(OURS, "first") | {"image": image})
    seconds = project.up()
    stage.take_down(OURS)
    return seconds


def _by_hand(stage: Stage, image: str, parts: dict[str, list[float]]) -> float:
    registry = stage.parts.registry
    script = SCRIPT.format(
        password=shlex.quote(stage.parts.password),
        username=registry.username,
        server=registry.server,
        traefik=stage.parts.traefik,
        image=stage.images.reference(image),
        port=PORT,
    )
    server = stage.bare_box(BY_HAND)
    began = time.monotonic()
    said = run_as_root(server, script)
    seconds = time.monotonic() - began
    times = [
        line.split()
        for line in said.splitlines()
        if line.split()[1:] in (["begin"], *([name] for name in parts))
    ]
    for (before, _), (after, name) in pairwise(times):
        parts[name].append(float(after) - float(before))
    stage.take_down(BY_HAND)
    return seconds
