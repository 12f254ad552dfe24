"""Put the settings together and check them, before anything is touched."""

from __future__ import annotations

import json
import os
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, SecretStr, ValidationError

from settings.dotenv import read_dotenv
from settings.errors import Problem, SettingsError
from settings.model import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails


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
    values: dict[str, Any] = {key: _parsed(text) for key, text in config.items()}
    if "app" not in values:
        raise SettingsError([Problem(f"{source}: backstaff:app", "is missing", _remedy("app"))])
    app = (project / Path(str(values["app"])).expanduser()).resolve()
    variables, problems = read_dotenv(app / ".env")
    named = _resolve_named_secret(values, variables, environment, source, problems)
    values |= {
        "app": app,
        "image": values.get("image", values.get("service")),
        "env": {name: SecretStr(value) for name, value in variables.items() if name not in named},
    }
    settings = _validated(values, source, problems)
    problems += _check_files(settings, source) if settings else []
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
                    where = f"{source}: backstaff:registry.{key}"
                    problems.append(
                        Problem(
                            where,
                            f"names {name}, which has no value",
                            f"Set {name} in the environment or in .env.",
                        )
                    )
                    registry[key] = "missing"
    return named


def _validated(values: dict[str, Any], source: str, problems: list[Problem]) -> Settings | None:
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        problems += [_problem(detail, source) for detail in error.errors(include_url=False)]
        return None


def _problem(detail: ErrorDetails, source: str) -> Problem:
    path = ".".join(str(part) for part in detail["loc"])
    where = f"{source}: backstaff:{path}"
    if detail["type"] == "extra_forbidden":
        near = get_close_matches(str(detail["loc"][-1]), _known_keys(detail["loc"][:-1]), n=1)
        remedy = f"Did you mean {near[0]}?" if near else "Remove it, or see the README for the known keys."
        return Problem(where, "is not a known key", remedy)
    if detail["type"] == "missing":
        return Problem(where, "is missing", _remedy(path))
    message = detail["msg"][0].lower() + detail["msg"][1:]
    found = "" if _is_secret(path) or isinstance(detail["input"], dict) else f" (got {detail['input']!r})"
    return Problem(where, message + found, "Correct it.")


def _is_secret(path: str) -> bool:
    return path.startswith("env.") or path == "registry.password"


def _known_keys(path: tuple[int | str, ...]) -> list[str]:
    """Name the keys of the section at a path."""
    section: type[BaseModel] = Settings
    for part in path:
        annotation = section.model_fields[str(part)].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        section = annotation
    return list(section.model_fields)


def _remedy(path: str) -> str:
    return f"Set it: pulumi config set --path 'backstaff:{path}' VALUE."


def _check_files(settings: Settings, source: str) -> list[Problem]:
    """Check what the settings say about files on this machine."""
    problems = []
    if not settings.app.is_dir():
        problems.append(
            Problem(f"{source}: backstaff:app", f"no such folder: {settings.app}", "Name the app's folder.")
        )
    elif not settings.dockerfile.is_file():
        problems.append(
            Problem(
                f"{source}: backstaff:app",
                f"there is no {settings.builder.dockerfile} in {settings.context}",
                "Write one, or name it in backstaff:builder.dockerfile.",
            )
        )
    problems += [
        Problem(
            f"{source}: backstaff:ssh.keys",
            f"no such file: {key}",
            "Name the private key of the server's user.",
        )
        for key in settings.ssh.keys
        if not key.expanduser().is_file()
    ]
    return problems
