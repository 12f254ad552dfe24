"""What must hold for any settings: read, written down, read again; merged; variables kept to the byte."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import yaml
from hypothesis import strategies
from pydantic import BaseModel, SecretStr

from settings.load import read
from settings.model import Settings
from settings.tree import Node, Place, Source, merge, plain
from tests.unit.cases import env_of

TRIES = hypothesis.settings(max_examples=60, deadline=None, database=None)
WORDS = strategies.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
# All that YAML can carry and a process can receive.
TEXTS = strategies.text(
    strategies.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\0\ufeff"),
    max_size=30,
)
SECONDS = strategies.integers(1, 3600)
MAPS = strategies.dictionaries(WORDS.filter(lambda word: word not in {"service", "role"}), TEXTS, max_size=3)
VARIABLES = strategies.dictionaries(strategies.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True), TEXTS)
PORTS = strategies.integers(1, 65535)
HEALTH = strategies.fixed_dictionaries(
    {},
    optional={
        "path": strategies.from_regex(r"/[a-z0-9/?=&-]{0,20}", fullmatch=True),
        "port": PORTS,
        "interval": strategies.integers(1, 60) | strategies.sampled_from(["500ms", "1.5s", "1m"]),
        "status": strategies.lists(strategies.sampled_from([200, "204", "300-399"]), min_size=1, max_size=3),
        "body": TEXTS.filter(bool),
        "successes": strategies.integers(1, 100),
    },
)
FILES = strategies.fixed_dictionaries(
    {"service": WORDS, "builder": strategies.just({"arch": "arm64"})},
    optional={
        "image": WORDS.map(lambda word: f"ada/{word}"),
        "env": strategies.fixed_dictionaries({"clear": VARIABLES}),
        "labels": MAPS,
        "logging": strategies.fixed_dictionaries({}, optional={"driver": WORDS, "options": MAPS}),
        "volumes": strategies.lists(WORDS.map(lambda word: f"{word}:/{word}"), max_size=2),
        "proxy": strategies.fixed_dictionaries(
            {},
            optional={
                "app_port": PORTS,
                "hosts": strategies.lists(WORDS, unique=True, max_size=3),
                "healthcheck": HEALTH,
                "response_timeout": SECONDS,
            },
        ),
        "deploy_timeout": SECONDS | SECONDS.map(lambda number: f"{number}s"),
        "drain_timeout": SECONDS,
        "stop_timeout": SECONDS,
        "retain_containers": strategies.integers(1, 100),
        "registry": strategies.fixed_dictionaries({"username": WORDS, "password": TEXTS.filter(bool)}),
        "ssh": strategies.fixed_dictionaries({}, optional={"user": WORDS, "port": PORTS}),
    },
)
ROLES = strategies.fixed_dictionaries(
    {"hosts": strategies.just(["203.0.113.10"])},
    optional={
        "cmd": strategies.lists(TEXTS.filter(str.isalnum), min_size=1, max_size=3).map(shlex.join),
        "options": strategies.dictionaries(
            strategies.sampled_from(["memory", "cpus", "ulimit"]),
            TEXTS.filter(bool) | strategies.just(value=True),
        ),
        "stop_timeout": SECONDS,
    },
)


def load(folder: Path, file: dict[str, Any]) -> Settings:
    """Read one file as the program does."""
    (folder / "config").mkdir(exist_ok=True)
    (folder / "Dockerfile").touch()
    text = yaml.safe_dump(file, allow_unicode=True, default_style='"')
    (folder / "config" / "deploy.yml").write_bytes(text.encode())
    loading = read("dev", {"app": str(folder)}, folder, {})
    assert [str(problem) for problem in loading.problems] == []
    assert loading.settings is not None
    return loading.settings


def written(settings: Settings) -> dict[str, Any]:
    """Write a model down as a user would have, with every default."""
    file: dict[str, Any] = as_yaml(settings)
    for key in ("app", "allow_commands", "secrets"):
        file.pop(key, None)
    role = file["servers"]["web"]
    if command := role.pop("command"):
        role["cmd"] = shlex.join(command)
    role["options"] = {name: values or True for name, values in role["options"].items()}
    role["env"] = {"clear": role["env"][role["hosts"][0]]}
    return file | {"registry": file.get("registry", "none")}


def as_yaml(value: Any) -> Any:  # noqa: ANN401 - of any shape
    """Make of a model's values what YAML can hold."""
    match value:
        case BaseModel():
            pairs = {name: getattr(value, name) for name in type(value).model_fields}
            return {name: as_yaml(one) for name, one in pairs.items() if one is not None}
        case dict():
            return {key: as_yaml(one) for key, one in value.items()}
        case tuple():
            return [as_yaml(one) for one in value]
        case SecretStr():
            return value.get_secret_value()
        case Path():
            return str(value)
        case _:
            return value


@TRIES
@hypothesis.given(file=FILES, role=ROLES)
def test_what_is_accepted_is_accepted_again(
    tmp_path_factory: pytest.TempPathFactory, file: dict[str, Any], role: dict[str, Any]
) -> None:
    """Read a file, write the model down in full, and read the same model again."""
    folder = tmp_path_factory.mktemp("app")
    settings = load(folder, file | {"servers": {"web": role}})

    assert load(folder, written(settings)).model_dump() == settings.model_dump()


@TRIES
@hypothesis.given(variables=VARIABLES)
def test_variables_keep_every_byte(
    tmp_path_factory: pytest.TempPathFactory, variables: dict[str, str]
) -> None:
    """Bring each variable of a file to the app's env as it was written."""
    file = {"service": "hello", "servers": ["203.0.113.10"], "env": {"clear": variables}}
    assert env_of(load(tmp_path_factory.mktemp("app"), file)) == variables


PLACE = Place(Source("a file"))
# Groups and values never change places under one key: where they do, Kamal's own merge depends on the order.
TREES = strategies.recursive(
    strategies.dictionaries(
        strategies.sampled_from(["v1", "v2"]), strategies.integers() | strategies.lists(WORDS)
    ),
    lambda inner: strategies.dictionaries(strategies.sampled_from(["g1", "g2"]), inner, max_size=2),
    max_leaves=6,
)


def node(value: Any) -> Node:  # noqa: ANN401 - of any shape
    """Make a tree of plain values."""
    match value:
        case dict():
            return Node({key: node(one) for key, one in value.items()}, PLACE)
        case list():
            return Node([node(one) for one in value], PLACE)
        case _:
            return Node(value, PLACE)


@TRIES
@hypothesis.given(trees=strategies.tuples(TREES, TREES, TREES))
def test_merging_is_associative(trees: tuple[Any, Any, Any]) -> None:
    """Merge base, destination and stack two by two, from either end."""
    first, second, third = (node(tree) for tree in trees)
    left, right = merge(merge(first, second), third), merge(first, merge(second, third))
    assert plain(left) == plain(right)


def test_a_list_replaces_a_list() -> None:
    """Merge groups key by key and nothing else, as Kamal's deep_merge does."""
    base = {"env": {"A": 1, "B": 2}, "hosts": ["a", "b"], "only": {"x": 1}}
    over = {"env": {"B": 3}, "hosts": ["c"], "only": 5}
    assert plain(merge(node(base), node(over))) == {"env": {"A": 1, "B": 3}, "hosts": ["c"], "only": 5}
