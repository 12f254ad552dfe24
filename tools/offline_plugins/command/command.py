"""What resources that run commands have in common: `local.Command` and `remote.Command`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from tools.offline_plugins.command.difference import ComparedByInputs
from tools.offline_plugins.command.schema import Record, checked
from tools.offline_plugins.plugin import Call, unique_id
from tools.offline_plugins.values import UNKNOWN, Properties, PropertyValue, Secret, revealed

_PRINTED = ("stdout", "stderr")


class Runner(Protocol):
    """Runs a command and gives the outputs that it has: what it printed and made."""

    def __call__(
        self, call: Call, command: str, inputs: Mapping[str, Any], state: Mapping[str, Any]
    ) -> Properties:
        """Run a command.

        Args:
            call: The request.
            command: What to run.
            inputs: The resource's, secrets revealed.
            state: The resource's before, likewise; empty on creation.
        """


class Command(ComparedByInputs):
    """A resource that runs a command at its creation, at changes of any input and at its deletion.

    Args:
        record: Its inputs.
        outputs: The names of its outputs that are no inputs.
        run: Runs a command.
    """

    def __init__(self, record: Record, outputs: tuple[str, ...], run: Runner) -> None:
        self._record = record
        self._outputs = outputs
        self._run = run

    def check(self, call: Call, inputs: Properties) -> Properties:  # noqa: ARG002 - the form of all resources
        """Fill in defaults and mark secrets."""
        return checked(self._record, inputs)

    def create(self, call: Call, inputs: Properties) -> tuple[str, Properties]:
        """Run `create`, if it is given."""
        made = unique_id(call.name)
        if call.preview:
            return made, {**inputs, **dict.fromkeys(_PRINTED, UNKNOWN)}
        plain = revealed(inputs)
        printed = dict.fromkeys(_PRINTED, "")
        if "create" in plain:
            printed |= self._run(call, plain["create"], plain, {})
        return made, {**inputs, **printed}

    def update(self, call: Call, state: Properties, inputs: Properties) -> Properties:
        """Run `update`, or `create` if it is not given."""
        plain = revealed(inputs)
        before = {name: revealed(state[name]) for name in self._outputs if name in state}
        if call.preview:
            return {**inputs, **self._foretold(before, state, inputs)}
        command = plain.get("update", plain.get("create"))
        if command is None:
            return {**inputs, **before}
        return {**inputs, **before, **self._run(call, command, plain, before)}

    def delete(self, call: Call, state: Properties) -> None:
        """Run `delete`, if the state has it, with all that the state has: also its connection."""
        plain = revealed(state)
        if "delete" in plain:
            self._run(call, plain["delete"], plain, plain)

    def _foretold(self, before: Properties, state: Properties, inputs: Properties) -> Properties:
        """Tell which outputs an update leaves as they are: all or none."""
        is_known = not any(_may_matter(inputs.get(name), state.get(name)) for name in self._record.fields)
        return before if is_known else dict.fromkeys(before, UNKNOWN)


def _may_matter(new: PropertyValue, old: PropertyValue) -> bool:
    """Tell whether an input may change outputs; one that is new does not, as there."""
    is_unknown = new is UNKNOWN or (isinstance(new, Secret) and new.value is UNKNOWN)
    return is_unknown or (old is not None and new != old)
