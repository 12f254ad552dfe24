"""What all resource types share: the inputs that they know, and how changes of them are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from tools.offline_plugins.aws.api import Api
from tools.offline_plugins.plugin import Call, ChangeKind, Changes, InvalidInputs, refuse_unknown
from tools.offline_plugins.values import UNKNOWN, Properties, PropertyValue, revealed

Shape = Any
"""What an input may be: `str`, `float` or `bool`; `[shape]` for a list; a mapping of names for an object with
just these, of which those that end in `!` must be there; `{str: shape}` for an object with any names."""


class AwsResource:
    """One resource type.

    Attributes:
        token: the type's.
        inputs: the names and shapes of all inputs that the program may give.
        replaces: the inputs whose change makes a new resource.
        outputs: what is known only once it is there.
        deletes_first: whether the old one must be gone before a new one is made.
    """

    token: ClassVar[str]
    inputs: ClassVar[Mapping[str, Shape]]
    replaces: ClassVar[frozenset[str]] = frozenset()
    outputs: ClassVar[tuple[str, ...]] = ("arn",)
    deletes_first: ClassVar[bool] = False

    def __init__(self, api: Api) -> None:
        self.api = api

    def check(self, call: Call, inputs: Properties) -> Properties:
        """Refuse what is not known, missing or of another shape."""
        check_shape(revealed(inputs), self.inputs, f"the resource {self.token}")
        return inputs

    def diff(self, call: Call, state: Properties, old_inputs: Properties, inputs: Properties) -> Changes:
        """Compare the inputs, one by one, with what there is, as far as a look at it has told."""
        there = revealed(state)
        old = {name: there.get(name, value) for name, value in revealed(old_inputs).items()}
        new = revealed(inputs)
        kinds: dict[str, ChangeKind] = {}
        for name in sorted({*old, *new} - {"__defaults"}):
            if old.get(name) == new.get(name):
                continue
            kind = (
                ChangeKind.ADD
                if name not in old
                else ChangeKind.DELETE
                if name not in new
                else ChangeKind.UPDATE
            )
            kinds[name] = kind.replacing() if name in self.replaces else kind
        return Changes(kinds, are_of_inputs=True, delete_before_replace=self.deletes_first)

    def create(self, call: Call, inputs: Properties) -> tuple[str, Properties]:
        """Make it, or say what is not known before that."""
        if call.preview:
            return "", {**inputs, **dict.fromkeys(self.outputs, UNKNOWN)}
        made, outputs = self.make(call, revealed(inputs))
        return made, {**inputs, "id": made, **outputs}

    def update(self, call: Call, state: Properties, inputs: Properties) -> Properties:
        """Change it; what is known of it stays known in a preview."""
        kept = {name: state[name] for name in ("id", *self.outputs) if name in state}
        if call.preview:
            return {**inputs, **kept}
        return {**inputs, **kept, **self.change(call, revealed(state), revealed(inputs))}

    def delete(self, call: Call, state: Properties) -> None:
        """Take it away."""
        self.remove(call, revealed(state))

    def make(self, call: Call, inputs: Properties) -> tuple[str, Properties]:
        """Make the resource; give its id and its outputs."""
        raise NotImplementedError

    def change(self, call: Call, state: Properties, inputs: Properties) -> Properties:
        """Change the resource in place; give its outputs that changed."""
        raise NotImplementedError

    def remove(self, call: Call, state: Properties) -> None:
        """Take the resource away; one that is gone already is no failure."""
        raise NotImplementedError


def check_shape(value: Mapping[str, PropertyValue], shape: Mapping[str, Shape], of: str) -> None:
    """Refuse names that are not known, are missing, or have a value of another shape.

    Raises:
        InvalidInputs: naming each.
    """
    names = {name.rstrip("!"): kind for name, kind in shape.items()}
    refuse_unknown(dict(value), names, of)
    reasons = {
        name: f"Missing required property '{name}' on {of}."
        for name in (known.rstrip("!") for known in shape if known.endswith("!"))
        if name not in value
    }
    for name, inner in value.items():
        if name in names:
            reasons.update(dict.fromkeys(_mismatches(name, inner, names[name]), f"Wrong type on {of}."))
    if reasons:
        raise InvalidInputs(reasons)


def _mismatches(path: str, value: PropertyValue, shape: Shape) -> list[str]:
    """Name the places at which a value has another shape."""
    if value is UNKNOWN:
        return []
    if isinstance(shape, list) and isinstance(value, list):
        return [
            place
            for number, part in enumerate(value)
            for place in _mismatches(f"{path}[{number}]", part, shape[0])
        ]
    if isinstance(shape, Mapping) and isinstance(value, dict):
        if str in shape:
            return [
                place
                for name, part in value.items()
                for place in _mismatches(f"{path}.{name}", part, shape[str])
            ]
        check_shape(value, shape, path)
        return []
    return [] if isinstance(shape, type) and type(value) is shape else [path]
