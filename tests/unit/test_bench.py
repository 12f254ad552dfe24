"""The pure pieces of the bench: what it reckons and how it writes."""

from __future__ import annotations

import pytest

from tests.bench import report
from tests.bench.figure import Figure, Share, range_of, shown
from tests.bench.load import Request, between
from tests.bench.picture import Moment, draw
from tests.bench.processes import OTHER, PROGRAM, kind_of
from tests.bench.spread import Spread, growth, percentile, ratios, spread


def test_ratios_are_of_pairs_not_of_medians() -> None:
    """A pair measured on a slow machine gives the ratio that it has on a fast one."""
    assert ratios([3.0, 30.0, 4.0], [2.0, 20.0, 2.0]) == Spread(median=1.5, low=1.5, high=2.0, count=3)


def test_growth_counts_delays() -> None:
    """Three seconds more, at a delay of 150 ms, are twenty round trips."""
    assert growth([8.0], base=5.0, step=0.15).median == pytest.approx(20.0)


@pytest.mark.parametrize(("percent", "value"), [(50, 5), (99, 10), (10, 1), (100, 10)])
def test_a_percentile_is_one_of_the_values(percent: float, value: float) -> None:
    """Of ten values the 99th percentile is the largest; nothing is interpolated."""
    assert percentile([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], percent) == value


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        (Figure("", spread([1.2, 1.2, 1.9]), "times", 1.25), "met"),
        (Figure("", spread([1.2, 1.3, 1.3]), "times", 1.25), "missed"),
        (Figure("", spread([3, 3, 4]), "", 3), "missed"),
        (Figure("", spread([5.0]), "s"), "reported"),
        (Figure("", None, "times", 2, trouble="no server"), "missed"),
    ],
)
def test_a_ratio_is_judged_by_its_median_and_a_count_by_its_worst(figure: Figure, verdict: str) -> None:
    """One lost request, or one connection too many, is never hidden by a median; nor is a failure."""
    assert figure.verdict == verdict


def test_numbers_are_written_as_their_unit_deserves() -> None:
    """Counts have no decimals, ratios two; where nothing varied there is no range."""
    assert shown(spread([1.234]), "times") == "1.23 times"
    assert shown(spread([12345.0]), "") == "12,345"
    assert range_of(spread([1.0, 2.0, 4.0]), "s") == "1.00 to 4.00 (3)"
    assert range_of(spread([3, 3]), "") == "(2)"


def test_the_table_shows_what_failed_and_the_shares() -> None:
    """A measurement that failed stands in the table with its reason."""
    figures = [
        Figure("up", spread([2.0]), "times", 1.25, [Share("empty program", spread([1.5]))]),
        Figure("swaps", None, "", 0, trouble="no server"),
    ]
    text = report.text(figures)
    assert "up                 at most 1.25 times  2.00 times         (1)                  missed" in text
    assert "    empty program                      1.50 s" in text
    assert "| swaps | at most 0 | failed: no server |  | missed |" in report.markdown(figures)
    assert "*up*: empty program 1.50 s." in report.markdown(figures)


def test_the_table_replaces_what_stands_between_the_marks() -> None:
    """The rest of the page stays; a page without marks is refused."""
    page = f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n"
    assert report.put_between_marks(page, "new") == f"before\n{report.BEGIN}\nnew\n{report.END}\nafter\n"
    with pytest.raises(ValueError, match="lacks one of the lines"):
        report.put_between_marks("nothing", "new")


def test_the_picture_marks_failures_and_switches() -> None:
    """Each answered request is a dot, each failed one a cross."""
    requests = [Request(100.0 + n, 1.0 + n, "refused" if n == 2 else "") for n in range(5)]
    picture = draw(requests, [Moment(101.0, 103.0, 102.5)], rate=1)
    assert picture.count("h0") == 4
    assert picture.count('class="failed"') == 1
    assert picture.count('class="switch"') == 1
    assert "5 requests at 1/s while the app is replaced; 1 failed" in picture
    assert [one.began for one in between(requests, [(100.5, 102.0)])] == [101.0, 102.0]


def test_processes_are_told_apart() -> None:
    """The program is not taken for its language host, nor anything of Pulumi's for the engine."""
    assert kind_of(["python3", "/x/pulumi-language-python-exec", "--stack", "a"]) == PROGRAM
    assert kind_of(["/x/pulumi-language-python", "127.0.0.1:1"]) == "the language host"
    assert kind_of(["pulumi", "up"]) == "the engine"
    assert kind_of(["docker", "push"]) == OTHER
