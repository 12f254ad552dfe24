"""Figures as a table for people, as Markdown for the docs, and as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.bench.figure import Figure, number, range_of, shown

BEGIN: Final = "<!-- figures: begin (written by `make bench DOCS=1`) -->"
END: Final = "<!-- figures: end -->"


def text(figures: Sequence[Figure]) -> str:
    """Lay the figures out in columns, each with its shares below."""
    rows = [("", "goal", "figure", "range (repetitions)", "")]
    for figure in figures:
        rows.append((figure.what, *_cells(figure), figure.verdict))
        rows += [
            (f"    {one.what}", "", shown(one.value, one.unit), range_of(one.value, one.unit), "")
            for one in figure.shares
        ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def markdown(figures: Sequence[Figure]) -> str:
    """Write the figures as a table of Markdown, with the shares of those that were missed below it."""
    lines = ["| | goal | figure | range (repetitions) | |", "|---|---|---|---|---|"]
    lines += [f"| {figure.what} | {' | '.join(_cells(figure))} | {figure.verdict} |" for figure in figures]
    for figure in figures:
        if figure.shares and figure.is_missed:
            lines += ["", f"*{figure.what}*: {_sentence(figure)}."]
    return "\n".join([*lines, "", f"*Measured on {machine()}.*"])


def machine() -> str:
    """Name the machine in a few words."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    python = platform.python_version()
    return f"{os.cpu_count()} cores, {memory_gib:.0f} GiB, Linux {platform.release()}, Python {python}"


def write(figures: Sequence[Figure], folder: Path) -> None:
    """Write `results.json` and `table.md`.

    Args:
        figures: all of a run.
        folder: where.
    """
    found = {"machine": machine(), "figures": [figure.as_json() for figure in figures]}
    (folder / "results.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    (folder / "table.md").write_text(markdown(figures) + "\n", encoding="utf-8")


def put_between_marks(page: str, table: str) -> str:
    """Replace what stands between the two marks of a page.

    Raises:
        ValueError: a mark is missing.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks one of the lines {BEGIN!r} and {END!r}: put them back")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def _cells(figure: Figure) -> tuple[str, str, str]:
    goal = "" if figure.goal is None else f"at most {number(figure.goal, figure.unit)} {figure.unit}".strip()
    if figure.value is None:
        return goal, f"failed: {figure.trouble}", ""
    return goal, shown(figure.value, figure.unit), range_of(figure.value, figure.unit)


def _sentence(figure: Figure) -> str:
    return ", ".join(f"{one.what} {shown(one.value, one.unit)}" for one in figure.shares)
