"""Read `config/deploy.yml`, and over it `config/deploy.<stack>.yml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from settings.commands import CommandFailed, Commands
from settings.dotenv import read_dotenv
from settings.erb import Environment, has_erb, render
from settings.errors import Problem
from settings.generations import is_first
from settings.text_files import read_text
from settings.tree import Node, Place, Source, find, merge
from settings.yaml_reader import Unreadable, read_yaml

BASE = "config/deploy.yml"


@dataclass
class KamalFiles:
    """What an app's folder holds of Kamal's files.

    Attributes:
        folder: the app's.
        destination: the stack's name where it is one of Kamal's destinations, else empty.
        tree: both files, merged as Kamal does.
        is_first: whether they were written for Kamal 1.
        is_unreadable: whether one of them could not be read at all, so that nothing is known of it.
        problems: what is wrong with them.
        warnings: what is odd about them.
    """

    folder: Path
    destination: str = ""
    tree: Node = field(default_factory=lambda: Node({}, Place(Source(BASE))))
    is_first: bool = False
    is_unreadable: bool = False
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def exist(self) -> bool:
        """Whether there are any."""
        return (self.folder / BASE).is_file() or bool(self.destination and self._is_there(self._over()))

    def secrets_files(self, path: str) -> list[str]:
        """Name Kamal 2's secrets files, the later ones winning, in the way of Kamal.

        Args:
            path: `.kamal/secrets`, or what `secrets_path` says.

        Returns:
            Names relative to the app's folder.
        """
        return [f"{path}-common", f"{path}.{self.destination}" if self.destination else path]

    def dotenv_files(self) -> list[str]:
        """Name Kamal 1's files of variables, the earlier ones winning."""
        return [f".env.{self.destination}", ".env"] if self.destination else [".env"]

    def read(self, commands: Commands) -> None:
        """Read the files.

        Args:
            commands: where and whether commands run.
        """
        for name in (BASE, self._over()):
            if self._is_there(name):
                self.tree = merge(self.tree, self._read(name, commands))
        has_secrets = any(self._is_there(name) for name in self.secrets_files(".kamal/secrets"))
        self.is_first = is_first(self.tree, has_secrets=has_secrets)

    def _over(self) -> str:
        return f"config/deploy.{self.destination}.yml" if self.destination else ""

    def _is_there(self, name: str) -> bool:
        return bool(name) and (self.folder / name).exists()

    def _read(self, name: str, commands: Commands) -> Node:
        source, path = Source(name), self.folder / name
        text = read_text(path, name)
        if isinstance(text, Problem):
            return self._unreadable(source, text)
        try:
            return self._tree(text, path, source, commands)
        except Unreadable as error:
            return self._unreadable(source, error.problem)

    def _unreadable(self, source: Source, problem: Problem) -> Node:
        self.is_unreadable = True
        self.problems.append(problem)
        return Node({}, Place(source))

    def _tree(self, text: str, path: Path, source: Source, commands: Commands) -> Node:
        origin = None
        if has_erb(text):
            done = render(text, source, self._erb_environment(commands.environment))
            text, origin = done.text, done.origin
            if done.needs_ruby and commands.are_allowed:
                try:
                    text, origin = commands.erb(path), _hidden
                except CommandFailed as error:
                    rule = f"is ERB that could not be run: {error}"
                    remedy = f"Try it by hand: erb -T - {source.name}"
                    return self._unreadable(source, Problem(source.name, rule, remedy))
            else:
                self.problems += done.problems
        reading = read_yaml(text, source, origin)
        self.warnings += [
            f"{node.where}: stands twice in its group; this one counts." for node in reading.doubles
        ]
        return reading.tree

    def _erb_environment(self, environment: Mapping[str, str]) -> Environment:
        """Give ENV what Kamal gives it: Kamal 1 has `.env` in it before it reads anything."""
        variables = {"KAMAL_DESTINATION": self.destination} | dict(environment)
        made = Environment(variables, lambda name: read_dotenv(self.folder / name)[0])
        if not self._is_there(".kamal/secrets"):
            for name in self.dotenv_files():
                made.add_file(name)
        return made


def kamal_files(folder: Path | None, stack: str) -> KamalFiles:
    """Look for the files.

    Args:
        folder: the app's, if there is one.
        stack: its name.

    Returns:
        What is there, not yet read.
    """
    if folder is None:
        return KamalFiles(Path("/nonexistent"))
    marks = (f"config/deploy.{stack}.yml", f".kamal/secrets.{stack}")
    return KamalFiles(folder, stack if any((folder / name).is_file() for name in marks) else "")


def destination_of(tree: Node) -> Node | None:
    """Find the key by which a file asks for a destination.

    Args:
        tree: the merged root.

    Returns:
        The key's node, if it is true.
    """
    node = find(tree, ("require_destination",))
    return node if node and node.value is True else None


def _hidden(line: int) -> tuple[int, bool]:
    # What Ruby put where is not known, so every value may be a secret.
    return line, True
