"""Property values as plain Python values, and back: how the engine and a plugin write them to each other.

Texts, numbers, booleans, lists and dictionaries are themselves. Beside them stand `UNKNOWN`, `Secret`,
`Asset` and `Archive`. Source of the signatures: sdk/go/common/resource/sig of pulumi/pulumi.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import Struct, Value

PropertyValue = Any
"""A property value: one of those above, or a list or dictionary of them."""

Properties = dict[str, PropertyValue]
"""Property values by name."""

_UNKNOWN_TEXT: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - how the engine marks a secret
_ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
_ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
_OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"


class _Unknown(Enum):
    UNKNOWN = "not known before the deployment"


UNKNOWN: Final = _Unknown.UNKNOWN
"""A value that is not known yet, in a preview."""


@dataclass(frozen=True)
class Secret:
    """A value that the engine encrypts in the state and hides in what it prints.

    Attributes:
        value: The value itself.
    """

    value: PropertyValue


@dataclass(frozen=True)
class Asset:
    """A file or a text. Two are equal if their contents are.

    Attributes:
        hash: SHA-256 of the content, in hexadecimal, as the engine computed it.
        path: Where the file is, unless it is a text.
        text: The text, unless it is a file.
        uri: Where the content can be fetched, unless it is one of the other two.
    """

    hash: str = ""
    path: str | None = field(default=None, compare=False)
    text: str | None = field(default=None, compare=False)
    uri: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Archive:
    """Several files. Two are equal if their contents are.

    Attributes:
        hash: SHA-256 of the content, in hexadecimal, as the engine computed it.
        path: The folder or archive file, unless the parts are given.
        assets: The parts by name.
        uri: Where the content can be fetched, unless it is one of the other two.
    """

    hash: str = ""
    path: str | None = field(default=None, compare=False)
    assets: Mapping[str, Asset | Archive] | None = field(default=None, compare=False)
    uri: str | None = field(default=None, compare=False)


def read(struct: Struct) -> Properties:
    """Read what the engine sent; nulls are left out.

    Args:
        struct: The message.
    """
    found = {key: _read(value) for key, value in struct.fields.items()}
    return {key: value for key, value in found.items() if value is not None}


def _read(value: Value) -> PropertyValue:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _special(read(value.struct_value))
    if kind == "list_value":
        return [_read(part) for part in value.list_value.values]
    if kind == "string_value":
        return UNKNOWN if value.string_value == _UNKNOWN_TEXT else value.string_value
    return None if kind in (None, "null_value") else getattr(value, kind)


def _special(content: Properties) -> PropertyValue:
    """Turn a dictionary that bears a signature into what it stands for."""
    match content.get(_SIGNATURE):
        case None:
            return content
        case str(signature) if signature == _SECRET:
            return Secret(content.get("value"))
        case str(signature) if signature == _OUTPUT:
            value = content.get("value", UNKNOWN)
            return Secret(value) if content.get("secret") else value
        case str(signature) if signature == _ASSET:
            return Asset(**_parts(content, "hash", "path", "text", "uri"))
        case str(signature) if signature == _ARCHIVE:
            return Archive(**_parts(content, "hash", "path", "assets", "uri"))
        case signature:
            raise ValueError(f"a value of a kind that this plugin does not know (signature {signature})")


def _parts(content: Properties, *names: str) -> dict[str, Any]:
    return {name: content[name] for name in names if name in content}


def written(value: object) -> PropertyValue:
    """Give a value in the form that a message takes.

    Args:
        value: A property value, or a dictionary of them.
    """
    match value:
        case Secret(value=inner):
            return {_SIGNATURE: _SECRET, "value": written(inner)}
        case Asset() | Archive():
            signature = _ASSET if isinstance(value, Asset) else _ARCHIVE
            return {_SIGNATURE: signature, **written(vars(value))}
        case Mapping():
            return {key: written(part) for key, part in value.items() if part is not None}
        case list():
            return [written(part) for part in value]
    return _UNKNOWN_TEXT if value is UNKNOWN else value


def revealed(value: PropertyValue) -> PropertyValue:
    """Give a value without the marks of secrets, at any depth."""
    match value:
        case Secret(value=inner):
            return revealed(inner)
        case dict():
            return {key: revealed(part) for key, part in value.items()}
        case list():
            return [revealed(part) for part in value]
    return value


def has_secret(value: PropertyValue) -> bool:
    """Tell whether a value is or holds a secret."""
    return any(isinstance(part, Secret) for part in _within(value))


def has_unknown(value: PropertyValue) -> bool:
    """Tell whether a value is or holds one that is not known yet."""
    return any(part is UNKNOWN for part in _within(value))


def _within(value: PropertyValue) -> list[PropertyValue]:
    """Give a value and all that it holds."""
    match value:
        case Secret(value=inner):
            parts = [inner]
        case dict():
            parts = list(value.values())
        case list():
            parts = value
        case _:
            parts = []
    return [value, *(found for part in parts for found in _within(part))]
