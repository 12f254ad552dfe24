"""The same work by hand on the server, timed there: what no deployer can do without."""

from __future__ import annotations

import json
import secrets
from typing import Final

from tests.bench.stage import PORT, Stage

# The clock is the server's own, so that the way there does not count.
SCRIPT: Final = """
set -eu
now() {{ date +%s.%N; }}
a=$(now)
docker --config /var/lib/backstaff/services/image/login pull --quiet {image} >/dev/null
b=$(now)
docker run --detach --name {name} --network backstaff {image} >/dev/null
until curl --silent --fail --output /dev/null --max-time 2 \\
  "http://$(docker inspect --format '{{{{.NetworkSettings.Networks.backstaff.IPAddress}}}}' {name}):{port}/up"
do sleep 0.02; done
c=$(now)
docker rm --force {name} >/dev/null
docker rmi {image} >/dev/null
echo "{{\\"began\\": $a, \\"pulled\\": $b, \\"answered\\": $c}}"
"""


def pull_and_start(stage: Stage, image: str) -> tuple[float, float]:
    """Pull an image on the server and start it until it answers.

    Args:
        stage: with the server.
        image: its name and tag at the registry; removed from the server afterwards.

    Returns:
        Seconds for the pull, and from there until `/up` answers.
    """
    name = f"bench-{secrets.token_hex(4)}"
    said = stage.root(SCRIPT.format(image=stage.images.reference(image), name=name, port=PORT))
    times = json.loads(said.splitlines()[-1])
    return times["pulled"] - times["began"], times["answered"] - times["pulled"]
