"""How an accessory is run: what is in the line, what is on standard input, what counts as a change."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from render.accessory import accessory_run, published
from settings import Settings
from settings.accessories import Accessory, hosts_of
from tests.unit.project import Project

ROLES = {"web": ("203.0.113.1", "203.0.113.2"), "job": ("203.0.113.3",)}
TAGS = {"eu": ("203.0.113.2", "203.0.113.3")}
SECRET = "zebra-4711"


def settings(project: Project, **changes: Any) -> Settings:  # noqa: ANN401 - of any shape
    """Load an app with one accessory, `db`, that differs in some keys."""
    db = {"image": "postgres:17", "env": {"clear": {"A": "b"}, "secret": ["PW"]}}
    return project.load({"PW": SECRET}, accessories={"db": db | changes})


@pytest.mark.parametrize(
    ("written", "bound"),
    [
        ("6379", "127.0.0.1:6379:6379"),
        ("7000:6379", "127.0.0.1:7000:6379"),
        ("53:53/udp", "127.0.0.1:53:53/udp"),
        ("0.0.0.0:6379:6379", "0.0.0.0:6379:6379"),
        ("[::1]:6379:6379", "[::1]:6379:6379"),
    ],
)
def test_a_port_is_bound_to_the_loopback_unless_an_address_is_written(written: str, bound: str) -> None:
    """Open a database to nobody outside, as a plain port would."""
    assert published(written) == bound


def test_secrets_are_on_standard_input_alone(project: Project) -> None:
    """Name what decides how the container runs in its line, and bring what may be secret by another way."""
    (project.app / "init.sql").write_text(f"password {SECRET}\n")
    run = accessory_run(settings(project, files=["init.sql:/init.sql:ro"]), "db")

    assert SECRET not in str(run.arguments) + str(run.rest)
    content = base64.b64encode(f"password {SECRET}\n".encode()).decode()
    password = base64.b64encode(SECRET.encode()).decode()
    assert run.stdin == f"env A Yg==\nenv PW {password}\nfile 0 - - {content}\n"
    where = f"/var/lib/backstaff/services/hello/accessories/db/files-{run.arguments['files']}/0:/init.sql:ro"
    assert run.rest[-2:] == ["--volume", where]


def test_its_password_is_on_standard_input(project: Project) -> None:
    """Bring the password of a registry of its own there, too, and name its account in the line."""
    registry = {"server": "registry.example", "username": "eve", "password": ["PW"]}
    run = accessory_run(settings(project, env={}, registry=registry), "db")

    assert run.arguments["image"] == "registry.example/postgres:17"
    assert (run.arguments["registry"], run.arguments["username"]) == ("registry.example", "eve")
    assert run.stdin == f"password {base64.b64encode(SECRET.encode()).decode()}\n"


def test_all_that_is_written_reaches_docker_run(project: Project) -> None:
    """Write each key as `docker run` takes it, the command last; the restart policy comes later."""
    run = accessory_run(
        settings(
            project,
            service="database",
            port=5432,
            directories=["data:/var/lib/data", {"local": "/srv/x", "remote": "/x", "owner": "999:999"}],
            volumes=["more:/more"],
            labels={"team": "front"},
            options={"restart": "always", "memory": "1g", "init": True},
            cmd="postgres -c 'a = b'",
        ),
        "db",
    )

    assert " ".join(run.rest).partition("max-size=10m ")[2] == (
        "--publish 127.0.0.1:5432:5432 --volume /var/lib/backstaff/data/hello/db/data:/var/lib/data "
        "--volume /srv/x:/x --volume more:/more --label team=front --init --memory=1g -- postgres -c a = b"
    )
    assert (run.arguments["name"], run.arguments["restart"]) == ("database", "always")
    assert run.stdin.endswith(
        "directory - - /var/lib/backstaff/data/hello/db/data\ndirectory - 999:999 /srv/x\n"
    )


@pytest.mark.parametrize(
    "change",
    [{"env": {"clear": {"A": "c"}}}, {"directories": [{"local": "d", "remote": "/d", "mode": "700"}]}],
)
def test_a_change_that_no_word_tells_changes_the_line(project: Project, change: dict[str, Any]) -> None:
    """Show in a preview that a variable, or a folder's mode, has changed."""
    before = accessory_run(settings(project, directories=["d:/d"]), "db")
    after = accessory_run(settings(project, **{"directories": ["d:/d"]} | change), "db")

    assert before.arguments != after.arguments
    assert before.rest == after.rest


def test_a_changed_file_changes_the_line(project: Project) -> None:
    """Re-create a container whose configuration file has changed."""
    (project.app / "a.conf").write_text("1")
    before = accessory_run(settings(project, files=["a.conf:/a"]), "db")
    (project.app / "a.conf").write_text("2")
    assert accessory_run(settings(project, files=["a.conf:/a"]), "db").arguments != before.arguments


@pytest.mark.parametrize(
    ("places", "found"),
    [
        ({}, ("203.0.113.1",)),
        ({"hosts": ["203.0.113.3", "203.0.113.2"]}, ("203.0.113.3", "203.0.113.2")),
        ({"roles": ["job", "web"]}, ("203.0.113.3", "203.0.113.1", "203.0.113.2")),
        ({"tags": ["eu"]}, ("203.0.113.2", "203.0.113.3")),
    ],
)
def test_an_accessory_runs_where_it_says(places: dict[str, list[str]], found: tuple[str, ...]) -> None:
    """Choose by address, role or tag; without any, the first server."""
    accessory = Accessory.model_validate({"image": "busybox"} | places)
    assert hosts_of(accessory, "203.0.113.1", ROLES, TAGS) == found


@pytest.mark.parametrize("places", [{"roles": ["cron"]}, {"tags": ["us"]}])
def test_an_accessory_that_runs_nowhere_is_refused(places: dict[str, list[str]]) -> None:
    """Say which name is not there."""
    accessory = Accessory.model_validate({"image": "busybox"} | places)
    ((name,),) = places.values()
    with pytest.raises(LookupError, match=name):
        hosts_of(accessory, "203.0.113.1", ROLES, TAGS)
