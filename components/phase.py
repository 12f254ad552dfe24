"""A phase of the roll-out that all servers have reached: what comes after waits for this alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

if TYPE_CHECKING:
    from collections.abc import Sequence


class Phase(pulumi.ComponentResource):
    """A phase that has ended on all servers.

    Without it each of n servers would wait for each of n others, and Pulumi keeps all these n times n
    dependencies in its state, which it writes before and after each step.

    Creates: a word in the stack's state, by a resource of Pulumi's own; nothing anywhere else.
    Changes when: never.
    On failure: of anything that it waits for, nothing is done of what waits for it.
    """

    def __init__(
        self, name: str, needs: Sequence[pulumi.Resource], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """End the phase.

        Args:
            name: a stable name, of service and phase.
            needs: what the phase is made of.
            opts: Pulumi's options.
        """
        super().__init__("backstaff:components:Phase", name, None, opts)
        options = pulumi.ResourceOptions(parent=self, depends_on=needs)
        self.ended = pulumi.Stash(f"{name}-phase", input=name, opts=options)
        self.register_outputs({})


def end_of(name: str, needs: Sequence[pulumi.Resource]) -> Sequence[pulumi.Resource]:
    """Say what waits for a phase.

    Args:
        name: a stable name, of service and phase.
        needs: what the phase is made of.

    Returns:
        What is waited for: of one server, its own step.
    """
    return [Phase(name, needs).ended] if len(needs) > 1 else needs
