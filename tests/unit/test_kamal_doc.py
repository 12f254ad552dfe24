"""docs/kamal.md names every key of Kamal, and what it says of each is so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from settings.complaints import known_keys, section_at
from settings.kamal_keys import ACCESSORY_KEYS, REFUSED, ROLE_KEYS, WARNED
from settings.load import Loading, read

DOC = Path(__file__).parent.parent.parent / "docs" / "kamal.md"
ROW = re.compile(r"^\| `([^`]+)` \| ([12 ]+) \| `([^`]+)` \| (\w+) \|")
# Keys that the README explains, and no file for Kamal holds.
OWN = {
    "release_command",
    "release_timeout",
    "app",
    "allowCommands",
    "secrets",
    "rollback",
    "traefik.http_port",
    "ssh.host_keys",
}
OWN |= {
    f"accessories.db.{key}"
    for key in ("healthcheck", "deploy_timeout", "stop_timeout", "refresh", "remove_data")
}
OWN |= {f"proxy.healthcheck.{key}" for key in ("host", "port", "status", "body", "successes")}


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes:
        key: its path.
        generations: of Kamal that know it.
        example: a value, as YAML.
        state: what is said of it.
    """

    key: str
    generations: set[str]
    example: str
    state: str


ROWS = [
    Row(match[1], set(match[2].split()), match[3], match[4])
    for line in DOC.read_text(encoding="utf-8").splitlines()
    if (match := ROW.match(line))
]


def settings_with(row: Row) -> dict[str, Any]:
    """Write a small file of the right generation that has the key with its example."""
    file: dict[str, Any] = {
        "service": "hello",
        "image": "ada/hello",
        "servers": {"web": {"hosts": ["203.0.113.10"]}},
        "registry": {"username": "ada", "password": ["TOKEN"]},
    }
    if "2" in row.generations:
        file["builder"] = {"arch": "amd64"}
    if row.key.startswith("accessories.db"):
        file["servers"] = {"web": {"hosts": [{"203.0.113.10": "writer"}]}}
        file["accessories"] = {"db": {"image": "postgres:17"}}
    *groups, last = row.key.split(".")
    section = file
    for group in groups:
        section = section.setdefault(group, {})
    section[last] = yaml.safe_load(row.example)
    return file


def read_file(folder: Path, file: dict[str, Any]) -> Loading:
    """Read a file as the program does."""
    (folder / "config").mkdir()
    (folder / "Dockerfile").touch()
    for name in ("id_ed25519", "my.cnf"):
        (folder / name).touch()
    (folder / "config" / "deploy.yml").write_text(yaml.safe_dump(file), encoding="utf-8")
    return read("dev", {"app": str(folder)}, folder, {"TOKEN": "pw"})


def names(line: str, key: str) -> bool:
    """Tell whether a line is about a key, or a group that it stands in."""
    _, _, rest = line.partition(": ")
    path = rest.partition(": ")[0]
    return path == key or key.startswith(f"{path}.")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_a_key_is_what_the_table_says(row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Honour it, warn of it or refuse it, each by its name."""
    monkeypatch.chdir(tmp_path)
    loading = read_file(tmp_path, settings_with(row))

    problems = [str(problem) for problem in loading.problems]
    warned = [line for line in loading.warnings if names(line, row.key)]
    match row.state:
        case "refused":
            assert [line for line in problems if names(line, row.key) and "is not honoured: " in line]
        case "warning":
            assert (problems, len(warned)) == ([], 1)
        case state:
            assert (state, problems, warned) == ("works", [], [])


def test_no_key_is_left_out() -> None:
    """Name every key that the model, a role, an accessory or the lists of unhonoured keys have."""
    told = {row.key for row in ROWS}
    known = {one.path for one in (*REFUSED, *WARNED)} | set(keys_of(()))
    known |= {f"servers.web.{key}" for key in ROLE_KEYS}
    known |= {f"accessories.db.{key}" for key in ACCESSORY_KEYS}
    groups = {key for key in known if any(one.startswith(f"{key}.") for one in told)}
    assert {key for key in known - groups - OWN if not key.startswith("aws.")} <= told


def keys_of(path: tuple[str, ...]) -> list[str]:
    """List the paths of all keys of the model in a section, and in those below it."""
    found: list[str] = []
    section = section_at(path)
    for key in known_keys(path):
        if key in {"accessories", "servers"}:  # whose keys have names of the user's above them
            continue
        field = section.model_fields.get(key)
        inner = section_at((*path, key)) if field else section
        is_group = inner is not section and issubclass(inner, BaseModel)
        found += keys_of((*path, key)) if is_group else [".".join((*path, key))]
    return found
