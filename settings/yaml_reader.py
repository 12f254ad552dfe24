"""Read YAML as Kamal's users write it, and keep where everything stands.

The parser is libyaml, which Ruby uses too; the tree is made here from its events, one by one, so that neither
deep nesting nor aliases of aliases can exhaust anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from settings.errors import Problem
from settings.psych import Scalar, resolve, ruby_text
from settings.text_files import MAX_BYTES
from settings.tree import Node, Path, Place, Source

MAX_DEPTH = 40
# With aliases written out.
MAX_NODES = 20_000
TEXT_TAGS = {"!", "!str", "tag:yaml.org,2002:str"}
YAML_TAG, PYTHON_TAG = "tag:yaml.org,2002:", "tag:yaml.org,2002:python"
SYMBOL_TAGS = {"!ruby/symbol", "!ruby/sym"}
MERGE = "<<"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Unreadable(Exception):
    """The text is not what can be read; `problem` says why and where."""

    def __init__(self, place: Place, rule: str, remedy: str) -> None:
        """Keep the problem.

        Args:
            place: where.
            rule: what must hold.
            remedy: what to do.
        """
        self.problem = Problem(str(place), rule, remedy)
        super().__init__(str(self.problem))


@dataclass
class _Raw:
    """A node before aliases are written out: a scalar, pairs of a mapping, or entries of a sequence."""

    place: Place
    scalar: Scalar = None
    pairs: list[tuple[_Raw, _Raw]] | None = None
    entries: list[_Raw] | None = None
    size: int = 1
    is_merge: bool = False
    is_open: bool = False


def read_yaml(text: str, source: Source, origin: Callable[[int], tuple[int, bool]] | None = None) -> Reading:
    """Read one document.

    Args:
        text: of the file.
        source: the file, for messages.
        origin: tells for a line of the text its line in the file and whether its values are to be hidden.

    Returns:
        The tree, and keys that stand twice.

    Raises:
        Unreadable: it is no YAML, too large, too deep, or no group of keys.
    """
    reader = _Reader(source, origin or (lambda line: (line, False)))
    if len(text.encode(errors="replace")) > MAX_BYTES:
        rule = f"is larger than {MAX_BYTES // 1024} KiB, the most that settings can have"
        raise Unreadable(Place(source), rule, "Write less.")
    try:
        raw = reader.compose(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = reader.place(mark) if mark else Place(source)
        rule = f"is not YAML here: {_told(error)}"
        raise Unreadable(place, rule, "Correct the line, or the one before it.") from None
    except yaml.reader.ReaderError as error:
        rule = f"holds a character that YAML does not allow (number {_code(error.character)})"
        raise Unreadable(Place(source), rule, "Take it away.") from None
    except yaml.YAMLError:
        raise Unreadable(Place(source), "is not YAML", "Save it as YAML in UTF-8.") from None
    except RecursionError:
        raise reader.too_deep(Place(source)) from None
    if raw is None or (raw.pairs is None and raw.scalar is None and raw.entries is None):
        return Reading(Node({}, Place(source)), [])
    if raw.pairs is None:
        raise Unreadable(raw.place, "must be a group of keys", "Write `key: value` lines.")
    tree = reader.grow(raw, ())
    return Reading(Node(tree.value, Place(source)), reader.doubles)


@dataclass(frozen=True)
class Reading:
    """What was read.

    Attributes:
        tree: a group.
        doubles: keys that stand twice in one group, of which the later one counts.
    """

    tree: Node
    doubles: list[Node]


class _Reader:
    def __init__(self, source: Source, origin: Callable[[int], tuple[int, bool]]) -> None:
        self.source = source
        self.origin = origin
        self.doubles: list[Node] = []
        self.anchors: dict[str, _Raw] = {}

    def place(self, mark: yaml.Mark | Any) -> Place:  # noqa: ANN401 - libyaml's marks are of a type of its own
        line, is_hidden = self.origin(mark.line + 1)
        return Place(self.source, line, mark.column + 1, is_hidden)

    def too_deep(self, place: Place) -> Unreadable:
        return Unreadable(place, f"is nested deeper than {MAX_DEPTH} levels", "Write it flatter.")

    def compose(self, text: str) -> _Raw | None:
        """Make a tree of the first document's events; aliases share the nodes of their anchors."""
        root: _Raw | None = None
        stack: list[_Raw] = []
        keys: list[_Raw | None] = []  # for each open mapping, the key that waits for its value
        for event in yaml.parse(text, Loader=LOADER):
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                place = self.place(event.start_mark)
                raise Unreadable(place, "begins a second document", "Write one document a file.")
            if isinstance(event, (MappingEndEvent, SequenceEndEvent)):
                stack.pop().is_open = False
                keys.pop()
                continue
            node = self._node(event)
            if node is None:
                continue
            root = root or node
            for parent in stack:
                parent.size += node.size
            if len(stack) >= MAX_DEPTH:
                raise self.too_deep(node.place)
            if root.size > MAX_NODES:
                rule = f"holds more than {MAX_NODES} values once aliases are written out"
                raise Unreadable(node.place, rule, "Use fewer aliases.")
            if stack:
                keys[-1] = _add(stack[-1], keys[-1], node)
            if isinstance(event, (MappingStartEvent, SequenceStartEvent)):
                stack.append(node)
                keys.append(None)
        return root

    def _node(self, event: yaml.Event) -> _Raw | None:
        place = self.place(event.start_mark)
        if isinstance(event, AliasEvent):
            node = self.anchors.get(event.anchor or "")
            if node is None:
                raise Unreadable(
                    place, f"there is no anchor &{event.anchor} above", "Write it before its alias."
                )
            if node.is_open:
                raise Unreadable(place, f"*{event.anchor} refers to itself", "Take the alias away.")
            return node
        if isinstance(event, ScalarEvent):
            node = _Raw(place, scalar=_scalar(event, place))
            node.is_merge = event.value == MERGE and event.implicit[0]
        elif isinstance(event, (MappingStartEvent, SequenceStartEvent)):
            _check_tag(event.tag, place)
            is_group = isinstance(event, MappingStartEvent)
            node = _Raw(place, pairs=[], is_open=True) if is_group else _Raw(place, entries=[], is_open=True)
        else:
            return None
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def grow(self, raw: _Raw, path: Path, place: Place | None = None) -> Node:
        """Write aliases and merge keys out, and give each node its path."""
        place = place or raw.place
        if raw.pairs is not None:
            return Node(self._group(raw.pairs, path), place, path)
        if raw.entries is not None:
            return Node([self.grow(one, (*path, n)) for n, one in enumerate(raw.entries)], place, path)
        return Node(raw.scalar, place, path)

    def _group(self, pairs: list[tuple[_Raw, _Raw]], path: Path) -> dict[str, Node]:
        group: dict[str, Node] = {}
        written: set[str] = set()
        for key, value in pairs:
            if key.is_merge:
                # In the order of the lines, as Psych does it: what comes later wins.
                group |= self._merged(key, value, path)
                continue
            if key.pairs is not None or key.entries is not None:
                raise Unreadable(key.place, "a key must be a word", "Put quotes around it.")
            name = ruby_text(key.scalar)
            node = self.grow(value, (*path, name), key.place)
            if name in written:
                self.doubles.append(node)
            written.add(name)
            group[name] = node
        return group

    def _merged(self, key: _Raw, value: _Raw, path: Path) -> dict[str, Node]:
        merged: dict[str, Node] = {}
        for one in reversed([value] if value.entries is None else value.entries):
            if one.pairs is None:
                raise Unreadable(key.place, "<< must name a group of keys", "Write `<<: *name`.")
            merged |= self._group(one.pairs, path)
        return merged


def _add(parent: _Raw, key: _Raw | None, node: _Raw) -> _Raw | None:
    """Put a node under its parent; return the key that then waits for a value."""
    if parent.entries is not None:
        parent.entries.append(node)
        return None
    if key is None:
        return node
    if parent.pairs is not None:
        parent.pairs.append((key, node))
    return None


def _check_tag(tag: str | None, place: Place) -> None:
    """Refuse what would make an object of a class: only YAML's own tags are read."""
    if tag and tag not in TEXT_TAGS and (not tag.startswith(YAML_TAG) or tag.startswith(PYTHON_TAG)):
        raise Unreadable(place, f"has the tag {tag}, which is not read here", "Take the tag away.")


def _scalar(event: ScalarEvent, place: Place) -> Scalar:
    if event.tag in SYMBOL_TAGS:
        return str(event.value)
    _check_tag(event.tag, place)
    if event.tag in TEXT_TAGS or event.style not in {None, ""}:
        return str(event.value)
    return resolve(event.value)


def _told(error: yaml.MarkedYAMLError) -> str:
    return " ".join(part for part in (error.context, error.problem) if part)


def _code(character: object) -> int:
    if isinstance(character, (str, bytes)) and len(character) == 1:
        return ord(character)
    return character if isinstance(character, int) else 0
