"""Which properties changed, as paths: what the real plugin makes of two sets of inputs.

Source: `Diff` and `NewDetailedDiffFromObjectDiff` of pulumi/pulumi (sdk/go/common/resource).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import Final

from tools.offline_plugins.plugin import Call, ChangeKind, Changes
from tools.offline_plugins.values import Properties, PropertyValue

_PLAIN_KEY: Final = re.compile(r"[A-Za-z_$][\w$]*")
_REPLACING: Final = "triggers"
"""The one input that is tagged to need a new resource. An element of it is another path, `triggers[0]`, which
the tag does not reach: those are left to `replaceOnChanges` of the SDK."""


class ComparedByInputs:
    """A resource of which any changed input makes an update, and changed triggers a new resource."""

    def diff(
        self,
        call: Call,  # noqa: ARG002 - the form of all resources
        state: Properties,  # noqa: ARG002 - likewise
        old_inputs: Properties,
        inputs: Properties,
    ) -> Changes:
        """Tell which inputs changed."""
        return changes(old_inputs, inputs)


def changes(old: Properties, new: Properties) -> Changes:
    """Tell what changed.

    Args:
        old: The inputs that the resource has.
        new: The inputs that it should have.
    """
    kinds = {}
    for path, kind in _of_objects("", old, new):
        kinds[path] = kind.replacing() if path == _REPLACING else kind
    return Changes(kinds)


def _of_objects(prefix: str, old: Properties, new: Properties) -> Iterator[tuple[str, ChangeKind]]:
    for key in dict.fromkeys([*old, *new]):
        yield from _of_values(prefix + _as_path(key, is_first=not prefix), old.get(key), new.get(key))


def _of_values(path: str, old: PropertyValue, new: PropertyValue) -> Iterator[tuple[str, ChangeKind]]:
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _of_objects(path, old, new)
    elif isinstance(old, list) and isinstance(new, list):
        for place, (before, after) in enumerate(zip_longest(old, new)):
            yield from _of_values(f"{path}[{place}]", before, after)
    elif old != new:
        yield path, _kind(old, new)


def _kind(old: PropertyValue, new: PropertyValue) -> ChangeKind:
    if old is None:
        return ChangeKind.ADD
    return ChangeKind.DELETE if new is None else ChangeKind.UPDATE


def _as_path(key: str, *, is_first: bool) -> str:
    if _PLAIN_KEY.fullmatch(key):
        return key if is_first else f".{key}"
    return '["' + key.replace('"', '\\"') + '"]'
