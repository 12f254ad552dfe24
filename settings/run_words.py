"""Options of `docker run`, as Kamal's users write them."""

from __future__ import annotations

from settings.errors import Problem
from settings.psych import ruby_text
from settings.tree import Node


def option_lists(options: Node, problems: list[Problem]) -> Node:
    """Write options as lists: an empty one for an option without a value.

    Args:
        options: a group of them; anything else is left for the model's check.
        problems: takes what is wrong.

    Returns:
        The group.
    """
    if not isinstance(options.value, dict):
        return options
    written: dict[str, Node] = {}
    for name, node in options.items.items():
        if node.value is None:
            problems.append(node.problem("is empty", "Write its value, or true for an option without one."))
        entries = [] if node.value is True else node.entries or [node]
        written[name] = node.having([_text(entry) for entry in entries])
    return options.having(written)


def _text(node: Node) -> Node:
    return node if isinstance(node.value, (list, dict)) else node.having(ruby_text(node.value))
