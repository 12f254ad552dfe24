"""What several of these tests need."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Make a project whose app has a Dockerfile and no `.env`.

    Args:
        tmp_path: where.

    Returns:
        The project.
    """
    project = Project(tmp_path.resolve())
    project.app.mkdir()
    (project.app / "Dockerfile").write_text("FROM scratch\n")
    return project
