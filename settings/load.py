"""Put the settings together and check them, before anything is touched."""

from __future__ import annotations

import json
import os
import re
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError

from settings.dotenv import read_dotenv
from settings.errors import Problem, SettingsError
from settings.files import check_files, expanded
from settings.model import Builder, Settings, Ssh
from settings.wording import rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

# How variables for secrets are called, by custom.
SHOWABLE = re.compile(r"[A-Z_][A-Z0-9_]*")

# Errors by pydantic's name that no single value sets right.
SHAPES = {"dict_type", "model_type", "string_type", "tuple_type"}

Checked = TypeVar("Checked", bound=BaseModel)


def load(
    stack: str, config: Mapping[str, str], project: Path, environment: Mapping[str, str] = os.environ
) -> Settings:
    """Read the stack's configuration and the app's `.env`.

    Args:
        stack: the stack's name, for messages.
        config: the keys under `backstaff:`, without that prefix; structured ones as JSON text, as Pulumi
            hands them over.
        project: the folder that relative paths start from.
        environment: where a secret that is named, as in `password: [NAME]`, is looked up first; then `.env`.

    Returns:
        The settings, checked.

    Raises:
        SettingsError: names all problems at once.
    """
    source = f"Pulumi.{stack}.yaml"
    # Without a registry, the keys that it needs are named one by one.
    values: dict[str, Any] = {"registry": {}} | {key: _parsed(text) for key, text in config.items()}
    variables: dict[str, str] = {}
    problems: list[Problem] = []
    if "env" in values:
        problems.append(
            Problem(f"{source}: backstaff:env", "is not a known key", "Write variables in the app's .env.")
        )
    if isinstance(values.get("app"), str):
        values["app"] = (project / expanded(Path(values["app"]))).resolve()
        variables, found = read_dotenv(values["app"] / ".env")
        problems += found
    named = _resolve_named_secret(values, variables, environment, source, problems)
    values["env"] = {name: SecretStr(value) for name, value in variables.items() if name not in named}
    settings = _validated(values, source, problems)
    builder = None if settings and settings.is_prebuilt else _section(Builder, values, "builder")
    problems += check_files(source, values.get("app"), builder, _section(Ssh, values, "ssh"))
    if settings:
        problems += _check_host_keys(settings, source)
        if not settings.is_prebuilt and settings.app is None:
            remedy = f"Set it: {_command(('app',))}; or name a prebuilt image by a tag or digest."
            problems.append(Problem(f"{source}: backstaff:app", "is missing", remedy))
    if problems or settings is None:
        raise SettingsError(problems)
    return settings


def _parsed(text: str) -> Any:  # noqa: ANN401 - a value of the configuration can be of any shape
    """Give a configuration value its shape: Pulumi hands objects and lists over as JSON, all else as text."""
    if text[:1] in {"{", "["}:
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return text
    return text


def _resolve_named_secret(
    values: dict[str, Any],
    variables: Mapping[str, str],
    environment: Mapping[str, str],
    source: str,
    problems: list[Problem],
) -> set[str]:
    """Replace Kamal's `[NAME]` under `registry` by what NAME stands for; return the names that were used.

    A name that was used for the registry is kept from the app: it has no need of it.
    """
    registry = values.get("registry")
    if not isinstance(registry, dict):
        return set()
    named: set[str] = set()
    for key in ("username", "password"):
        match registry.get(key):
            case [str(name)]:
                named.add(name)
                registry[key] = environment.get(name) or variables.get(name)
                if not registry[key]:
                    problems.append(_without_value(f"{source}: backstaff:registry.{key}", name))
                    registry[key] = "missing"
    return named


def _without_value(where: str, name: str) -> Problem:
    # What does not look like a variable may be the secret itself, in brackets by mistake.
    shown = name if SHOWABLE.fullmatch(name) else "a variable"
    it = name if SHOWABLE.fullmatch(name) else "it"
    return Problem(where, f"names {shown}, which has no value", f"Set {it} in the environment or in .env.")


def _validated(values: dict[str, Any], source: str, problems: list[Problem]) -> Settings | None:
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        problems += [
            _problem(detail, source) for detail in error.errors(include_url=False) if not _follows(detail)
        ]
        return None


def _follows(detail: ErrorDetails) -> bool:
    """Tell whether a list is too short only because its entries are wrong, each of which is told."""
    return detail["type"] == "too_short" and bool(detail["input"])


def _check_host_keys(settings: Settings, source: str) -> list[Problem]:
    """Refuse a host key that pins no server: its server would be trusted at first sight."""
    return [
        Problem(
            f"{source}: backstaff:{_key_path(('ssh', 'host_keys', address))}",
            "is not one of the servers",
            f"Write the address as in backstaff:servers ({', '.join(settings.servers)}).",
        )
        for address in settings.ssh.host_keys
        if address not in settings.servers
    ]


def _section(model: type[Checked], values: Mapping[str, Any], key: str) -> Checked | None:
    """Take one section by itself, so that its files are checked whatever is wrong elsewhere."""
    try:
        return model.model_validate(values.get(key, {}))
    except ValidationError:
        return None


def _problem(detail: ErrorDetails, source: str) -> Problem:
    loc = detail["loc"]
    where = f"{source}: backstaff:{_key_path(loc)}"
    if detail["type"] == "extra_forbidden":
        near = get_close_matches(str(loc[-1]), _known_keys(loc[:-1]), n=1)
        remedy = f"Did you mean {near[0]}?" if near else "Remove it, or see the README for the known keys."
        return Problem(where, "is not a known key", remedy)
    if detail["type"] == "missing":
        return Problem(where, "is missing", f"Set it: {_command(loc)}.")
    if detail["type"] in SHAPES or isinstance(detail["input"], (list, dict)):
        return Problem(where, rule(detail), f"Correct it in {source}.")
    return Problem(where, rule(detail), f"Change it: {_command(loc)}.")


def _command(loc: tuple[int | str, ...]) -> str:
    """Write the command that sets the value at a path; in a list, its first entry."""
    field = _section_at(loc[:-1]).model_fields.get(str(loc[-1]))
    entry = "[0]" if field and get_origin(field.annotation) is tuple else ""
    option = "--secret " if field and field.annotation is SecretStr else ""
    return f"pulumi config set {option}--path 'backstaff:{_key_path(loc)}{entry}' VALUE"


def _key_path(loc: tuple[int | str, ...]) -> str:
    """Write a path as `pulumi config set --path` takes it."""
    path = ""
    for part in loc:
        if isinstance(part, int):
            path += f"[{part}]"
        elif "." in part:
            path += f'["{part}"]'
        else:
            path += f".{part}" if path else part
    return path


def _known_keys(path: tuple[int | str, ...]) -> list[str]:
    """Name the keys of the section at a path; `env` is filled from `.env` and never written."""
    section = _section_at(path)
    return [key for key in section.model_fields if (section, key) != (Settings, "env")]


def _section_at(path: tuple[int | str, ...]) -> type[BaseModel]:
    """Find the section at a path, or the last one on the way there."""
    section: type[BaseModel] = Settings
    for part in path:
        field = section.model_fields.get(str(part))
        for kind in (field.annotation, *get_args(field.annotation)) if field else ():
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                section = kind
    return section
