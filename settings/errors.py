"""What can be wrong with settings, told all at once.

Exceptions:
    SettingsError: at least one `Problem`; its text names each with place, rule, value and remedy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


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
        """Write it on one line."""
        return f"{self.where}: {self.rule}. {self.remedy}"


class SettingsError(Exception):
    """The settings cannot be used; nothing was touched."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep the problems, in the order in which they were found.

        Args:
            problems: at least one.
        """
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
