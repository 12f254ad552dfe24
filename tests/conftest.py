"""What tests on real servers share."""

from __future__ import annotations

import pytest

from tools.demo.parts import Parts
from tools.demo.parts import parts as get_parts


@pytest.fixture(scope="session")
def parts() -> Parts:
    """A registry with a password, and the images that Docker Hub would give elsewhere."""
    return get_parts()
