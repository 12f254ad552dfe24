"""Files that would exhaust or confuse a reader: an answer each, in plain words and soon."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import yaml
from hypothesis import strategies

from settings.errors import told
from settings.load import Loading, read
from settings.model import Settings

BASE = "service: hello\nservers: [203.0.113.10]\nbuilder: {arch: amd64}\n"
SECRET = BASE + "env: {secret: [A]}\n"
DEPLOY, KAMAL_SECRETS, DOTENV = "config/deploy.yml", ".kamal/secrets", ".env"
# Just below what is read of a file at all, and far above it.
LARGE, HUGE = 250_000, 10_000_000
# Of this process alone; several times what they take, since a busy machine makes each second do less.
SECONDS = 6.0


def fill(text: str, size: int = LARGE) -> str:
    """Repeat a text up to a size."""
    return text * (size // len(text))


def bomb(first: str, more: str) -> str:
    """Write keys of which each refers nine times to the one before."""
    letters = "abcdefghijkl"
    lines = [f"{letters[0]}: &{letters[0]} {first}"]
    for before, letter in itertools.pairwise(letters):
        lines.append(f"{letter}: &{letter} {more.replace('*', ','.join([f'*{before}'] * 9))}")
    return "\n".join(lines)


TOO_LARGE = "is larger than 256 KiB"
HOSTILE: dict[str, tuple[str, str | bytes, str]] = {
    "bomb of lists": (DEPLOY, BASE + bomb("[x]", "[*]"), "holds more than 20000 values"),
    "bomb of merge keys": (DEPLOY, BASE + bomb("{x: 1}", "{<<: [*]}"), "holds more than 20000 values"),
    "deep list": (DEPLOY, BASE + "env: " + fill("["), "is nested deeper than 40 levels"),
    "deep groups": (DEPLOY, BASE + "env: " + fill("{a: "), "is nested deeper than 40 levels"),
    "10 MB of keys": (DEPLOY, BASE + fill("x: 1\n", HUGE), TOO_LARGE),
    "10 MB on one line": (DEPLOY, BASE + f"env: {{A: {fill('x', HUGE)}}}", TOO_LARGE),
    "10 MB of ERB": (DEPLOY, BASE + fill('<%= ENV["A"] %>', HUGE), TOO_LARGE),
    "many keys": (DEPLOY, BASE + "env:\n" + "".join(f"  A{n}: x\n" for n in range(9000)), ""),
    "the same key": (DEPLOY, BASE + fill("image: a/b\n"), "holds more than 20000 values"),
    "ERB without end": (DEPLOY, BASE + "x-a: 1 " + fill("# <%"), ""),
    "ERB of nothing": (DEPLOY, BASE + "x-a: 1 # " + fill("<%= 1 %>"), ""),
    "ERB in parentheses": (DEPLOY, BASE + f"image: <%= {fill('(')} %>", "is ERB that only Ruby can run"),
    "ERB of choices": (DEPLOY, BASE + f"image: <%= {fill('nil || ')} 'a' %>", ""),
    "ERB in an open quote": (DEPLOY, BASE + "image: <%= '" + fill("\\'") + " %>", "only Ruby can run"),
    "blanks before a tag": (DEPLOY, BASE + "x-a: |\n" + fill(" ") + "<%= 1 %>", ""),
    "UTF-16": (DEPLOY, BASE.encode("utf-16"), "deploy.yml:1: must be UTF-8"),
    "Latin-1": (DEPLOY, (BASE + "labels: {a: é}").encode("latin-1"), "deploy.yml:4: must be UTF-8"),
    "any bytes": (DEPLOY, bytes(range(256)) * 900, "must be UTF-8"),
    "a byte order mark": (DEPLOY, b"\xef\xbb\xbf" + BASE.encode(), ""),
    "NUL": (DEPLOY, BASE + 'labels: {a: "\0"}', "a character that YAML does not allow (number 0)"),
    "half a character": (DEPLOY, BASE + 'labels: {a: "\\ud800"}', "invalid Unicode character escape code"),
    "an object of Python": (DEPLOY, '!!python/object/apply:os.system ["id"]', "has the tag"),
    "an object of Ruby": (DEPLOY, BASE + "labels: !ruby/object:Gem {a: 1}", "has the tag !ruby"),
    "a number of 5,000 digits": (DEPLOY, BASE + f"drain_timeout: {'9' * 5000}", "drain_timeout: "),
    "a number of base 60": (DEPLOY, BASE + "drain_timeout: 1" + ":59" * 3000, "drain_timeout: "),
    "no number": (DEPLOY, BASE + "drain_timeout: .nan", "drain_timeout: "),
    "a list for a key": (DEPLOY, BASE + "? [a, b]\n: c", "a key must be a word"),
    "nothing for a key": (DEPLOY, BASE + "~: x", '[""]: is not a known key'),
    "an alias of itself": (DEPLOY, "a: &a [*a]", "*a refers to itself"),
    "an alias of nothing": (DEPLOY, "a: *b", "there is no anchor &b above"),
    "two documents": (DEPLOY, BASE + "---\n" + BASE, "begins a second document"),
    "a list": (DEPLOY, "- a", "must be a group of keys"),
    "a word": (DEPLOY, "hello", "must be a group of keys"),
    "nothing": (DEPLOY, "", "service: is missing"),
    "a long key": (DEPLOY, BASE + fill("x") + ": 1", "is not YAML here"),
    "10 MB of secrets": (KAMAL_SECRETS, fill("A=b\n", HUGE), TOO_LARGE),
    "many secrets": (KAMAL_SECRETS, fill("A=b\n"), ""),
    "a long secret": (KAMAL_SECRETS, "A=" + fill("x"), "is longer than 131072 bytes"),
    "no secrets": (KAMAL_SECRETS, fill("&&&\n"), "is not a variable"),
    "an open quote of escapes": (KAMAL_SECRETS, 'A="' + fill('\\"'), ""),
    "open commands": (KAMAL_SECRETS, "A=" + fill("$("), "is longer than"),
    "commands in commands": (KAMAL_SECRETS, "A=$(" + fill("(a"), "is longer than"),
    "escaped commands": (KAMAL_SECRETS, "A=$(" + fill("\\(("), "is longer than"),
    "blanks": (KAMAL_SECRETS, "A" + fill(" ") + "x\n", "is not a variable"),
    "variables of itself": (KAMAL_SECRETS, "A=" + fill("$A"), "made of A"),
    "10 MB of variables": (DOTENV, fill("A=b\n", HUGE), TOO_LARGE),
    "many variables": (DOTENV, fill("A=b\n"), ""),
    "a long variable": (DOTENV, "A=" + fill("x"), "is longer than 131072 bytes"),
    "an open quote": (DOTENV, 'A="' + fill('\\"'), "is not a variable"),
    "no variables": (DOTENV, fill("&&&\n"), "and 62450 more"),
}


def load(folder: Path, files: dict[str, str | bytes], stack: dict[str, str] | None = None) -> Loading:
    """Read an app's files as the program does."""
    for name, content in files.items():
        path = folder / "app" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    (folder / "app" / "Dockerfile").touch()
    return read("dev", {"app": "app"} | (stack or {}), folder, {})


@pytest.mark.parametrize(("name", "content", "answer"), HOSTILE.values(), ids=HOSTILE)
def test_there_is_a_plain_answer_soon(tmp_path: Path, name: str, content: str | bytes, answer: str) -> None:
    """Accept it, or say in a short line what is wrong, within `SECONDS`."""
    base: dict[str, str | bytes] = {DEPLOY: SECRET if name == KAMAL_SECRETS else BASE}
    begun = time.process_time()
    loading = load(tmp_path, base | {name: content})
    took = time.process_time() - begun

    problems = told(loading.problems)
    assert took < SECONDS
    if answer:
        assert [line for line in problems if answer in line]
        assert all(len(line) < 400 for line in problems)
    else:
        assert problems == []


# What can stand where anything can stand.
SCALARS = strategies.one_of(
    strategies.none(),
    strategies.booleans(),
    strategies.integers(),
    strategies.floats(),
    strategies.text(max_size=12),
    strategies.dates(),
)
ANYTHING = strategies.recursive(
    SCALARS,
    lambda inner: (
        strategies.lists(inner, max_size=3)
        | strategies.dictionaries(
            strategies.text(max_size=6) | strategies.sampled_from(["clear", "hosts"]), inner
        )
    ),
    max_leaves=8,
)
KEYS = [
    *Settings.model_fields,
    *("accessories", "boot", "sshkit", "aliases", "healthcheck", "stop_wait_time", "asset_path", "output"),
]


@hypothesis.settings(max_examples=150, deadline=None, database=None)
@hypothesis.example(file={}, stack={"servers": {"\n": None}})
@hypothesis.given(
    file=strategies.dictionaries(strategies.sampled_from(KEYS), ANYTHING, max_size=5),
    stack=strategies.dictionaries(strategies.sampled_from(KEYS), ANYTHING, max_size=3),
)
def test_wrong_types_are_told(
    tmp_path_factory: pytest.TempPathFactory, file: dict[str, Any], stack: dict[str, Any]
) -> None:
    """Whatever stands at whatever key: problems of one line each, and nothing that escapes."""
    texts = {
        key: value if isinstance(value, str) else json.dumps(value, default=str)
        for key, value in stack.items()
        if key != "app"
    }
    loading = load(tmp_path_factory.mktemp("app"), {DEPLOY: yaml.safe_dump(file, allow_unicode=True)}, texts)
    assert all("\n" not in str(problem) for problem in loading.problems)
    assert bool(loading.problems) != (loading.settings is not None and not loading.problems)


@hypothesis.settings(max_examples=150, deadline=None, database=None)
@hypothesis.given(
    text=strategies.text(
        strategies.sampled_from("ab:{}[]&*!|>'\"%<=-#? \n\t,$()ENV\\") | strategies.characters(codec="utf-8"),
        max_size=60,
    ),
    name=strategies.sampled_from([DEPLOY, KAMAL_SECRETS, DOTENV]),
)
def test_any_text_is_answered(tmp_path_factory: pytest.TempPathFactory, text: str, name: str) -> None:
    """Whatever a file holds: it is read or refused."""
    loading = load(tmp_path_factory.mktemp("app"), {DEPLOY: SECRET, name: text})
    assert all("Traceback" not in str(problem) for problem in loading.problems)
