"""Accessories in the graph: before the app, with their secrets marked, and no part of a release."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from tests.mocks.conftest import HOST, configured
from tests.mocks.graph import SECRET_MARK, SECRET_VALUE, Graph, plain_texts, run_program

DB, CACHE = f"hello-db-{HOST}-accessory", f"hello-cache-{HOST}-accessory"
CANDIDATE = f"hello-web-{HOST}-candidate"
SECRET = "accessory-value-66dd"


def run(folder: Path, *, is_preview: bool = False, **db: Any) -> Graph:  # noqa: ANN401 - of any shape
    """Run the program with two accessories, of which the one differs in some keys."""
    accessories = {
        "db": {"image": "postgres:17", "env": {"secret": ["DB_PASSWORD"]}, "port": 5432} | db,
        "cache": {"image": "valkey:8"},
    }
    config = configured(folder, accessories=accessories, secrets={"DB_PASSWORD": SECRET})
    return run_program(config, is_preview=is_preview)


@pytest.fixture(scope="module")
def with_accessories(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """Run the program with two accessories."""
    return run(tmp_path_factory.mktemp("accessories"))


def test_the_app_starts_when_its_accessories_are_ready(with_accessories: Graph) -> None:
    """Wait with the new release, not with the build nor with one another."""
    assert {DB, CACHE} <= with_accessories.before(CANDIDATE)
    needed = {f"{HOST}-host-key", f"{HOST}-scripts", f"{HOST}-docker", f"hello-{HOST}-login"}
    assert with_accessories.before(DB) == with_accessories.before(CACHE) == needed


def test_a_secret_of_an_accessory_is_marked(with_accessories: Graph) -> None:
    """Bring its variables on standard input, and show them nowhere."""
    assert not [
        one.name for one in with_accessories.resources if SECRET in str(list(plain_texts(one.inputs)))
    ]
    assert with_accessories.named(DB).inputs["stdin"][SECRET_MARK] == SECRET_VALUE
    assert "env DB_PASSWORD " in with_accessories.named(DB).plain("stdin")


def test_the_whole_line_is_known_in_a_preview(with_accessories: Graph, tmp_path: Path) -> None:
    """Show before an `up` what will be run, and what a change of it changes."""
    line = with_accessories.named(DB).inputs["create"]
    assert run(tmp_path, is_preview=True).named(DB).inputs["create"] == line
    changed = run(tmp_path, port=6000).named(DB).inputs["create"]
    assert line.replace("127.0.0.1:5432:5432", "127.0.0.1:6000:6000") == changed


def test_an_accessory_is_no_part_of_a_release(with_accessories: Graph, tmp_path: Path) -> None:
    """Start no new release because a setting of the database has changed."""
    changed = run(tmp_path, port=6000, refresh="2")
    assert changed.named(CANDIDATE).inputs["create"] == with_accessories.named(CANDIDATE).inputs["create"]


@pytest.mark.parametrize(("changes", "word"), [({}, "no"), ({"remove_data": True}, "yes")])
def test_data_go_only_when_that_was_asked_for(tmp_path: Path, changes: dict[str, Any], word: str) -> None:
    """Keep data at a `destroy`, unless the settings say otherwise."""
    line = run(tmp_path, **changes).named(DB).inputs["delete"]
    assert line.endswith(
        f"remove-accessory --service hello --accessory db --remove-data {word} --stop-timeout 30"
    )


def test_one_that_the_proxy_serves_waits_for_the_proxy(tmp_path: Path) -> None:
    """Run Traefik on its server though no release does, and bring its route as a secret beside the rest."""
    graph = run(tmp_path, host="203.0.113.77", proxy={"host": "db.example", "app_port": 8080})
    accessory = graph.named("hello-db-203.0.113.77-accessory")
    assert "hello-203.0.113.77-traefik" in graph.before(accessory.name)
    assert " --routes db.example/ " in accessory.inputs["create"]
    route = base64.b64decode(re.findall(r"^route (\S+)$", accessory.plain("stdin"), re.MULTILINE)[0]).decode()
    assert "Host(`db.example`)" in route
    assert "http://hello-db:8080" in route
