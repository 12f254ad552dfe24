"""The inputs that each resource and function knows: types, defaults, which are required and which are secret.

Texts of the failures are those of the real plugin's decoder (sdk/go/common/util/mapper of pulumi/pulumi).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tools.offline_plugins.plugin import InvalidInputs
from tools.offline_plugins.values import UNKNOWN, Archive, Asset, Properties, PropertyValue, Secret, revealed

_GO_NAMES: Final = {
    str: "string",
    float: "float64",
    bool: "bool",
    list: "[]interface {}",
    dict: "map[string]interface {}",
    Asset: "resource.Asset",
    Archive: "resource.Archive",
}
_ELEMENTS: Final = {"[]string": "string", "map[string]string": "string"}


@dataclass(frozen=True)
class Field:
    """One input.

    Attributes:
        type: A name of Go's, such as `string` or `[]string`, or the record that it is.
        required: Whether it must be given.
        secret: Whether it is a secret, however it was given.
        default: What it is when it is not given.
    """

    type: str | Record
    required: bool = False
    secret: bool = False
    default: str | float | None = None


@dataclass(frozen=True)
class Record:
    """A set of inputs.

    Attributes:
        name: The real plugin's, with its package, as failures quote it.
        fields: By name.
    """

    name: str
    fields: Mapping[str, Field]

    @property
    def short_name(self) -> str:
        """The name without its package."""
        return self.name.rpartition(".")[2]


_COMMANDS: Final = {
    "triggers": Field("[]interface {}"),
    "create": Field("string"),
    "update": Field("string"),
    "delete": Field("string"),
}
_PROCESS: Final = {
    "stdin": Field("string"),
    "logging": Field("string"),
    "environment": Field("map[string]string"),
    "addPreviousOutputInEnv": Field("bool"),
}
_LOCAL_PROCESS: Final = {
    **_PROCESS,
    "interpreter": Field("[]string"),
    "dir": Field("string"),
    "assetPaths": Field("[]string"),
    "archivePaths": Field("[]string"),
}
_ENDPOINT: Final = {
    "user": Field("string", default="root"),
    "password": Field("string", secret=True),
    "host": Field("string", required=True),
    "port": Field("float64", default=22.0),
    "privateKey": Field("string", secret=True),
    "privateKeyPassword": Field("string", secret=True),
    "agentSocketPath": Field("string"),
    "dialErrorLimit": Field("int", default=10.0),
    "perDialTimeout": Field("int", default=15.0),
    "hostKey": Field("string"),
}
_PROXY: Final = Record("remote.ProxyConnection", _ENDPOINT)
_CONNECTION: Final = Field(
    Record("remote.Connection", {**_ENDPOINT, "proxy": Field(_PROXY)}), required=True, secret=True
)

REMOTE_COMMAND: Final = Record("remote.CommandInputs", {**_COMMANDS, **_PROCESS, "connection": _CONNECTION})
LOCAL_COMMAND: Final = Record("local.CommandInputs", {**_COMMANDS, **_LOCAL_PROCESS})
LOCAL_RUN: Final = Record("local.RunInputs", {**_LOCAL_PROCESS, "command": Field("string", required=True)})
COPY_TO_REMOTE: Final = Record(
    "remote.CopyToRemoteInputs",
    {
        "connection": _CONNECTION,
        "triggers": Field("[]interface {}"),
        "source": Field("types.AssetOrArchive", required=True),
        "remotePath": Field("string", required=True),
    },
)


def checked(record: Record, inputs: Properties) -> Properties:
    """Give inputs with defaults filled in and secrets marked.

    Args:
        record: What is known.
        inputs: What was given.

    Raises:
        InvalidInputs: With a reason for each input that is not known, missing or of another type.
    """
    reasons = _problems(record, inputs)
    if reasons:
        raise InvalidInputs(reasons, _marked(record, inputs))
    return _marked(record, _with_defaults(record, inputs))


def _problems(record: Record, inputs: Properties) -> dict[str, str]:
    reasons = {}
    for name, known in record.fields.items():
        if name in inputs:
            reason = _mismatch(record, name, known.type, revealed(inputs[name]))
        else:
            reason = f"Missing required field '{name}' on '{record.name}'" if known.required else None
        if reason:
            reasons[name] = reason
    for name in inputs:
        if name not in record.fields:
            reasons[name] = f"Unrecognized field '{name}' on '{record.name}'"
    return reasons


def _mismatch(record: Record, name: str, wanted: str | Record, value: PropertyValue) -> str | None:
    """Tell why a value is not of the type that is wanted, if it is not."""
    if value is UNKNOWN:
        return None
    if isinstance(wanted, Record):
        return _nested_mismatch(record, name, wanted, value)
    given = _GO_NAMES[type(value)]
    if wanted in _ELEMENTS and isinstance(value, list | dict) and given[0] == wanted[0]:
        return _element_mismatch(record, name, _ELEMENTS[wanted], value)
    if given == wanted or (wanted, given) == ("int", "float64") or wanted == "types.AssetOrArchive":
        return None
    return _wrong_type(record, name, wanted, value)


def _wrong_type(record: Record, name: str, wanted: str, value: PropertyValue) -> str:
    given = _GO_NAMES[type(value)]
    return f"Field '{name}' on '{record.name}' must be a '{wanted}'; got '{given}' instead"


def _nested_mismatch(record: Record, name: str, wanted: Record, value: PropertyValue) -> str | None:
    if not isinstance(value, dict):
        return _wrong_type(record, name, wanted.name, value)
    reasons = _problems(wanted, value)
    if not reasons:
        return None
    listed = "".join(f"\n\t{key}: {reason}" for key, reason in reasons.items())
    return (
        f"An error occurred decoding '{record.short_name}.{name}': {len(reasons)} failures decoding:{listed}"
    )


def _element_mismatch(
    record: Record, name: str, wanted: str, value: list[PropertyValue] | Properties
) -> str | None:
    if isinstance(value, list):
        named = [(f"{name}[{place}]", part) for place, part in enumerate(value)]
    else:
        named = [(f"{name}[{key}] value", part) for key, part in value.items()]
    reasons = (_mismatch(record, place, wanted, part) for place, part in named)
    return next((reason for reason in reasons if reason), None)


def _with_defaults(record: Record, inputs: Properties) -> Properties:
    defaults = {
        name: known.default
        for name, known in record.fields.items()
        if known.default is not None and name not in inputs
    }
    return {name: _filled(record, name, value) for name, value in {**inputs, **defaults}.items()}


def _filled(record: Record, name: str, value: PropertyValue) -> PropertyValue:
    wanted = record.fields[name].type
    if isinstance(value, Secret):
        return Secret(_filled(record, name, value.value))
    if isinstance(wanted, Record) and isinstance(value, dict):
        return _with_defaults(wanted, value)
    return float(int(value)) if wanted == "int" and isinstance(value, float) else value


def _marked(record: Record, inputs: Properties) -> Properties:
    return {name: _marked_one(record.fields.get(name), value) for name, value in inputs.items()}


def _marked_one(known: Field | None, value: PropertyValue) -> PropertyValue:
    """Mark a value as a secret if it is one, and what is secret within it."""
    if known is None:
        return value
    is_secret = known.secret or isinstance(value, Secret)
    inner = value.value if isinstance(value, Secret) else value
    if isinstance(known.type, Record) and isinstance(inner, dict):
        inner = _marked(known.type, inner)
    return Secret(inner) if is_secret else inner
