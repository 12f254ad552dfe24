"""The keys under `backstaff:` in a stack's configuration, with their lines where the file is at hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from settings.tree import Node, Path, Place, Source, find
from settings.yaml_reader import Unreadable, read_yaml

PREFIX = "backstaff:"


def stack_tree(stack: str, config: Mapping[str, str], project: FilePath) -> Node:
    """Make a tree of what Pulumi hands over.

    Args:
        stack: the stack's name.
        config: the keys without their prefix; structured ones as JSON text.
        project: the folder that the stack's file may be in.

    Returns:
        The tree, whose places have lines as far as the file tells.
    """
    source = Source(f"Pulumi.{stack}.yaml", PREFIX, "the README")
    written = _file(project / source.name, source)
    items = {key: _node(_parsed(text), (key,), source, written) for key, text in config.items()}
    return Node(items, Place(source))


def _file(path: FilePath, source: Source) -> Node:
    try:
        return find(read_yaml(path.read_text(encoding="utf-8"), source).tree, ("config",)) or Node(
            {}, Place(source)
        )
    except (OSError, UnicodeDecodeError, Unreadable):
        return Node({}, Place(source))  # Pulumi has read it; only the lines are not known


def _node(value: Any, path: Path, source: Source, written: Node) -> Node:  # noqa: ANN401 - of any shape
    found = find(written, (f"{PREFIX}{path[0]}", *path[1:]))
    is_secret = found is not None and set(found.items) == {"secure"}
    place = Place(source, found.place.line, found.place.column, is_secret) if found else Place(source)
    match value:
        case dict():
            return Node(
                {str(key): _node(one, (*path, str(key)), source, written) for key, one in value.items()},
                place,
                path,
            )
        case list():
            return Node([_node(one, (*path, n), source, written) for n, one in enumerate(value)], place, path)
        case _:
            return Node(value, place, path)


def _parsed(text: str) -> Any:  # noqa: ANN401 - a value of the configuration can be of any shape
    """Give a configuration value its shape: Pulumi hands objects and lists over as JSON, all else as text."""
    if text[:1] in {"{", "["}:
        try:
            return json.loads(text)
        except (json.JSONDecodeError, RecursionError):
            return text
    return text
