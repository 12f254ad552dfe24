"""Kamal's `accessories`: what is written under each name, in the model's keys."""

from __future__ import annotations

from collections.abc import Callable

from settings.command_words import command_words
from settings.env_section import normal_env
from settings.errors import Problem
from settings.kamal_keys import ACCESSORY_KEYS
from settings.psych import ruby_text
from settings.run_words import option_lists
from settings.tree import Node

# Keys with one name, and the list that the model has for them.
SINGLE = {"host": "hosts", "role": "roles", "tag": "tags"}
# Keys with a form of their own.
FORMS: dict[str, Callable[[Node, list[Problem]], Node]] = {
    "cmd": command_words,
    "env": normal_env,
    "options": option_lists,
}
MOUNT_KEYS = ("local", "remote", "mode", "owner", "options")
# `local:remote` with options.
MOUNT_PARTS = 3


def take_accessories(tree: Node, problems: list[Problem]) -> Node:
    """Write each accessory in the model's keys.

    Args:
        tree: the root.
        problems: takes what is wrong.

    Returns:
        A root.
    """
    accessories = tree.items.get("accessories")
    if not accessories or not isinstance(accessories.value, dict):
        return tree
    taken: dict[str, Node] = {}
    for name, accessory in accessories.items.items():
        if not isinstance(accessory.value, dict) or name in ACCESSORY_KEYS:
            rule = "stands where the names of accessories stand"
            remedy = "An accessory's keys stand one level deeper, under its name."
            problems.append(accessory.problem(rule, remedy))
            continue
        taken[name] = _taken(accessory, problems)
    return tree.having({**tree.items, "accessories": accessories.having(taken)})


def _taken(accessory: Node, problems: list[Problem]) -> Node:
    written: dict[str, Node] = {}
    for key, node in accessory.items.items():
        if key not in ACCESSORY_KEYS:
            problems.append(node.unknown(ACCESSORY_KEYS))
        elif node.value is None:
            problems.append(node.problem("is empty", "Write its keys below it, or take it away."))
        elif key in SINGLE and SINGLE[key] in accessory.items:
            rule = f"stands beside {SINGLE[key]}, and only one of them can"
            problems.append(node.problem(rule, f"Move it into the list of {SINGLE[key]}."))
        else:
            written[SINGLE.get(key, "command" if key == "cmd" else key)] = _value(key, node, problems)
    return accessory.having(written)


def _value(key: str, node: Node, problems: list[Problem]) -> Node:
    if key in FORMS:
        return FORMS[key](node, problems)
    if key in (*SINGLE, "port"):
        return node.having([_text(entry) for entry in node.entries or [node]])
    if key in {"files", "directories"} and node.entries:
        mounts = [_mount(entry, problems) for entry in node.entries]
        return node.having([mount for mount in mounts if mount])
    if key == "labels" and node.items:
        return node.having({name: _text(one) for name, one in node.items.items()})
    return _text(node) if key in {"service", "refresh"} else node


def _text(node: Node) -> Node:
    return node if isinstance(node.value, (list, dict)) else node.having(ruby_text(node.value))


def _mount(entry: Node, problems: list[Problem]) -> Node | None:
    """Split `local:remote:options`; a group of keys is left as it is."""
    if isinstance(entry.value, dict):
        for key, node in entry.items.items():
            if key not in MOUNT_KEYS:
                problems.append(node.unknown(MOUNT_KEYS))
        # Not of a mode: YAML takes 0640 for the number 416.
        known = {key: node for key, node in entry.items.items() if key in MOUNT_KEYS}
        return entry.having({key: node if key == "mode" else _text(node) for key, node in known.items()})
    parts = entry.value.split(":") if isinstance(entry.value, str) else []
    if not 1 < len(parts) <= MOUNT_PARTS or not all(parts):
        problems.append(entry.problem("must be `local:remote`", "Write it such as `data:/var/lib/data`."))
        return None
    return entry.having({key: entry.having(part) for key, part in _named(parts).items()})


def _named(parts: list[str]) -> dict[str, str]:
    return dict(zip(("local", "remote", "options"), parts, strict=False))
