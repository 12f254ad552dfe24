"""What a stand-in is made of: its resources and functions, on plain values (`values.py`).

`serving.py` puts it before the engine.

    PluginError          the request failed; its text is what the user reads
    └── InvalidInputs    a check failed; names each property
"""

from __future__ import annotations

import difflib
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from tools.offline_plugins.engine_log import EngineLog
from tools.offline_plugins.values import Properties


class PluginError(Exception):
    """A request failed; its text reaches the user as it is."""


class InvalidInputs(PluginError):
    """Inputs that cannot be used.

    Attributes:
        reasons: What is wrong, by the property's path.
        inputs: What the engine shows of the inputs, secrets marked.
    """

    def __init__(self, reasons: Mapping[str, str], inputs: Properties | None = None) -> None:
        super().__init__("; ".join(f"{path}: {reason}" for path, reason in reasons.items()))
        self.reasons = dict(reasons)
        self.inputs = inputs


class ChangeKind(Enum):
    """How a property changed; the values are those of the engine's `PropertyDiff.Kind`."""

    ADD = 0
    ADD_REPLACE = 1
    DELETE = 2
    DELETE_REPLACE = 3
    UPDATE = 4
    UPDATE_REPLACE = 5

    @property
    def replaces(self) -> bool:
        """Whether the resource has to be made anew."""
        return self in (ChangeKind.ADD_REPLACE, ChangeKind.DELETE_REPLACE, ChangeKind.UPDATE_REPLACE)

    def replacing(self) -> ChangeKind:
        """Give the same change as one that needs a new resource."""
        return self if self.replaces else ChangeKind(self.value + 1)


@dataclass(frozen=True)
class Changes:
    """What differs between a resource's old and new inputs.

    Attributes:
        kinds: How each property changed, by path, such as `triggers[0]`.
        are_of_inputs: Whether the paths are those of inputs; otherwise of the old state.
        delete_before_replace: Whether the old resource must be gone before the new one can be.
    """

    kinds: Mapping[str, ChangeKind] = field(default_factory=dict)
    are_of_inputs: bool = False
    delete_before_replace: bool = False


@dataclass(frozen=True)
class Call:
    """One request about one resource.

    Attributes:
        urn: The resource's.
        log: Where lines for the user go.
        preview: Whether nothing may be done, only foretold.
        timeout_seconds: The `custom_timeouts` of the program; 0 is none.
    """

    urn: str
    log: EngineLog
    preview: bool = False
    timeout_seconds: float = 0

    @property
    def name(self) -> str:
        """The resource's name."""
        return self.urn.rpartition("::")[2]

    def status(self, text: str) -> None:
        """Show a line beside the resource; it is not kept."""
        self.log.status(self.urn, text)


class Resource(Protocol):
    """One resource type. Each method raises `PluginError` where it fails."""

    def check(self, call: Call, inputs: Properties) -> Properties:
        """Give the inputs with defaults and marks of secrets.

        Raises:
            InvalidInputs: With a reason for each property that cannot be used.
        """

    def diff(self, call: Call, state: Properties, old_inputs: Properties, inputs: Properties) -> Changes:
        """Tell what changed and whether it needs a new resource."""

    def create(self, call: Call, inputs: Properties) -> tuple[str, Properties]:
        """Make the resource and give its id and state; in a preview only foretell them."""

    def update(self, call: Call, state: Properties, inputs: Properties) -> Properties:
        """Change the resource and give its new state; in a preview only foretell it."""

    def delete(self, call: Call, state: Properties) -> None:
        """Take the resource away."""


Function = Callable[[Call, Properties], Properties]
"""A function of the plugin (`invoke`): from arguments to results."""


class Plugin:
    """A stand-in.

    Attributes:
        name: The plugin's, as in `pulumi-resource-<name>`.
        version: Of the real plugin that it stands in for.
        resources: By type token.
        functions: By token.
    """

    name: str
    version: str

    def __init__(
        self, resources: Mapping[str, Resource], functions: Mapping[str, Function] | None = None
    ) -> None:
        self.resources = resources
        self.functions = functions or {}

    def check_configuration(self, inputs: Properties) -> Properties:
        """Check the provider's own inputs."""
        refuse_unknown(inputs, (), f"the provider {self.name}")
        return inputs

    def configure(self, inputs: Properties) -> None:
        """Take over the provider's own inputs."""

    def cancel(self) -> None:
        """End what is under way; called when the user interrupts the run."""


def refuse_unknown(inputs: Properties, known: Iterable[str], of: str) -> None:
    """Refuse inputs that nobody knows, so that none is ignored.

    Args:
        inputs: What was given. The engine's own `version` and names that begin with `__` are left alone.
        known: The names that `of` has.
        of: Whose inputs they are, for the message.

    Raises:
        InvalidInputs: Naming each input that is not known, with the nearest known one.
    """
    names = list(known)
    strange = [name for name in inputs if name not in names and name != "version" and name[:2] != "__"]
    if strange:
        raise InvalidInputs({name: _not_known(name, names, of) for name in strange})


def _not_known(name: str, names: list[str], of: str) -> str:
    near = difflib.get_close_matches(name, names, 1)
    return f"Unrecognized field '{name}' on {of}." + (f" Did you mean '{near[0]}'?" if near else "")


def unique_id(name: str, *, digits: int = 8) -> str:
    """Give an id that no other resource has.

    Args:
        name: What it begins with.
        digits: How many random hexadecimal digits follow.
    """
    return name + secrets.token_hex(digits)[:digits]
