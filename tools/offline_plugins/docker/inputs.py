"""The inputs of an image, read and given their defaults."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from render.context import paths
from render.context.digest import DOCKERFILE_NAME
from tools.offline_plugins.plugin import InvalidInputs, PluginError, refuse_unknown
from tools.offline_plugins.values import UNKNOWN, Properties, has_unknown

CLASSIC, BUILDKIT = "1", "2"
BUILDERS = {"BuilderV1": CLASSIC, "BuilderBuildKit": BUILDKIT}
"""The names of the builders in a program, and what the engine's API calls them."""

IMAGE_INPUTS = frozenset({"imageName", "build", "buildOnPreview", "registry", "skipPush"})
BUILD_INPUTS = frozenset(
    {
        "addHosts",
        "args",
        "builderVersion",
        "cacheFrom",
        "context",
        "contextDigest",
        "dockerfile",
        "network",
        "platform",
        "target",
    }
)
REGISTRY_INPUTS = frozenset({"server", "username", "password"})
CACHE_INPUTS = frozenset({"images"})

_ARCHITECTURES = {
    "x86_64": "amd64",
    "aarch64": "arm64",
    "armv7l": "arm",
    "armv6l": "arm",
    "i686": "386",
}


class InputError(PluginError):
    """An input that makes no sense."""


@dataclass(frozen=True)
class Build:
    """How an image is built.

    Attributes:
        context: Folder of the build context, as the program wrote it.
        dockerfile: Path of the Dockerfile, as the program wrote it.
        args: Build arguments.
        target: The stage to build, empty for the last one.
        platform: Operating system and architecture, e.g. `linux/amd64`.
        network: The network for `RUN`, empty for the default one.
        add_hosts: Further lines for `/etc/hosts` while building, as `name:address`.
        cached_images: Images whose layers may be used again.
        builder: The builder, as the engine's API calls it.
    """

    context: str = ""
    dockerfile: str = ""
    args: dict[str, str] = field(default_factory=dict)
    target: str = ""
    platform: str = ""
    network: str = ""
    add_hosts: list[str] = field(default_factory=list)
    cached_images: list[str] = field(default_factory=list)
    builder: str = BUILDKIT


@dataclass(frozen=True)
class Registry:
    """Where an image is pushed, and who pushes it."""

    server: str = ""
    username: str = ""
    password: str = field(default="", repr=False)


def refuse_unknown_inputs(inputs: Properties) -> None:
    """Refuse the inputs of an image that nobody knows.

    Args:
        inputs: What the program wrote, without marks of secrets.

    Raises:
        InvalidInputs: Naming each of them.
    """
    build = inputs.get("build")
    cache = build.get("cacheFrom") if isinstance(build, dict) else None
    reasons: dict[str, str] = {}
    for path, value, known, of in (
        ("", inputs, IMAGE_INPUTS, "docker.Image"),
        ("build.", build, BUILD_INPUTS, "build of docker.Image"),
        ("build.cacheFrom.", cache, CACHE_INPUTS, "cacheFrom of docker.Image"),
        ("registry.", inputs.get("registry"), REGISTRY_INPUTS, "registry of docker.Image"),
    ):
        try:
            refuse_unknown(value if isinstance(value, dict) else {}, sorted(known), of)
        except InvalidInputs as error:
            reasons |= {path + key: reason for key, reason in error.reasons.items()}
    if reasons:
        raise InvalidInputs(reasons)


def read_build(given: object) -> Build:
    """Read `build`; what is not known yet is left empty.

    Args:
        given: The input.

    Raises:
        InputError: When a part of it makes no sense.
    """
    if given is None:
        return Build(context=".", dockerfile=DOCKERFILE_NAME)
    if not isinstance(given, Mapping):
        return Build()
    context = _known_text(given, "context", default=".")
    return Build(
        context=context,
        dockerfile=_known_text(given, "dockerfile", default=paths.join(context, DOCKERFILE_NAME)),
        args={key: _text(f"build.args.{key}", value) for key, value in _known_object(given, "args").items()},
        target=_known_text(given, "target"),
        platform=_known_text(given, "platform"),
        network=_known_text(given, "network"),
        add_hosts=[
            host for host in _known_list(given.get("addHosts"), "build.addHosts") if isinstance(host, str)
        ],
        cached_images=read_cached_images(given),
        builder=_builder(given.get("builderVersion")),
    )


def read_cached_images(build: object) -> list[str]:
    """Read the images of `build.cacheFrom` that are known.

    Args:
        build: The input `build`.

    Raises:
        InputError: When `cacheFrom` has no list of images.
    """
    cache = build.get("cacheFrom") if isinstance(build, Mapping) else None
    if not isinstance(cache, Mapping):
        return []
    if "images" not in cache:
        raise InputError("cacheFrom requires an `images` field")
    images = cache["images"]
    if images is not None and images is not UNKNOWN and not isinstance(images, list):
        raise InputError("the `images` field must be a list of strings")
    return [_text("build.cacheFrom.images", image) for image in _known_list(images, "build.cacheFrom.images")]


def read_registry(given: object) -> Registry:
    """Read `registry`; what is not known yet is left empty."""
    if not isinstance(given, Mapping):
        return Registry()
    return Registry(
        *(_known_text(given, key, where="registry") for key in ("server", "username", "password"))
    )


def host_platform() -> str:
    """Name the platform that images are built for by default: Linux on this processor."""
    machine = platform.machine()
    return f"linux/{_ARCHITECTURES.get(machine, machine)}"


def check_dockerfile(build: Build) -> None:
    """Make sure that the Dockerfile is there.

    Args:
        build: How the image is built.

    Raises:
        InputError: When it is not, with the path to write where there is one to guess.
    """
    given = build.dockerfile
    try:
        Path(given).stat()
    except OSError as error:
        reason = f"stat {given}: {(error.strerror or '').lower()}"
        if given.startswith("/"):
            raise InputError(
                f'expected a relative Dockerfile path; got "{given}" instead: {reason}'
            ) from error
        beside = paths.join(build.context, given)
        if Path(beside).exists():
            raise InputError(
                f'could not open dockerfile at relative path "{given}". '
                f'Try setting `dockerfile` to "{beside}"'
            ) from error
        raise InputError(f'could not open dockerfile at relative path "{given}": {reason}') from error


def _builder(given: object) -> str:
    if given is None or given is UNKNOWN:
        return BUILDKIT
    if not isinstance(given, str) or given not in BUILDERS:
        raise InputError("invalid Docker Builder version")
    return BUILDERS[given]


def _known_text(given: Mapping[str, Any], key: str, default: str = "", where: str = "build") -> str:
    value = given.get(key)
    if value is UNKNOWN:
        return ""
    return default if value is None else _text(f"{where}.{key}", value)


def _text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise InputError(f"{key}: must be a string (got {type(value).__name__}). Write it in quotes.")
    return value


def _known_object(given: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = given.get(key)
    if not isinstance(value, Mapping):
        return {}
    return {name: part for name, part in value.items() if part is not None and not has_unknown(part)}


def _known_list(value: object, key: str) -> list[Any]:
    if value is None or value is UNKNOWN:
        return []
    if not isinstance(value, list):
        raise InputError(f"{key}: must be a list (got {type(value).__name__}).")
    return [part for part in value if part is not None and not has_unknown(part)]
