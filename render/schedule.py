"""How a role's jobs travel to the server."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from settings import Role


def schedule_lines(role: Role) -> str:
    """Write a role's jobs.

    Args:
        role: which.

    Returns:
        A line `NAME CALENDAR WORD...` each, all but the name in base64, as `start-schedule` reads them.
    """
    return "\n".join(
        " ".join([name, _encoded(job.calendar), *map(_encoded, job.command)])
        for name, job in sorted(role.schedule.items())
    )


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
