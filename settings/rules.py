"""Rules that a value must follow beyond its type and its pattern."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path

from pydantic_core import PydanticCustomError

# RFC 1035: the parts of a name between its dots, and the whole.
LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
NAME_LENGTH = 253
LABEL_LENGTH = 63
# What a release's id takes of a container's name: `-<12 digits>-<6 digits>`, and the dash before the role.
RELEASE_LENGTH = 21
DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)")
SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
RESERVED_LABELS = ("service", "role", "destination")
# Options of `docker run` by which two releases could not run side by side, or would not be found.
OWN_OPTIONS = {
    "name": "the program names the containers",
    "network": "the proxy reaches the app on a network of its own",
    "net": "the proxy reaches the app on a network of its own",
    "publish": "two releases run side by side for a while, and a port can be taken only once",
    "publish-all": "the proxy reaches the app without it",
    "detach": "the program starts the containers",
    "rm": "old releases are kept for a rollback",
    "env": "write them under env",
    "env-file": "write them under env",
    "log-driver": "write it under logging",
    "log-opt": "write it under logging",
}
PUBLISHING = ("publish", "publish-all")

# The same for an accessory, of which one container runs at a time.
ACCESSORY_OPTIONS = {
    "name": "write it under service",
    "network": "write it under network",
    "net": "write it under network",
    "publish": "write it under port",
    "publish-all": "write the ports under port",
    "volume": "write it under volumes",
} | {name: OWN_OPTIONS[name] for name in ("detach", "env", "env-file", "log-driver", "log-opt")}
ACCESSORY_OPTIONS["rm"] = "the container outlives a reboot"


def number(value: object) -> object:
    """Take a truth value for a word: it is no number, as it would be to Python.

    Args:
        value: as written.

    Returns:
        The same, or the word.
    """
    return str(value).lower() if isinstance(value, bool) else value


def seconds(value: object) -> object:
    """Take a time with a unit, such as `30s`, `2m` or `500ms`; without one it is in seconds.

    Args:
        value: as written.

    Returns:
        Seconds; what is no time is left for the type's check.
    """
    match = DURATION.fullmatch(value) if isinstance(value, str) else None
    if not match:
        return number(value)
    amount = float(match[1]) * SECONDS[match[2]]
    return int(amount) if amount.is_integer() else amount


def host(value: str) -> str:
    """Check a host name or an address of either version.

    Args:
        value: which.

    Returns:
        The same.
    """
    if ":" in value or re.fullmatch(r"[\d.]+", value):
        try:
            ipaddress.ip_address(value)
        except ValueError:
            raise PydanticCustomError(
                "address", "must be a whole IPv4 or IPv6 address, without a port"
            ) from None
        return value
    return domain(value)


def domain(value: str) -> str:
    """Check a host name.

    Args:
        value: which.

    Returns:
        The same.
    """
    if len(value) > NAME_LENGTH or not all(LABEL.fullmatch(label) for label in value.split(".")):
        rule = "must be a host name: parts of 1 to 63 letters, digits and dashes with dots between them"
        raise PydanticCustomError("domain", rule)
    return value


def distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    """Check that no entry stands twice.

    Args:
        values: the entries.

    Returns:
        The same.
    """
    for value in values:
        if [one.lower() for one in values].count(value.lower()) > 1:
            raise PydanticCustomError(
                "distinct", "must name each host once ({value} stands twice)", {"value": value}
            )
    return values


def inside(path: Path) -> Path:
    """Check that a path does not leave the app's folder.

    Args:
        path: relative to it.

    Returns:
        The same.
    """
    depth = 0
    for part in path.parts:
        depth += -1 if part == ".." else 1
        if depth < 0 or path.is_absolute():
            raise PydanticCustomError("inside", "must lie within the app's folder")
    return path


def labels(values: dict[str, str]) -> dict[str, str]:
    """Check the names of labels.

    Args:
        values: names to values.

    Returns:
        The same.
    """
    for name in values:
        if name in RESERVED_LABELS:
            rule = "must leave out {name}, which Kamal sets itself"
            raise PydanticCustomError("reserved", rule, {"name": name})
    return values


def options(values: Mapping[str, tuple[str, ...]], *, is_proxied: bool) -> Mapping[str, tuple[str, ...]]:
    """Check that options of `docker run` leave the program's own alone.

    Args:
        values: names to values.
        is_proxied: whether the proxy serves what they are for; if not, it can publish ports of its own.

    Returns:
        The same.
    """
    published = () if is_proxied else PUBLISHING
    return _options(values, {name: why for name, why in OWN_OPTIONS.items() if name not in published})


def text(value: object) -> object:
    """Take a number for the text that it looks like.

    Args:
        value: as written.

    Returns:
        Text for a number; anything else is left for the type's check.
    """
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def accessory_options(values: dict[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    """Check that options of `docker run` do not say what an accessory's own keys say.

    Args:
        values: names to values.

    Returns:
        The same.
    """
    return _options(values, ACCESSORY_OPTIONS)


def _options(values: Mapping[str, tuple[str, ...]], own: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    for name in values:
        if name in own:
            rule = "must leave out {name}: {why}"
            raise PydanticCustomError("own_option", rule, {"name": name, "why": own[name]})
    return values


def prefix(path: str) -> str:
    """Write a path's beginning without a slash at its end.

    Args:
        path: with or without.

    Returns:
        The same without, but for the root.
    """
    return path.rstrip("/") or "/"


def downward(path: str) -> str:
    """Check that a folder's name does not climb.

    Args:
        path: absolute, or relative to a folder of ours.

    Returns:
        The same.
    """
    if ".." in path.split("/") or path.strip("/.") == "":
        raise PydanticCustomError("downward", "must not hold .. and must name a folder")
    return path


def containers_fit(names: Mapping[str, str]) -> None:
    """Check that accessories' containers have names of their own that DNS takes.

    Args:
        names: of containers, by the accessories' names.
    """
    for name, container in names.items():
        others = [other for other, one in names.items() if one == container and other != name]
        if others:
            rule = "must give each accessory a name of its own ({name} and {other} are {container})"
            raise PydanticCustomError(
                "same_name", rule, {"name": name, "other": others[0], "container": container}
            )
        if len(container) > LABEL_LENGTH:
            rule = "must give containers names of no more than {most} characters (got {container})"
            raise PydanticCustomError("long_name", rule, {"most": LABEL_LENGTH, "container": container})


def fits_label(service: str, role: str) -> None:
    """Check that a container's name is no longer than a label of DNS.

    Args:
        service: the app's name.
        role: the role's.
    """
    most = LABEL_LENGTH - RELEASE_LENGTH - len(role)
    if len(service) > most:
        rule = "service must have no more than {most} characters beside the role {role}"
        raise PydanticCustomError("long_name", rule, {"most": most, "role": role})
