"""The variables by which a command learns what the run before it printed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def previous_output(inputs: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, str]:
    """Give the variables, as far as something was printed and nobody asked to leave them out.

    Args:
        inputs: The resource's, with `addPreviousOutputInEnv`.
        state: Its state after the run before; empty when there was none.
    """
    if not inputs.get("addPreviousOutputInEnv", True):
        return {}
    variables = {
        "PULUMI_COMMAND_STDOUT": state.get("stdout"),
        "PULUMI_COMMAND_STDERR": state.get("stderr"),
    }
    return {name: value for name, value in variables.items() if value}
