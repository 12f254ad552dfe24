"""Which inputs changed between two deployments, by the rules of the official plugin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.offline_plugins.plugin import ChangeKind


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, ChangeKind]:
    """Compare two objects key by key.

    Args:
        old: The object before; a null counts as missing.
        new: The object now.

    Returns:
        The keys that differ.
    """
    found = {}
    for key in sorted({*old, *new}):
        before, now = old.get(key), new.get(key)
        if before is None and now is not None:
            found[key] = ChangeKind.ADD
        elif before is not None and now is None:
            found[key] = ChangeKind.DELETE
        elif _differ(before, now):
            found[key] = ChangeKind.UPDATE
    return found


def image_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, ChangeKind]:
    """Compare the inputs of an image; a new user or password for the same registry changes nothing.

    Args:
        old: The inputs before.
        new: The inputs now.

    Returns:
        The inputs that differ.
    """
    found = changes(old, new)
    if found.get("registry") is ChangeKind.UPDATE and _differ_only_in_sign_in(
        old["registry"], new["registry"]
    ):
        del found["registry"]
    return found


def _differ_only_in_sign_in(old: object, new: object) -> bool:
    is_object = isinstance(old, Mapping) and isinstance(new, Mapping)
    return is_object and changes(old, new).get("server") is not ChangeKind.UPDATE  # type: ignore[arg-type]


def _differ(old: object, new: object) -> bool:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return bool(changes(old, new))
    if isinstance(old, list) and isinstance(new, list):
        return len(old) != len(new) or any(_differ(*pair) for pair in zip(old, new, strict=True))
    return type(old) is not type(new) or old != new
