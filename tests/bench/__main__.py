"""Measure, print, write: `python -m tests.bench [PART ...] [--docs]`."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from typing import Final

from pulumi.automation import CommandError

from tests.bench import deploy, first_up, fleet, link, noop, report, shares, swaps, throughput
from tests.bench.figure import Figure
from tests.bench.project import BenchError
from tests.bench.stage import Stage
from tools.demo.workspace import CHECKOUT
from tools.toolchain import bench, cache
from tools.toolchain.errors import ToolchainError
from tools.toolchain.progress import shown

Measure = Callable[[Stage], list[Figure]]
PARTS: Final[dict[str, Measure]] = {
    "noop": noop.measure,
    "deploy": deploy.measure_image,
    "build": deploy.measure_build,
    "first": first_up.measure,
    "swaps": swaps.measure,
    "throughput": throughput.measure,
    "link": link.measure,
    "fleet": fleet.measure,
    "shares": shares.measure,
}
PAGE: Final = CHECKOUT / "docs" / "performance.md"


def main() -> int:
    """Measure what was asked for.

    Returns:
        0, also if a goal is missed: the table says so; 1 if a measurement failed.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"some of: {' '.join(PARTS)} (default: all)")
    parser.add_argument(
        "--docs", action="store_true", help=f"write table and picture into {PAGE.parent.name}/ too"
    )
    chosen = parser.parse_args()
    unknown = set(chosen.parts) - set(PARTS)
    if unknown:
        parser.error(f"there is no part {unknown.pop()}; there are: {' '.join(PARTS)}")
    try:
        bench.ensure()
        with cache.lock("bench", print):
            return run(chosen.parts or list(PARTS), write_docs=chosen.docs)
    except ToolchainError as error:
        sys.stderr.write(f"error: {error.what}\n{error.remedy}\n")
        return 1


def run(names: list[str], *, write_docs: bool) -> int:
    """Measure some parts, print the table and write it. See `main`."""
    stage = Stage()
    figures: list[Figure] = []
    began = time.monotonic()
    try:
        for name in names:
            since = time.monotonic()
            stage.say(f"== {name}")
            figures += _measured(stage, name)
            stage.say(f"== {name}: {time.monotonic() - since:.0f} s")
    finally:
        stage.end()
    sys.stdout.write(f"\n{report.text(figures)}\n\n")
    report.write(figures, stage.folder)
    sys.stdout.write(
        f"{time.monotonic() - began:.0f} s in all; {report.machine()}\n"
        f"written: {shown(stage.folder)}/results.json, table.md\n"
    )
    if write_docs:
        _write_docs(stage, figures)
    return 1 if any(figure.value is None for figure in figures) else 0


def _measured(stage: Stage, name: str) -> list[Figure]:
    """Measure a part; what fails is a figure that is missed, and the others are measured all the same."""
    try:
        return PARTS[name](stage)
    except (
        BenchError,
        CommandError,
        ToolchainError,
        RuntimeError,
        OSError,
        subprocess.SubprocessError,
    ) as error:
        traceback.print_exc()
        return [Figure(name, None, "", trouble=str(error).splitlines()[0])]


def _write_docs(stage: Stage, figures: list[Figure]) -> None:
    page = report.put_between_marks(PAGE.read_text(encoding="utf-8"), report.markdown(figures))
    PAGE.write_text(page, encoding="utf-8")
    for picture in stage.folder.glob("*.svg"):
        shutil.copy(picture, PAGE.parent)
    sys.stdout.write(f"written: {PAGE.relative_to(CHECKOUT)}\n")


if __name__ == "__main__":
    sys.exit(main())
