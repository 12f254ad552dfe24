"""`pulumi up` without the three processes more by which the Automation API reads outputs and history."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pulumi import automation as auto


@dataclass(frozen=True)
class Done:
    """What an `up` did; the engine is asked for it only where a test wants to know.

    Attributes:
        stack: what was deployed.
    """

    stack: auto.Stack

    @property
    def outputs(self) -> auto.OutputMap:
        """The stack's outputs."""
        return self.stack.outputs()

    @property
    def changes(self) -> Mapping[auto.OpType, int]:
        """How many resources had which kind of change."""
        last = self.stack.info(show_secrets=False)
        return (last and last.resource_changes) or {}


def ask_nothing_after(stack: auto.Stack) -> None:
    """Have a stack's operations end without those questions, and so without outputs and summary."""
    stack.outputs = dict  # type: ignore[method-assign]
    stack.info = lambda *_: object()  # type: ignore[method-assign, assignment]


def up(stack: auto.Stack, on_output: Callable[[str], object], *, refresh: bool = False) -> Done:
    """Deploy, without a preview.

    Args:
        stack: what to deploy.
        on_output: told each line.
        refresh: whether to look first at what is there.

    Raises:
        pulumi.automation.CommandError: it failed; with what it printed.
    """
    silent = copy.copy(stack)
    ask_nothing_after(silent)
    silent.up(on_output=on_output, color="never", refresh=refresh)
    return Done(stack)
