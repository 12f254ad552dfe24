"""Read Kamal 2's secrets files as Ruby's dotenv does, without running anything that was not allowed.

Source: bkeepers/dotenv, `lib/dotenv/parser.rb`; basecamp/kamal, `lib/kamal/secrets`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from settings.commands import ALLOW, CommandFailed, Commands
from settings.errors import Problem
from settings.text_files import read_text

LINE = re.compile(
    r"""[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z0-9_.]+)(?:[ \t]*=|:[ \t]+)
    (?P<value>[ \t]*'(?:\\'|[^'])*'|[ \t]*"(?:\\"|[^"])*"|[^\#\n]+)?
    [ \t]*(?:\#[^\n]*)?(?:\n|\Z)""",
    re.VERBOSE,
)
BLANK = re.compile(r"[ \t]*(?:\#[^\n]*)?(?:\n|\Z)")
# `$(command)`, with parentheses in it three deep.
CALL = re.compile(r"(\\)?\$\(((?:\\.|[^()\\]|\((?:\\.|[^()\\]|\([^()]*\))*\))+)\)")
VARIABLE = re.compile(r"(\\)?\$(?!\()\{?([A-Za-z0-9_]+)?\}?")


class SecretFiles:
    """Reads one file after the other, of which the later ones win.

    Attributes:
        values: what the files give.
        origins: the file that each is from.
        problems: what is wrong with them.
        unset: for a secret, the variables that it is made of and that are not set.
    """

    def __init__(self, commands: Commands) -> None:
        """Begin with nothing.

        Args:
            commands: where and whether commands run.
        """
        self.commands = commands
        self.values: dict[str, SecretStr] = {}
        self.origins: dict[str, str] = {}
        self.problems: list[Problem] = []
        self.unset: dict[str, list[str]] = {}

    def read(self, path: Path, name: str) -> None:
        """Read a file; one that is not there holds nothing.

        Args:
            path: the file.
            name: as shown.
        """
        try:
            text = read_text(path, name)
        except FileNotFoundError:
            return
        if isinstance(text, Problem):
            self.problems.append(text)
            return
        found: dict[str, str] = {}
        position, line = 0, 1
        while position < len(text):
            blank = BLANK.match(text, position)
            match = blank or LINE.match(text, position)
            if match and not blank:
                self._take(match, f"{name}:{line}", found)
            elif not match:
                remedy = "Write NAME=value, or quote a value with special characters."
                self.problems.append(Problem(f"{name}:{line}", "is not a variable", remedy))
            end = match.end() if match else text.find("\n", position) + 1 or len(text)
            line += text.count("\n", position, end)
            position = end
        self.values |= {key: SecretStr(value) for key, value in found.items()}
        self.origins |= dict.fromkeys(found, name)

    def _take(self, match: re.Match[str], where: str, found: dict[str, str]) -> None:
        value, quote = (match["value"] or "").strip(), ""
        if len(value) > 1 and value[0] == value[-1] and value[0] in {"'", '"'}:
            value, quote = value[1:-1], value[0]
        self.unset.pop(match["name"], None)
        if quote != "'":
            # Ruby's dotenv leaves the two letters of an escaped line end as they are.
            kept = "$nr" if quote else "$"
            value = re.sub(rf"\\([^{kept}])", r"\1", value)
            value = self._substituted(value, match["name"], where, found)
        found[match["name"]] = value

    def _substituted(self, value: str, secret: str, where: str, found: Mapping[str, str]) -> str:
        def variable(match: re.Match[str]) -> str:
            escaped, name = match.groups()
            if escaped or not name:
                return match[0].removeprefix("\\")
            if name in found:
                return found[name]
            if not self.commands.environment.get(name):
                self.unset.setdefault(secret, []).append(name)
            return self.commands.environment.get(name, "")

        def call(match: re.Match[str]) -> str:
            escaped, command = match.groups()
            return match[0][1:] if escaped else self._output(command, where)

        return CALL.sub(call, VARIABLE.sub(variable, value))

    def _output(self, command: str, where: str) -> str:
        path = _only_prints(command)
        if path is not None:
            return self._content(path, where)
        if not self.commands.are_allowed:
            rule = "is to be the output of a command, and the stack does not allow commands"
            self.problems.append(Problem(where, rule, f"To have it run, {ALLOW}."))
            return ""
        try:
            return self.commands.shell(command)
        except CommandFailed as error:
            self.problems.append(Problem(where, f"the command failed: {error}", "Run it by hand to see why."))
            return ""

    def _content(self, path: str, where: str) -> str:
        folder = self.commands.folder.resolve()
        file = (folder / path).resolve()
        if not file.is_relative_to(folder):
            rule = f"names {path}, a file outside the app's folder"
            self.problems.append(Problem(where, rule, f"Move it there; or {ALLOW}."))
            return ""
        try:
            return file.read_bytes().decode().removesuffix("\n")
        except (OSError, UnicodeDecodeError):
            rule = f"names the file {path}, which cannot be read"
            self.problems.append(Problem(where, rule, "Write that file, or take the line away."))
            return ""


def _only_prints(command: str) -> str | None:
    """Name the file of a plain `cat FILE`, as the template of Rails has it: reading it runs nothing."""
    if re.search(r"[^\w\s./+@:,=-]", command):
        return None
    words = shlex.split(command)
    return words[1] if len(words) == 2 and words[0] == "cat" and words[1][0] not in "-/" else None  # noqa: PLR2004
