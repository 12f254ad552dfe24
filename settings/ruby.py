"""The little of Ruby that settings files hold most: look-ups in ENV, with defaults.

expression := operand { "||" operand }
operand    := ( string | number | nil | "(" expression ")" | look-up ) { ".to_s" | ".strip" | ".to_i" }
look-up    := ENV "[" expression "]" | ENV ".fetch" "(" expression [ "," expression ] ")" [ block ]
block      := "{" expression "}"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

TOKEN = re.compile(
    r"""\s*(?:
      (?P<double>"(?:[^"\\#]|\\.|\#(?!\{))*")
    | (?P<single>'(?:[^'\\]|\\.)*')
    | (?P<number>\d+)
    | (?P<method>\.(?:to_s|to_i|strip)\b(?:\(\))?)
    | (?P<name>ENV(?:\.fetch)?|nil)\b
    | (?P<sign>\|\||[\[\](){},])
    )""",
    re.VERBOSE,
)
ESCAPES = {"n": "\n", "t": "\t", "s": " "}
# Lines that only bring variables of `.env` into ENV.
REQUIRES = re.compile(r"""require\s*\(?\s*["']dotenv(?P<loads>/load)?["']\s*\)?""")
FILES = r"""["'][^"'#]+["'](?:\s*,\s*["'][^"'#]+["'])*"""
LOADS = re.compile(rf"Dotenv\.(?:load|overload)!?\s*(?:\(\s*\)|\(\s*(?P<a>{FILES})\s*\)|(?P<b>{FILES}))?")

Value = str | int | None
_Lazy = Callable[[], Value]


class NotUnderstood(Exception):
    """The code is more than look-ups in ENV: only Ruby can run it."""


class NotSet(Exception):
    """A variable that has no default is not in the environment; the text is its name."""


def dotenv_loads(code: str) -> list[str]:
    """Name the files that code loads into ENV, if it does nothing else.

    Args:
        code: what stands in `<% %>`.

    Returns:
        Their names, the earlier ones winning.

    Raises:
        NotUnderstood: it does more.
    """
    files: list[str] = []
    for line in (line.strip() for line in re.split(r"[;\n]", code)):
        requires, loads = REQUIRES.fullmatch(line), LOADS.fullmatch(line)
        if loads:
            files += re.findall(r"""["']([^"']+)["']""", loads["a"] or loads["b"] or "'.env'")
        elif requires:
            files += [".env"] if requires["loads"] else []
        elif line and not line.startswith("#"):
            raise NotUnderstood
    return files


def evaluate(code: str, environment: Mapping[str, str]) -> Value:
    """Work out an expression.

    Args:
        code: what stands in `<%= %>`.
        environment: what ENV holds.

    Returns:
        Its value.

    Raises:
        NotUnderstood: it is more than this module knows.
        NotSet: `ENV.fetch` finds nothing.
    """
    parser = _Parser(_tokens(code), environment)
    value = parser.expression()
    if parser.tokens:
        raise NotUnderstood
    return value()


def _tokens(code: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position, code = 0, code.strip()
    while position < len(code):
        match = TOKEN.match(code, position)
        if not match or match.lastgroup is None:
            raise NotUnderstood
        tokens.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return tokens


class _Parser:
    """Parses first and looks up later, so that a default that is not needed is not asked for."""

    MAX_DEPTH = 20

    def __init__(self, tokens: list[tuple[str, str]], environment: Mapping[str, str]) -> None:
        self.tokens = tokens
        self.environment = environment
        self.depth = 0

    def expression(self) -> _Lazy:
        self.depth += 1
        if self.depth > self.MAX_DEPTH:
            raise NotUnderstood
        values = [self._operand()]
        while self._take("||"):
            values.append(self._operand())
        self.depth -= 1
        return _first(values)

    def _operand(self) -> _Lazy:
        kind, text = self.tokens.pop(0) if self.tokens else ("", "")
        match kind, text:
            case (("double" | "single"), _):
                value = _constant(_unquoted(kind, text))
            case "number", _:
                value = _constant(int(text))
            case "name", "nil":
                value = _constant(None)
            case "name", _:
                value = self._look_up(text)
            case "sign", "(":
                value = self.expression()
                self._need(")")
            case _:
                raise NotUnderstood
        while self.tokens and self.tokens[0][0] == "method":
            value = _called(value, self.tokens.pop(0)[1].removesuffix("()"))
        return value

    def _look_up(self, name: str) -> _Lazy:
        opening, closing = ("(", ")") if name == "ENV.fetch" else ("[", "]")
        self._need(opening)
        key, default = self.expression(), None
        if closing == ")" and self._take(","):
            default = self.expression()
        self._need(closing)
        if closing == ")" and self._take("{"):
            default = self.expression()
            self._need("}")

        def look_up() -> Value:
            variable = key()
            if not isinstance(variable, str):
                raise NotUnderstood
            if variable in self.environment:
                return self.environment[variable]
            if default:
                return default()
            if closing == "]":
                return None
            raise NotSet(variable)

        return look_up

    def _take(self, sign: str) -> bool:
        if self.tokens and self.tokens[0] == ("sign", sign):
            del self.tokens[0]
            return True
        return False

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise NotUnderstood


def _constant(value: Value) -> _Lazy:
    return lambda: value


def _first(values: list[_Lazy]) -> _Lazy:
    """Take the first that is not nil, and look no further."""
    return lambda: next((found for value in values if (found := value()) is not None), None)


def _called(value: _Lazy, method: str) -> _Lazy:
    def called() -> Value:
        text = value()
        match method:
            case ".to_s":
                return "" if text is None else str(text)
            case ".to_i":
                digits = re.match(r"\s*[-+]?\d+", str(text or ""))
                return int(digits[0]) if digits else 0
            case _ if isinstance(text, str):
                return text.strip()
            case _:
                raise NotUnderstood

    return called


def _unquoted(kind: str, text: str) -> str:
    inner = text[1:-1]
    if kind == "single":
        return re.sub(r"\\(['\\])", r"\1", inner)
    return re.sub(r"\\(.)", lambda escape: ESCAPES.get(escape[1], escape[1]), inner, flags=re.DOTALL)
