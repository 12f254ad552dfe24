"""Turn what pydantic finds wrong into problems: where it was written, what must hold, what to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from settings.errors import Problem
from settings.generations import FIRST
from settings.kamal_keys import REFUSED, WARNED
from settings.model import Settings
from settings.tree import Node, find, key_path
from settings.wording import rule, suggestion

# Errors by pydantic's name that no single value sets right.
SHAPES = {"dict_type", "model_type", "string_type", "tuple_type"}
# Keys that are filled in here, and keys that are written and stand elsewhere in the model.
FILLED = {"ecr", "host_tags"}
WRITTEN = {
    "": ["env"],
    "proxy": ["host", "path_prefix"],
}


def complaints(error: ValidationError, tree: Node, *, is_whole: bool = True) -> Iterator[Problem]:
    """Tell all that is wrong.

    Args:
        error: from the model.
        tree: what the model was made of.
        is_whole: whether the tree holds all that was written; if not, nothing is called missing.

    Yields:
        A problem each.
    """
    for detail in error.errors(include_url=False):
        # A list is too short only because its entries are wrong, each of which is told, as are missing roles.
        is_consequence = detail["type"] == "too_short" and (detail["input"] or detail["loc"] == ("servers",))
        if not is_consequence and (is_whole or detail["type"] != "missing"):
            yield _problem(detail, tree)


def _problem(detail: ErrorDetails, tree: Node) -> Problem:
    # What is wrong with a key itself is told of the key.
    loc = tuple(part for part in detail["loc"] if part != "[key]")
    node = find(tree, loc)
    above = node or _above(tree, loc)
    is_stack = bool(above.place.source.prefix)
    if detail["type"] == "extra_forbidden":
        known = known_keys(loc[:-1]) + ([] if is_stack or loc[:-1] else list(FIRST))
        return (node or Node(None, above.place, loc)).unknown(known)
    if detail["type"] == "missing":
        where = Node(None, above.place, loc).where
        remedy = (
            f"Set it: {_command(loc)}." if is_stack else "Write it there, or in the stack's configuration."
        )
        return Problem(where, "is missing", remedy)
    where = node.where if node else Node(None, above.place, loc).where
    told = rule(detail, is_hidden=above.place.is_hidden)
    if fix := suggestion(detail):
        return Problem(where, told, fix)
    if not is_stack or detail["type"] in SHAPES or isinstance(detail["input"], (list, dict)):
        return Problem(where, told, f"Correct it in {above.place.source.name}.")
    return Problem(where, told, f"Change it: {_command(node.path if node else loc)}.")


def _above(tree: Node, loc: tuple[int | str, ...]) -> Node:
    """Find the last node on the way to a place."""
    for length in range(len(loc) - 1, 0, -1):
        if node := find(tree, loc[:length]):
            return node
    return tree


def _command(loc: tuple[int | str, ...]) -> str:
    """Write the command that sets the value at a path; in a list, its first entry."""
    field = section_at(loc[:-1]).model_fields.get(str(loc[-1]))
    # A list of servers is the short form of a role.
    is_list = loc == ("servers",) or (field and get_origin(field.annotation) is tuple)
    entry = "[0]" if is_list else ""
    option = "--secret " if field and field.annotation is SecretStr else ""
    return f"pulumi config set {option}--path 'backstaff:{key_path(loc)}{entry}' VALUE"


def known_keys(path: tuple[int | str, ...]) -> list[str]:
    """Name the keys that can be written in the section at a path, Kamal's that are not honoured too.

    Args:
        path: of the section.

    Returns:
        The keys.
    """
    section = section_at(path)
    prefix = key_path(path)
    keys = [
        field.alias or key for key, field in section.model_fields.items() if (section, key) not in _filled()
    ]
    keys += WRITTEN.get(str(path[-1]) if path else "", [])
    for one in (*REFUSED, *WARNED):
        parent, _, key = one.path.rpartition(".")
        if parent == prefix and key not in keys:
            keys.append(key)
    return keys


def _filled() -> set[tuple[type[BaseModel], str]]:
    return {(Settings, key) for key in FILLED}


def section_at(path: tuple[int | str, ...]) -> type[BaseModel]:
    """Find the section at a path, or the last one on the way there.

    Args:
        path: keys.

    Returns:
        Its model.
    """
    section: type[BaseModel] = Settings
    for part in path:
        field = section.model_fields.get(str(part))
        for kind in (field.annotation, *get_args(field.annotation)) if field else ():
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                section = kind
    return section
