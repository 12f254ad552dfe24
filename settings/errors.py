"""What can be wrong with settings, told all at once.

Exceptions:
    SettingsError: at least one `Problem`; its text names each with place, rule, value and remedy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# More than a person reads; a whole file of another kind has a problem in each line.
SHOWN = 50


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        where: the file and the key path, such as `Pulumi.dev.yaml: backstaff:proxy.app_port`.
        rule: what must hold, with what was found (never a secret's value).
        remedy: what to do.
    """

    where: str
    rule: str
    remedy: str

    def __str__(self) -> str:
        """Write it on one line, whatever keys and values hold that it tells of."""
        text = f"{self.where}: {self.rule}. {self.remedy}"
        return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


class SettingsError(Exception):
    """The settings cannot be used; nothing was touched."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep the problems, in the order in which they were found.

        Args:
            problems: at least one.
        """
        self.problems = tuple(problems)
        super().__init__("\n".join(told(self.problems)))


def told(problems: Sequence[Problem]) -> list[str]:
    """Write problems, a line each; of very many, the first and how many there are besides.

    Args:
        problems: in the order in which they were found.

    Returns:
        The lines.
    """
    lines = [str(problem) for problem in problems[:SHOWN]]
    return lines + ([f"... and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else [])
