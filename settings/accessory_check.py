"""Check what the settings say of accessories' servers and files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from settings.accessories import PLACES, Accessory
from settings.errors import Problem
from settings.model import Settings
from settings.tree import Node, find


def check_accessories(settings: Settings, tree: Node) -> Iterator[Problem]:
    """Check that each accessory runs somewhere, and that its files are there.

    Args:
        settings: the stack's settings.
        tree: what they were made of, for messages.

    Yields:
        What is wrong.
    """
    for name, accessory in settings.accessories.items():
        node = find(tree, ("accessories", name)) or tree
        try:
            settings.accessory_hosts(name)
        except LookupError as error:
            place = next((node.items[key] for key in PLACES if key in node.items), node)
            rule = f"names {error.args[0]}, which is no role or tag of this app"
            remedy = f"Name one of the roles ({', '.join(settings.servers)}), or a tag of a server."
            yield place.problem(rule, remedy)
        if settings.app:
            yield from _check_files(settings.app, accessory, node)


def _check_files(app: Path, accessory: Accessory, node: Node) -> Iterator[Problem]:
    for number, file in enumerate(accessory.files):
        place = find(node, ("files", number)) or node
        if file.local.suffix == ".erb":
            rule = f"is not honoured: {file.local} is ERB, which is not rendered"
            yield place.problem(rule, "Write the file as it is meant, and values that differ under env.")
        elif not (app / file.local).is_file():
            yield place.problem(
                f"there is no file {file.local} in {app}", "Name a file; for a folder, see directories."
            )
