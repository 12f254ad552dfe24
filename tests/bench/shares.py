"""Where the seconds go: imports, plugins, engine, SSH, the steps on the server. No goals."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Final

from tests.bench.figure import Figure, Share
from tests.bench.processes import Watch
from tests.bench.project import Project
from tests.bench.spread import Spread, spread
from tests.bench.stage import SERVER, Stage
from tests.bench.timeline import SHOW_FLAG, Timeline
from tools.demo.workspace import CHECKOUT
from tools.toolchain import box, box_login

REPETITIONS: Final = 3
# What the program imports, and of that what is big enough to be named.
PROGRAM: Final = "import pulumi, components, settings, render.outputs"
MODULES: Final = (
    "pulumi",
    "grpc",
    "pulumi_command",
    "pulumi_docker",
    "pydantic",
    "settings",
    "yaml",
    "components",
)
IMPORT: Final = re.compile(r"import time:\s+\d+ \|\s+(\d+) \|\s+(\S+)")
MICROSECONDS: Final = 1_000_000


def measure(stage: Stage) -> list[Figure]:
    """Take an `up` with nothing to do and a deploy to pieces."""
    _ = stage.server
    built, image = stage.deployed_build, stage.deployed_image
    figures = [_imports(), _starts(stage)]
    figures.append(_operation(stage, stage.nothing, "an empty program", lambda: None))
    figures.append(_operation(stage, built, "`up` with nothing to do", lambda: None))
    figures.append(
        _operation(stage, image, "a deploy", lambda: image.configure(image=stage.images.prebuilt()))
    )
    return figures


def _imports() -> Figure:
    whole: list[float] = []
    parts: dict[str, list[float]] = {name: [] for name in MODULES}
    for _ in range(REPETITIONS):
        words = [sys.executable, "-X", "importtime", "-c", PROGRAM]
        said = subprocess.run(words, check=True, capture_output=True, text=True, cwd=CHECKOUT).stderr
        found = {name: int(micro) / MICROSECONDS for micro, name in IMPORT.findall(said)}
        for name in MODULES:
            parts[name].append(found.get(name, 0.0))
        whole.append(_timed([sys.executable, "-c", PROGRAM]))
    shares = [Share(f"{name}, with what it imports", spread(seconds)) for name, seconds in parts.items()]
    return Figure("Python's start and the program's imports", spread(whole), "s", None, shares)


def _starts(stage: Stage) -> Figure:
    """Time what starts at every command, alone: the engine, both plugins; and one command over SSH."""
    server = box.known(SERVER)
    commands = {
        "one command over SSH, by OpenSSH": [*box_login.command(server), "true"],
        "one step's script on the server, over SSH": [*box_login.command(server), "sudo -n true"],
    }
    shares = [
        Share(what, spread([_timed(words) for _ in range(REPETITIONS)])) for what, words in commands.items()
    ]
    shares += [
        Share(f"plugin {name} until it listens", spread([_listens(name) for _ in range(REPETITIONS)]))
        for name in ("command", "docker")
    ]
    engine = spread([_timed(["pulumi", "version"]) for _ in range(REPETITIONS)])
    return Figure("the engine's own start", engine, "s", None, shares)


def _timed(words: list[str]) -> float:
    began = time.monotonic()
    subprocess.run(words, check=True, capture_output=True, cwd=CHECKOUT, stdin=subprocess.DEVNULL)
    return time.monotonic() - began


def _listens(name: str) -> float:
    """Start a plugin as the engine does; it prints its port as soon as it listens."""
    began = time.monotonic()
    words = [f"pulumi-resource-{name}", "127.0.0.1:1"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(words, stdin=quiet, stdout=subprocess.PIPE, stderr=quiet) as process:
        if process.stdout:
            process.stdout.readline()
        seconds = time.monotonic() - began
        process.kill()
    return seconds


def _operation(stage: Stage, project: Project, what: str, change: Callable[[], None]) -> Figure:
    """Run an `up` several times; the last one's timeline is kept as a file."""
    project.set_variables(SHOW_FLAG)
    whole: list[float] = []
    parts: dict[str, list[float]] = {}
    for _ in range(REPETITIONS):
        change()
        timeline, watch = Timeline(stage.folder / "events.json"), Watch()

        def both(pulumi: int, timeline: Timeline = timeline, watch: Watch = watch) -> None:
            timeline(pulumi)
            watch(pulumi)

        whole.append(project.up("--event-log", str(timeline.file), watch=both))
        found = {
            "until the program's first resource": timeline.first_resource(),
            **{f"step {name}": seconds for name, seconds in timeline.steps().items()},
            "after the last resource": whole[-1] - timeline.last_resource(),
            **{f"CPU of {kind}": seconds for kind, seconds in watch.cpu_seconds.items()},
        }
        for name, seconds in found.items():
            parts.setdefault(name, []).append(seconds)
    slug = re.sub(r"\W+", "-", what).strip("-")
    (stage.folder / f"timeline-{slug}.txt").write_text("\n".join(timeline.lines()) + "\n", encoding="utf-8")
    stage.say(f"{what}: {_told(spread(whole))}; timeline-{slug}.txt")
    return Figure(
        f"{what}, taken to pieces",
        spread(whole),
        "s",
        None,
        [Share(name, spread(v)) for name, v in parts.items()],
    )


def _told(value: Spread) -> str:
    return f"{value.median:.2f} s"
