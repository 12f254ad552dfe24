"""What an unquoted scalar of YAML means to Ruby, and what Ruby makes of it as text.

Kamal reads its files with Ruby's parser Psych, which follows YAML 1.1 in its own way; the app's environment
gets the text that Ruby's `to_s` makes of the value. Source: ruby/psych, `lib/psych/scalar_scanner.rb`.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime

Scalar = None | bool | int | float | str | date

# Text at first sight: a letter or sign first, after at most one character that begins no number.
WORD = re.compile(r"[^\d.:-]?[^\W\d]|[^\d.:-]?[_\s!@#$%^&*(){}<>|/\\~;=]")
TIME = re.compile(
    r"-?\d{4}-\d{1,2}-\d{1,2}(?:[Tt]|\s+)\d{1,2}:\d\d:\d\d(?:\.\d*)?(?:\s*(?:Z|[-+]\d{1,2}:?(?:\d\d)?))?",
    re.ASCII,
)
DATE = re.compile(r"\d{4}-(?:1[012]|0\d|\d)-(?:[12]\d|3[01]|0\d|\d)", re.ASCII)
BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9]){1,2}")
BASE_60_FLOAT = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9]){1,2}\.[0-9_]*")
FLOAT = re.compile(r"[-+]?([0-9][0-9_,]*)?\.[0-9]*([eE][-+][0-9]+)?")
INTEGERS = {
    2: re.compile(r"[-+]?0b[01_,]+"),
    8: re.compile(r"[-+]?0[0-7_,]+"),
    10: re.compile(r"[-+]?(?:0|[1-9](?:[0-9]|,[0-9]|_[0-9])*)"),
    16: re.compile(r"[-+]?0x[0-9a-fA-F_,]+"),
}
WORDS: dict[str, bool | None] = {
    "~": None,
    "null": None,
    "yes": True,
    "true": True,
    "on": True,
    "no": False,
    "false": False,
    "off": False,
}
INFINITIES = {".inf": math.inf, "+.inf": math.inf, "-.inf": -math.inf, ".nan": math.nan}
# Hours, minutes, seconds; and where there are no hours, Psych takes minutes for them.
WEIGHTS = (3600, 60, 1)
# No number in a settings file is longer; beyond some thousand digits Python refuses to convert.
LONGEST_NUMBER = 300


class Moment(str):
    """A point in time, as written: its text would depend on the time zone of the machine that reads it."""

    __slots__ = ()


def resolve(text: str) -> Scalar:
    """Give an unquoted scalar the value that Psych gives it; a symbol becomes its name.

    Args:
        text: as it stands in the file.

    Returns:
        The value; a time of day as `Moment`.
    """
    if text == "" or text.lower() in WORDS:
        return WORDS.get(text.lower())
    if WORD.match(text) or "\n" in text or len(text) > LONGEST_NUMBER:
        return text
    if text[0] == ":" and len(text) > 1:
        return _symbol(text)
    return _time(text) or _number(text)


def ruby_text(value: Scalar) -> str:
    """Write a value as Ruby's `to_s` does.

    Args:
        value: what `resolve` gave.

    Returns:
        Its text; the empty one for nothing.
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return _float_text(value)
        case date() if not isinstance(value, datetime):
            return value.isoformat()
        case _:
            return str(value)


def _symbol(text: str) -> str:
    quoted = re.match(r""":(["'])(.*)\1""", text)
    return quoted[2].removeprefix(":") if quoted else text[1:]


def _time(text: str) -> Moment | date | str | None:
    if TIME.fullmatch(text):
        return Moment(text)
    return _date(text) if DATE.fullmatch(text) else None


def _date(text: str) -> date | str:
    try:
        return date(*map(int, text.split("-")))
    except ValueError:
        return text


def _number(text: str) -> int | float | str:
    if text.lower() in INFINITIES:
        return INFINITIES[text.lower()]
    if BASE_60.fullmatch(text):
        return sum(int(part) * WEIGHTS[place] for place, part in _parts(text))
    if BASE_60_FLOAT.fullmatch(text):
        return sum(float(part) * WEIGHTS[place] for place, part in _parts(text))
    if FLOAT.fullmatch(text):
        return text if text.strip("+-") == "." else _parsed(text.replace(",", "").replace("_", ""))
    base = next((base for base, pattern in INTEGERS.items() if pattern.fullmatch(text)), None)
    return text if base is None else _integer(text, base)


def _integer(text: str, base: int) -> int | str:
    try:
        return int(re.sub(r"[,_]", "", text), base)
    except ValueError:  # a prefix without digits
        return text


def _parts(text: str) -> list[tuple[int, str]]:
    return [(place, part.replace("_", "").rstrip(".") or "0") for place, part in enumerate(text.split(":"))]


def _parsed(digits: str) -> float | str:
    try:
        return float(digits)
    except ValueError:
        return digits


def _float_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    mantissa, has_exponent, exponent = repr(value).partition("e")
    if not has_exponent:
        return mantissa
    return f"{mantissa if '.' in mantissa else f'{mantissa}.0'}e{exponent}"
