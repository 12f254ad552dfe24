"""A corpus of settings files, each with what comes of it, word for word.

A case is one text file, in parts that begin with `=== <name>`: files of the app's folder by their paths,
`stack` (keys under `backstaff:`, as YAML), `environment` (as YAML), and what is expected: `errors`,
`warnings`, `settings` (what differs from the defaults, as YAML) and `env` (what reaches the app, as JSON).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, SecretStr

from settings.load import Loading, read
from settings.model import Settings

FOLDER = Path(__file__).parent / "corpus"
HIDDEN: dict[str, Any] = {"app": True, "servers": {"__all__": {"env"}}}
EXPECTED = ("errors", "warnings", "settings", "env")
MARK = re.compile(r"^=== (.+)\n", re.MULTILINE)
# The app's folder of a case, and what it is called in a message.
APP = "app"
# Each case deploys as this stack unless it has a `name` part.
STACK = "dev"


@dataclass(frozen=True)
class Case:
    """A case of the corpus.

    Attributes:
        name: of its file.
        parts: by their names.
    """

    name: str
    parts: dict[str, str]

    @classmethod
    def read(cls, path: Path) -> Case:
        """Read a case's file.

        Args:
            path: which.

        Returns:
            The case.
        """
        _, *found = MARK.split(path.read_text(encoding="utf-8"))
        return cls(path.stem, dict(zip(found[::2], found[1::2], strict=True)))

    def write_app(self, folder: Path) -> None:
        """Lay the app's folder out, with a Dockerfile if the case names none; `#!` makes a file a program.

        Args:
            folder: where the app's folder comes to lie.
        """
        for name, text in ({"Dockerfile": "FROM scratch\n"} | self.parts).items():
            if name not in (*EXPECTED, "stack", "environment", "name", "about"):
                path = folder / APP / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
                path.chmod(0o755 if text.startswith("#!") else 0o644)

    def load(self, folder: Path) -> Loading:
        """Load the case as the program does.

        Args:
            folder: where the app's folder is.

        Returns:
            What was read, and what is wrong.
        """
        config = {"app": APP} | self._yaml("stack")
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
        stack = self.parts.get("name", STACK).strip()
        return read(stack, texts, folder, self._yaml("environment"))

    def _yaml(self, part: str) -> dict[str, Any]:
        return yaml.safe_load(self.parts.get(part, "")) or {}


def outcome(loading: Loading, folder: Path) -> dict[str, str]:
    """Write what came of a case in the form in which a case expects it.

    Args:
        loading: what was read.
        folder: where it was read.

    Returns:
        The parts that are not empty.
    """
    parts = {
        "errors": "".join(f"{problem}\n" for problem in loading.problems),
        "warnings": "".join(f"{warning}\n" for warning in loading.warnings),
    }
    settings = loading.settings
    if settings and not loading.problems:
        differing = settings.model_dump(exclude_defaults=True, exclude=HIDDEN)
        parts["settings"] = yaml.safe_dump(plain(differing), sort_keys=False, allow_unicode=True, width=1000)
        env = env_of(settings)
        parts["env"] = json.dumps(env, indent=2, ensure_ascii=False) + "\n" if env else ""
    return {name: text.replace(str(folder), "/project") for name, text in parts.items() if text}


def env_of(settings: Settings) -> dict[str, Any]:
    """Tell what reaches the app.

    Args:
        settings: the model.

    Returns:
        The variables; by role and server where they are not all the same.
    """
    envs = {
        f"{name} on {host}": {key: value.get_secret_value() for key, value in env.items()}
        for name, role in settings.servers.items()
        for host, env in role.env.items()
    }
    first = next(iter(envs.values()))
    return first if all(env == first for env in envs.values()) else envs


def plain(value: Any) -> Any:  # noqa: ANN401 - of any shape
    """Make of a model's values what YAML can hold; secrets are told, they are the case's own.

    Args:
        value: of a model.

    Returns:
        Dictionaries, lists and scalars.
    """
    match value:
        case BaseModel():
            return plain(value.model_dump(exclude_defaults=True))
        case dict():
            return {key: plain(one) for key, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
        case SecretStr():
            return value.get_secret_value()
        case Path():
            return str(value)
        case _:
            return value
