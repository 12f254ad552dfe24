"""Look up secrets by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pydantic import SecretStr

from settings.commands import Commands
from settings.dotenv import read_dotenv
from settings.errors import Problem
from settings.kamal_files import KamalFiles
from settings.secret_files import SecretFiles
from settings.tree import Node

# How variables for secrets are called, by custom.
SHOWABLE = re.compile(r"[A-Z_][A-Z0-9_]*")


class Secrets:
    """The values behind names: of the stack, of Kamal's secrets files, of the environment, of `.env`.

    Attributes:
        dotenv: all of `.env`.
        used: names that were looked up for something other than the app.
        problems: what is wrong with the files.
        missing: names without a value.
    """

    def __init__(
        self, files: KamalFiles, commands: Commands, path: str, own: Mapping[str, SecretStr]
    ) -> None:
        """Read what is there.

        Args:
            files: the app's.
            commands: where and whether commands run.
            path: of Kamal 2's secrets files, relative to the app's folder.
            own: of the stack.
        """
        self.own = own
        self.environment = commands.environment
        self.problems: list[Problem] = []
        self.missing: list[Problem] = []
        self.used: set[str] = set()
        self.files = SecretFiles(commands)
        self.names = [name for name in files.secrets_files(path) if (files.folder / name).exists()]
        for name in self.names:
            self.files.read(files.folder / name, name)
        self.problems += self.files.problems
        self.dotenv: dict[str, SecretStr] = {}
        for name in reversed(files.dotenv_files()):
            variables, problems = read_dotenv(files.folder / name)
            self.dotenv |= {key: SecretStr(value) for key, value in variables.items()}
            self.problems += problems

    def look_up(self, name: str, node: Node, *, is_name: bool = False) -> SecretStr | None:
        """Find the value behind a name, or note that there is none.

        Args:
            name: of the secret.
            node: what names it.
            is_name: whether it is surely a name, and not the secret itself in its place.

        Returns:
            The value.
        """
        self.used.add(name)
        for values in (self.own, self.files.values):
            if name in values and (values[name].get_secret_value() or name not in self.files.unset):
                return values[name]
        if value := self.environment.get(name):
            return SecretStr(value)
        if name in self.dotenv:
            return self.dotenv[name]
        self.missing.append(self._missing(name, node, is_shown=is_name or bool(SHOWABLE.fullmatch(name))))
        return None

    def origin(self, name: str) -> str:
        """Tell where the value behind a name is from.

        Args:
            name: of the secret.

        Returns:
            Such as `.kamal/secrets`.
        """
        if name in self.own:
            return "backstaff:secrets"
        if name in self.files.values and name not in self.files.unset:
            return self.files.origins[name]
        return "the environment" if self.environment.get(name) else ".env"

    def _missing(self, name: str, node: Node, *, is_shown: bool) -> Problem:
        # What does not look like a variable may be the secret itself, in brackets by mistake.
        shown, it = (name, name) if is_shown else ("a variable", "it")
        unset = self.files.unset.get(name)
        if unset:
            rule = f"names {shown}, which is made of {_list(unset)}, not set in the environment"
            return node.problem(rule, f"Set {_list(unset)} in the environment.")
        places = ["the environment", *(self.names or [".env"])]
        return node.problem(f"names {shown}, which has no value", f"Set {it} in {' or in '.join(places)}.")


def _list(names: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(names))
