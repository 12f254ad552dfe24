"""Settings files as people write them, each with its model or its errors to the letter."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cases import EXPECTED, FOLDER, Case, outcome

CASES = [Case.read(path) for path in sorted(FOLDER.glob("*.case"))]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_file_means_what_it_says(case: Case, tmp_path: Path) -> None:
    """Make of each file just the settings, the variables, the warnings and the errors that are expected."""
    case.write_app(tmp_path)

    found = outcome(case.load(tmp_path), tmp_path.resolve())

    assert found == {name: case.parts[name] for name in EXPECTED if name in case.parts}


def test_the_corpus_is_as_large_as_was_asked_for() -> None:
    """Keep the corpus from shrinking, and each case from expecting nothing."""
    assert len(CASES) >= 40
    assert all("errors" in case.parts or "settings" in case.parts for case in CASES)
