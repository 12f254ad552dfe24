"""Show the merged settings, each value with where it is from; secrets are named and never shown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath

from pydantic import BaseModel, SecretStr

from settings.env_section import with_tags
from settings.load import Loading
from settings.model import Settings
from settings.roles import Role
from settings.tree import Node, Path, find, key_path

HIDDEN = "(secret)"
DEFAULT = "default"
# What a line takes before the source is written.
COLUMN = 60


def shown(loading: Loading) -> list[str]:
    """Write all settings, a line each: key path, value, and where it was written.

    Args:
        loading: settings that the model accepted.

    Returns:
        Such as `proxy.app_port: 8000    # config/deploy.yml:9:3`.

    Raises:
        ValueError: the model did not accept them.
    """
    if loading.settings is None:
        raise ValueError("settings that cannot be used cannot be shown")
    lines = [*_section(loading, loading.settings, ()), *_of_the_roles(loading, loading.settings)]
    return [f"{text:<{COLUMN}} # {source}" for text, source in lines]


def _section(loading: Loading, section: BaseModel, path: Path) -> Iterator[tuple[str, str]]:
    for name, field in type(section).model_fields.items():
        inner = (*path, field.alias or name)
        if name == "env":
            # That of roles is shown at the end, since most of it is of all servers.
            if not isinstance(section, Role):
                node = find(loading.tree, inner)
                yield from _variables(loading, getattr(section, name), inner, node)
        else:
            yield from _value(loading, getattr(section, name), inner)


def _value(loading: Loading, value: object, path: Path) -> Iterator[tuple[str, str]]:
    match value:
        case BaseModel():
            yield from _section(loading, value, path)
        case dict() if value:
            for key, one in value.items():
                yield from _value(loading, one, (*path, key))
        case tuple() if value:
            for number, one in enumerate(value):
                yield from _value(loading, one, (*path, number))
        case _:
            node = find(loading.tree, path)
            if node and node.entries and not isinstance(value, tuple):
                # Kamal's `[NAME]`: what is looked up by a name is a secret.
                yield f"{key_path(path)}: {HIDDEN}", _named(loading, str(node.entries[0].value), node)
            else:
                yield f"{key_path(path)}: {_text(value)}", _place(loading.tree, path)


def _text(value: object) -> str:
    match value:
        case SecretStr():
            return HIDDEN
        case None | () | {}:
            return "none"
        case str() | FilePath():
            text = str(value)
            return text if text.isprintable() and text else json.dumps(text)
        case _:
            return json.dumps(value)


def _place(tree: Node, path: Path) -> str:
    """Name the place of a value, or of the value that it was made of."""
    for length in range(len(path), 0, -1):
        node = find(tree, path[:length])
        # A group that was written says nothing of a key that is not in it.
        if node and (length == len(path) or not node.items):
            return str(node.place)
    return DEFAULT


def _named(loading: Loading, name: str, node: Node) -> str:
    origin = loading.secrets.origin(name) if loading.secrets else DEFAULT
    return f"{origin}, named in {node.place}"


def _of_the_roles(loading: Loading, settings: Settings) -> Iterator[tuple[str, str]]:
    """Show what the app finds in its environment; server by server where it is not the same."""
    for name, role in settings.servers.items():
        path = ("servers", name, "env")
        written, first = find(loading.tree, path), role.env[role.hosts[0]]
        is_same = all(env == first for env in role.env.values())
        for host in role.hosts[:1] if is_same else role.hosts:
            node = with_tags(written, settings.host_tags.get(host, ()), [])
            yield from _variables(loading, role.env[host], path if is_same else (*path, host), node)


def _variables(
    loading: Loading, env: Mapping[str, SecretStr], path: Path, node: Node | None
) -> Iterator[tuple[str, str]]:
    """Show the clear variables of the app or an accessory, and say where the others are from."""
    clear, secret = (node.items.get(part) if node else None for part in ("clear", "secret"))
    named = {}
    for entry in secret.entries if secret else ():
        name, _, source = str(entry.value).partition(":")
        named[name] = _named(loading, source or name, entry)
    for name, value in sorted(env.items()):
        key = key_path((*path, name))
        if clear and name in clear.items:
            yield f"{key}: {_text(value.get_secret_value())}", str(clear.items[name].place)
        else:
            yield f"{key}: {HIDDEN}", named.get(name, ".env")
