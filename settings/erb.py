"""Render ERB without Ruby, as far as it only looks things up in ENV."""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from settings.commands import ALLOW
from settings.errors import Problem
from settings.ruby import NotSet, NotUnderstood, Value, dotenv_loads, evaluate
from settings.tree import Place, Source

# `<%-` takes the blanks before it away, `-%>` the line end after it, as Kamal's trim mode says.
TAG = re.compile(
    r"(?P<indent>^[ \t]*)?<%(?P<kind>[-=#%]?)(?P<code>.*?)(?P<trim>-?)%>(?P<end>\n)?",
    re.DOTALL | re.MULTILINE,
)


@dataclass
class Rendered:
    """A template with its look-ups done.

    Attributes:
        problems: variables that are not set, and code that only Ruby can run.
        needs_ruby: whether there is such code.
    """

    problems: list[Problem] = field(default_factory=list)
    needs_ruby: bool = False
    _parts: list[str] = field(default_factory=list)
    _sign: str = ""
    _starts: list[int] = field(default_factory=lambda: [1])
    _lines: list[tuple[int, bool]] = field(default_factory=lambda: [(1, False)])

    @property
    def text(self) -> str:
        """The YAML."""
        return "".join(self._parts)

    @property
    def is_in_comment(self) -> bool:
        """Whether the last line, as far as it goes, is a comment."""
        return self._sign == "#"

    def origin(self, line: int) -> tuple[int, bool]:
        """Find where a line of the text comes from.

        Args:
            line: from 1.

        Returns:
            Its line in the template, and whether a value was put into it.
        """
        at = bisect.bisect_right(self._starts, line) - 1
        first, is_hidden = self._lines[at]
        return first + line - self._starts[at], is_hidden

    def add(self, text: str, line: int, *, is_value: bool = False) -> None:
        """Add text that comes from a line of the template.

        Args:
            text: what.
            line: from 1.
            is_value: whether it was looked up.
        """
        for number, part in enumerate(text.split("\n")):
            if number:
                self._parts.append("\n")
                self._sign = ""
                self._begin(line if is_value else line + number, is_hidden=is_value)
            if is_value and part:
                self._lines[-1] = (self._lines[-1][0], True)
            self._parts.append(part)
            self._sign = self._sign or part.lstrip()[:1]

    def _begin(self, line: int, *, is_hidden: bool) -> None:
        self._starts.append(self._starts[-1] + 1)
        self._lines.append((line, is_hidden))


def has_erb(text: str) -> bool:
    """Tell whether a text is a template.

    Args:
        text: of a file.

    Returns:
        Whether it holds a tag.
    """
    return "<%" in text


class Environment(dict[str, str]):
    """What ENV holds: the process's variables, and below them those of the files that a template loads."""

    def __init__(self, variables: Mapping[str, str], load: Callable[[str], Mapping[str, str]]) -> None:
        """Begin with the process's variables.

        Args:
            variables: these.
            load: reads the variables of a file, by the name that the template gives.
        """
        super().__init__(variables)
        self._load = load

    def add_file(self, name: str) -> None:
        """Add the variables of a file that are not set yet.

        Args:
            name: of the file.
        """
        for key, value in self._load(name).items():
            self.setdefault(key, value)


def render(template: str, source: Source, environment: Environment) -> Rendered:
    """Render a template.

    Args:
        template: its text.
        source: its file, for messages.
        environment: what ENV holds.

    Returns:
        The text and what is wrong.
    """
    rendered, position, line = Rendered(), 0, 1
    # Behind the last end there is no tag to look for, from however many beginnings.
    for tag in TAG.finditer(template, 0, template.rfind("%>") + len("%>\n")):
        before = template[position : tag.start()]
        rendered.add(before, line)
        line += before.count("\n")
        column = tag.start() - template.rfind("\n", 0, tag.start())
        _replace(tag, rendered, Place(source, line, column + len(tag["indent"] or "")), environment)
        line += tag[0].count("\n")
        position = tag.end()
        if tag["end"]:
            # The line end belongs to the tag only where it is taken away.
            if not tag["trim"]:
                rendered.add("\n", line - 1)
            else:
                rendered.add("", line)
    rendered.add(template[position:], line)
    return rendered


def _replace(tag: re.Match[str], rendered: Rendered, place: Place, environment: Environment) -> None:
    kind, code, indent = tag["kind"], tag["code"], tag["indent"] or ""
    if kind != "-":
        rendered.add(indent, place.line)
    if kind == "#" or rendered.is_in_comment:
        return
    try:
        value = _run(kind, code, environment)
        rendered.add("" if value is None else str(value), place.line, is_value=True)
    except NotSet as error:
        name = str(error)
        rule = f"names {name}, which is not set"
        rendered.problems.append(
            Problem(str(place), rule, f"Set {name} in the environment, or give a default.")
        )
    except NotUnderstood:
        rendered.needs_ruby = True
        rule = "is ERB that only Ruby can run; what is read here are ENV look-ups"
        remedy = f"To have it run, install Ruby and {ALLOW}; or write the value itself."
        rendered.problems.append(Problem(str(place), rule, remedy))


def _run(kind: str, code: str, environment: Environment) -> Value:
    if kind == "=":
        return evaluate(code, environment)
    if kind == "%":
        raise NotUnderstood
    for name in dotenv_loads(code):
        environment.add_file(name)
    return None
