"""The JSON Schemas say what the program says: the corpus and Kamal's keys, tried on both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from settings.schema import FOLDER, SCHEMAS, deploy_schema, stack_schema, text_of
from tests.unit.cases import FOLDER as CORPUS
from tests.unit.cases import Case
from tests.unit.test_kamal_doc import ROWS, Row, settings_with

ROOT = Path(__file__).parent.parent.parent
CASES = [Case.read(path) for path in sorted(CORPUS.glob("*.case"))]
DEPLOY, STACK = Draft7Validator(deploy_schema()), Draft7Validator(stack_schema())
# Read as text: dates, base-60 numbers and the like are Ruby's matter, no editor's.
TEXT = yaml.SafeLoader
LINE = "# yaml-language-server: $schema="


def complaints(validator: Draft7Validator, written: Any) -> list[str]:  # noqa: ANN401 - of any shape
    """Say what a schema finds wrong, each with its path."""
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(written)]


def deploy_files(case: Case) -> list[Any]:
    """Read a case's files for Kamal, but for those that are no YAML before ERB is."""
    texts = [text for name, text in case.parts.items() if name.startswith("config/deploy")]
    return [yaml.load(text, TEXT) for text in texts if "<%" not in text]  # noqa: S506 - it is the safe one


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_the_model_s(name: str) -> None:
    """Keep the file that editors read as the model is: `make schema` writes it."""
    assert (FOLDER / name).read_text(encoding="utf-8") == text_of(name)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one(name: str) -> None:
    """Hold to the rules of JSON Schema itself."""
    Draft7Validator.check_schema(SCHEMAS[name]())


@pytest.mark.parametrize(
    "case", [case for case in CASES if "settings" in case.parts], ids=lambda case: case.name
)
def test_what_is_accepted_is_valid(case: Case) -> None:
    """Mark nothing in an editor that the program takes."""
    assert [complaints(DEPLOY, file) for file in deploy_files(case) if file] == [
        [] for file in deploy_files(case) if file
    ]
    stack = yaml.safe_load(case.parts.get("stack", "")) or {}
    config = {f"backstaff:{key}": value for key, value in stack.items()}
    assert complaints(STACK, {"config": config | {"aws:region": "us-east-1"}}) == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_a_key_is_as_the_table_says(row: Row) -> None:
    """Know every key of Kamal; refuse those that are refused."""
    found = complaints(DEPLOY, settings_with(row))
    assert bool(found) == (row.state == "refused")


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ({"servce": "hello"}, "$"),
        ({"service": "Hello"}, "$.service"),
        ({"proxy": {"app_prt": 80}}, "$.proxy"),
        ({"proxy": {"app_port": 70000}}, "$.proxy.app_port"),
        ({"servers": "203.0.113.10"}, "$.servers"),
        ({"servers": {"web": {"hosts": "203.0.113.10"}}}, "$.servers"),
        ({"env": {"clear": {"A": 1}, "B": 2}}, "$.env"),
        ({"deploy_timeout": "soon"}, "$.deploy_timeout"),
        ({"ssh": None}, "$.ssh"),
        ({"builder": {"arch": "riscv"}}, "$.builder.arch"),
        ({"app": "."}, "$"),
    ],
)
def test_a_mistake_is_marked(written: dict[str, Any], path: str) -> None:
    """Mark in an editor what the program would refuse, in both kinds of files."""
    assert [line.partition(":")[0] for line in complaints(DEPLOY, written)] == [path]
    if "app" not in written:
        config = {f"backstaff:{key}": value for key, value in written.items()}
        assert complaints(STACK, {"config": config})


def test_the_stacks_are_valid_and_name_their_schema() -> None:
    """Let editors find the schema of each stack and example that comes with the program."""
    files = [*ROOT.glob("Pulumi.*.yaml"), *ROOT.glob("examples/*/config/deploy*.yml")]
    for file in files:
        text = file.read_text(encoding="utf-8")
        first = text.partition("\n")[0]
        assert first.startswith(LINE), file
        schema = (file.parent / first.removeprefix(LINE)).resolve()
        kind = "stack.json" if file.name.startswith("Pulumi") else "deploy.json"
        assert schema == FOLDER / kind
        validator = STACK if kind == "stack.json" else DEPLOY
        assert complaints(validator, yaml.safe_load(text)) == []
    assert len(files) >= 3
