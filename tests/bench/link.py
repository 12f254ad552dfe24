"""Figure 10: how many round trips a deploy waits for, one after the other."""

from __future__ import annotations

import subprocess
import time
from typing import Final

from tests.bench.figure import Figure, Share
from tests.bench.slow_link import running
from tests.bench.spread import Spread, growth, spread
from tests.bench.stage import SERVER, Stage
from tools.toolchain import box, box_login
from tools.toolchain.boxes import Box

# The image does not come by this link, so its size would be nothing but noise.
LAYER_BYTES: Final = 1000
DELAYS_SECONDS: Final = (0.0, 0.05, 0.15)
REPETITIONS: Final = 3
GOAL: Final = 12
# The proxy takes connections at once, so that TCP's handshake is not delayed: a round trip a connection.
HANDSHAKES: Final = 3


def measure(stage: Stage) -> list[Figure]:
    """Deploy over links of several delays, by turns."""
    _ = stage.server
    ours = stage.deployed_image
    settings = box.known(SERVER)
    seconds: dict[float, list[float]] = {delay: [] for delay in DELAYS_SECONDS}
    alone: dict[float, list[float]] = {delay: [] for delay in DELAYS_SECONDS}
    with running(stage.program("toxiproxy"), settings.ssh_port) as link:
        ours.configure(
            ssh={**ours.config["ssh"], "port": link.port}, image=stage.images.prebuilt(LAYER_BYTES)
        )
        ours.up()  # another port: every step runs once more
        for number in range(REPETITIONS):
            for delay in DELAYS_SECONDS:
                link.delay(delay)
                alone[delay].append(_one_command(settings, link.port))
                ours.configure(image=stage.images.prebuilt(LAYER_BYTES))
                seconds[delay].append(ours.up())
            told = ", ".join(f"{1000 * delay:.0f} ms: {took[-1]:.2f} s" for delay, took in seconds.items())
            stage.say(f"slow link {number + 1} of {REPETITIONS}: {told}")
        link.delay(0)
    ours.configure(ssh={**ours.config["ssh"], "port": settings.ssh_port})
    ours.up()
    base = spread(seconds[0.0]).median
    shares = [Share(f"`pulumi up` at {1000 * delay:.0f} ms", spread(took)) for delay, took in seconds.items()]
    shares.append(
        Share("of these TCP handshakes, counted and not measured", spread([HANDSHAKES]), "round trips")
    )
    return [
        Figure(
            f"round trips that a deploy waits for, at {1000 * delay:.0f} ms each",
            _with_handshakes(growth(seconds[delay], base, delay)),
            "round trips",
            GOAL,
            shares if delay == DELAYS_SECONDS[-1] else [],
        )
        for delay in DELAYS_SECONDS[1:]
    ]


def _one_command(server: Box, port: int) -> float:
    """Time what the least of a step is: a connection, a log-in, a command that does nothing."""
    words = box_login.command(server)
    # As the proxy has another port, the host key is known by the server's own.
    words[1:1] = ["-o", f"HostKeyAlias=[{server.host}]:{server.ssh_port}"]
    words[words.index("-p") + 1] = str(port)
    began = time.monotonic()
    subprocess.run([*words, "true"], check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return time.monotonic() - began


def _with_handshakes(value: Spread) -> Spread:
    return Spread(value.median + HANDSHAKES, value.low + HANDSHAKES, value.high + HANDSHAKES, value.count)
