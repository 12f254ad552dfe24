"""Settings as they were written: a tree of nodes, each of which knows where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from settings.errors import Problem
from settings.psych import Scalar

Path = tuple[int | str, ...]
# A key that needs no quotes in a path.
PLAIN_KEY = re.compile(r"[^.\[\]\"]+")


@dataclass(frozen=True)
class Source:
    """A file that settings come from.

    Attributes:
        name: as shown, such as `config/deploy.yml`.
        prefix: what stands before a key path, as `backstaff:` does in a stack's configuration.
        guide: where its keys are explained.
    """

    name: str
    prefix: str = ""
    guide: str = "docs/kamal.md"


@dataclass(frozen=True)
class Place:
    """Where something stands.

    Attributes:
        source: the file.
        line: from 1; 0 if it is not known.
        column: from 1.
        is_hidden: whether the value came from the environment, and so may be a secret.
    """

    source: Source
    line: int = 0
    column: int = 0
    is_hidden: bool = False

    def __str__(self) -> str:
        """Write `file:line:column`, as far as it is known."""
        return f"{self.source.name}:{self.line}:{self.column}" if self.line else self.source.name


@dataclass(frozen=True)
class Node:
    """A value, where it stands, and the path of keys that leads to it as written.

    Attributes:
        value: a scalar, a list of nodes, or a group of nodes by key.
        place: of its key, or of itself in a list.
        path: from the file's root.
    """

    value: Value
    place: Place
    path: Path = field(default=())

    def problem(self, rule: str, remedy: str) -> Problem:
        """Say that something is wrong here.

        Args:
            rule: what must hold, with what was found.
            remedy: what to do.

        Returns:
            The problem.
        """
        return Problem(self.where, rule, remedy)

    def unknown(self, known: Iterable[str]) -> Problem:
        """Say that this key is none of those that can stand here.

        Args:
            known: those.

        Returns:
            The problem, with the nearest of them if one is near.
        """
        near = get_close_matches(str(self.path[-1]), list(known), n=1)
        guide = self.place.source.guide
        remedy = f"Did you mean {near[0]}?" if near else f"Remove it, or see {guide} for the known keys."
        return self.problem("is not a known key", remedy)

    @property
    def where(self) -> str:
        """Place and key path, for messages."""
        path = key_path(self.path)
        return f"{self.place}: {self.place.source.prefix}{path}" if path else str(self.place)

    @property
    def items(self) -> dict[str, Node]:
        """The nodes of a group by key; none for anything else."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def entries(self) -> list[Node]:
        """The nodes of a list; none for anything else."""
        return self.value if isinstance(self.value, list) else []

    def having(self, value: Value) -> Node:
        """Give the same place another value.

        Args:
            value: that.

        Returns:
            A new node.
        """
        return replace(self, value=value)

    def without(self, *keys: str) -> Node:
        """Leave out some keys of a group.

        Args:
            keys: which.

        Returns:
            A new node.
        """
        return self.having({key: node for key, node in self.items.items() if key not in keys})


Value = Scalar | list[Node] | dict[str, Node]


def merge(base: Node, over: Node) -> Node:
    """Merge two trees as Kamal does: groups key by key, anything else replaced as a whole.

    Args:
        base: the weaker one.
        over: the stronger one.

    Returns:
        A new tree.
    """
    if not (isinstance(base.value, dict) and isinstance(over.value, dict)):
        return over
    merged = dict(base.value)
    for key, node in over.value.items():
        merged[key] = merge(merged[key], node) if key in merged else node
    return base.having(merged)


def put(tree: Node, path: tuple[str, ...], node: Node) -> Node:
    """Put a node at a path, unless something stands there already; groups on the way are made.

    Args:
        tree: a group.
        path: where, at least one key.
        node: what.

    Returns:
        A new tree.
    """
    for key in reversed(path[1:]):
        node = node.having({key: node})
    return merge(tree.having({path[0]: node}), tree)


def plain(node: Node) -> Any:  # noqa: ANN401 - a tree can be of any shape
    """Take the values out of a tree.

    Args:
        node: its root.

    Returns:
        Dictionaries, lists and scalars.
    """
    if isinstance(node.value, dict):
        return {key: plain(entry) for key, entry in node.value.items()}
    if isinstance(node.value, list):
        return [plain(entry) for entry in node.value]
    return node.value


def find(tree: Node, path: Path) -> Node | None:
    """Find the node at a path.

    Args:
        tree: where to look.
        path: keys and positions.

    Returns:
        The node, or nothing.
    """
    node: Node | None = tree
    for part in path:
        match part, node.value if node else None:
            case int(), list(entries):
                node = entries[part] if part < len(entries) else None
            case _, dict(items):
                node = items.get(str(part))
            case _:
                return None
    return node


def walk(node: Node) -> Iterator[Node]:
    """Go through all nodes that hold no others.

    Args:
        node: the root.

    Yields:
        Each.
    """
    inner = [*node.items.values(), *node.entries]
    if not inner:
        yield node
    for entry in inner:
        yield from walk(entry)


def key_path(path: Path) -> str:
    """Write a path as `pulumi config set --path` takes it.

    Args:
        path: keys and positions.

    Returns:
        Such as `ssh.host_keys["203.0.113.10"]`.
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif not PLAIN_KEY.fullmatch(part):
            text += f'["{part}"]'
        else:
            text += f".{part}" if text else part
    return text
