"""The scripts of accessories, on a real Redis: started, replaced with its data, given up, removed."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.remote.conftest import Outcome, Server
    from tools.demo.parts import Parts

pytestmark = pytest.mark.slow

# Docker with the service's own login, for what a test does by hand.
DOCKER = "docker --config /var/lib/backstaff/services/shop/login"
PING = "redis-cli ping"
DATA = "/var/lib/backstaff/data/shop/db"


def encoded(text: str) -> str:
    """Write a value as `start-accessory` reads it."""
    return base64.b64encode(text.encode()).decode()


class Db:
    """The accessory `db` of the service `shop`, driven by its scripts as a deploy drives them."""

    def __init__(self, server: Server, image: str) -> None:
        """Take the server and Redis's image."""
        self.server = server
        self.image = image

    def start(self, *rest: str, stdin: str = "", **changes: str | int) -> Outcome:
        """Start it, or make it as wanted."""
        arguments: dict[str, str | int] = {
            "service": "shop", "accessory": "db", "name": "shop-db", "image": self.image, "env": "e1",
            "files": "f1", "restart": "unless-stopped", "health_cmd": PING, "deploy_timeout": 10,
            "stop_timeout": 2,
        }  # fmt: skip
        return self.server.step("start-accessory", stdin, *rest, **arguments | changes)

    def remove(self, remove_data: str = "no") -> Outcome:
        """Take it away."""
        return self.server.step(
            "remove-accessory", service="shop", accessory="db", remove_data=remove_data, stop_timeout=2
        )

    def cli(self, command: str) -> str:
        """Ask Redis."""
        return self.server.root(f"docker exec shop-db redis-cli {command}").strip()

    def containers(self, columns: str = "{{.Names}} {{.State}}") -> list[str]:
        """List its containers."""
        shown = self.server.root(
            f'docker ps --all --filter label=backstaff.accessory=db --format "{columns}"'
        )
        return shown.splitlines()

    def inspect(self, format_: str) -> str:
        """Ask Docker of its container."""
        return self.server.root(f"docker inspect --format '{format_}' shop-db").strip()


@pytest.fixture
def db(docker_server: Server, redis: str) -> Iterator[Db]:
    """A server without the accessory."""
    db = Db(docker_server, redis)
    yield db
    gone = db.remove("yes")
    assert gone.status == 0, gone.text
    assert db.containers() == []
    assert "shop" not in docker_server.root(
        "ls /var/lib/backstaff/data 2>/dev/null; docker volume ls --quiet"
    )


def test_it_is_ready_private_and_left_alone(db: Db) -> None:
    """It is reached by its name, from outside by no one, and a second run changes nothing."""
    first = db.start("--publish", "127.0.0.1:6379:6379")
    assert first.status == 0, first.text
    assert "shop-db is ready: its check succeeds" in first.text
    other = f"docker run --rm --network backstaff {db.image} redis-cli -h shop-db"
    assert db.server.root(f"{other} ping").strip() == "PONG"
    assert db.server.root("ss -Hltn 'sport = :6379'").split()[3] == "127.0.0.1:6379"
    assert db.inspect("{{.HostConfig.RestartPolicy.Name}}") == "unless-stopped"
    started = db.inspect("{{.State.StartedAt}}")
    again = db.start("--publish", "127.0.0.1:6379:6379", deploy_timeout=20, stop_timeout=3)
    assert again.status == 0, again.text
    assert db.inspect("{{.State.StartedAt}}") == started


def test_the_proxy_routes_to_it_as_long_as_it_is_told_to(db: Db) -> None:
    """Its route comes when it is ready, changes without a new container, is nobody else's, and goes."""
    folder = "/var/lib/backstaff/traefik"
    db.server.root(f"install -d {folder}/dynamic {folder}/staging")
    route = f"{folder}/dynamic/live-shop-accessory-db.yml"
    taken = f"{folder}/dynamic/live-blog-web.yml"
    for words in ("db.example/", "db.example/ms"):
        text = f"# routes: {words}\nhttp: {{}}"
        started = db.start(stdin=f"route {encoded(text)}\n", routes=words)
        assert started.status == 0, started.text
        assert db.server.root(f"cat {route}") == f"{text}\n"
    made = db.inspect("{{.Created}}")
    db.server.root(f"echo '# routes: a.example/ db.example/' > {taken}")
    refused = db.start(routes="db.example/")
    db.server.root(f"rm {taken}")
    assert refused.status == 1
    assert "requests for db.example/ are routed to blog-web on this server already" in refused.text
    assert db.start().status == 0
    assert db.server.root(f"ls {folder}/dynamic | grep accessory || true") == ""
    assert db.inspect("{{.Created}}") == made


def test_a_changed_setting_keeps_the_data(db: Db) -> None:
    """Another option makes another container, with what lay in the image's own volume and in a directory."""
    directory = f"directory 700 999:999 {DATA}/files\n"
    mount = ("--volume", f"{DATA}/files:/files")
    assert db.start(*mount, stdin=directory).status == 0
    db.cli("set kept 4711")
    db.server.root("docker exec shop-db sh -c 'echo mine > /files/note'")
    changed = db.start(*mount, "--memory=200m", stdin=directory)
    assert changed.status == 0, changed.text
    assert "stopping shop-db, whose settings have changed; its data stay" in changed.text
    assert db.cli("get kept") == "4711"
    assert db.server.root("docker exec shop-db cat /files/note") == "mine\n"
    assert db.containers() == ["shop-db running"]
    assert db.server.root(f"stat -c '%a %u:%g' {DATA}/files").strip() == "700 999:999"
    renamed = db.start(*mount, "--memory=200m", stdin=directory, name="shop-redis")
    assert renamed.status == 0, renamed.text
    assert db.containers() == ["shop-redis running"]
    assert db.server.root("docker exec shop-redis redis-cli get kept") == "4711\n"


def test_one_that_does_not_get_ready_gives_way_to_the_one_before(db: Db) -> None:
    """A setting that is wrong fails with the reason, and what ran before runs again with its data."""
    assert db.start().status == 0
    db.cli("set kept 4711")
    trials = (
        (db.start(health_cmd="exit 3", env="e2", deploy_timeout=1), "not ready within 1 s: its check fails"),
        (db.start("--", "redis-server", "--no-such"), "ended before it was ready"),
        (db.start("--memory=1"), "could not be started"),
        (db.start("--", "sleep", "60", health_cmd="echo no such; exit 1", deploy_timeout=5), "no such"),
    )
    for failed, reason in trials:
        assert failed.status == 1
        assert reason in failed.text
        assert "shop-db runs again as before" in failed.text
    assert db.containers() == ["shop-db running"]
    assert db.cli("get kept") == "4711"
    assert db.inspect("{{.HostConfig.RestartPolicy.Name}}") == "unless-stopped"
    assert db.start().status == 0


def test_a_new_one_that_does_not_get_ready_is_removed(db: Db) -> None:
    """Nothing but data is left of it, so that the next `up` begins anew."""
    failed = db.start(health_cmd="exit 3", deploy_timeout=1)
    assert failed.status == 1
    assert db.containers() == []
    assert db.start().status == 0


def test_a_replacement_that_was_cut_is_ended_by_the_next(db: Db) -> None:
    """What was set aside is kept until another one is ready, however often a deploy is killed."""
    assert db.start().status == 0
    db.cli("set kept 4711")
    db.cli("save")
    labels = "--label backstaff.service=shop --label backstaff.accessory=db --label backstaff.spec=half"
    db.server.root("docker stop shop-db && docker rename shop-db shop-db-before")
    db.server.root(f"docker create --name shop-db {labels} {db.image} false")
    failed = db.start("--", "false")
    assert failed.status == 1
    assert (db.containers(), db.cli("get kept")) == (["shop-db running"], "4711")

    db.server.root("docker stop shop-db && docker rename shop-db shop-db-before")
    done = db.start("--memory=200m")
    assert done.status == 0, done.text
    assert (db.containers(), db.cli("get kept")) == (["shop-db running"], "4711")


def test_files_and_variables_arrive(db: Db) -> None:
    """A file has its mode, owner and bytes; a variable may have several lines; root alone sees them."""
    lines = (
        f"env PLAIN {encoded('a b')}\nenv LINES {encoded(chr(10).join('ab'))}\n"
        f"file 0 640 999:0 {encoded('# mine')}\nfile 1 - - {encoded('')}\n"
    )
    folder = "/var/lib/backstaff/services/shop/accessories/db"
    mounts = ("--volume", f"{folder}/files-f1/0:/etc/mine.conf:ro", "--volume", f"{folder}/files-f1/1:/empty")
    done = db.start(*mounts, stdin=lines)
    assert done.status == 0, done.text
    told = db.server.root(
        "docker exec shop-db sh -c 'cat /etc/mine.conf; stat -c %a,%u:%g /etc/mine.conf /empty; env'"
    )
    assert told.startswith("# mine640,999:0\n755,0:0\n")
    assert {"PLAIN=a b", "LINES=a", "b"} <= set(told.splitlines())
    assert db.server.ssh(f"ls {folder}").status != 0
    assert db.start(*mounts, stdin=lines, env="e2").status == 0
    assert db.server.root(f"ls {folder}").split() == ["env-e2", "files-f1"]


def test_a_tag_that_has_moved_changes_nothing_until_it_is_asked_for(db: Db, parts: Parts) -> None:
    """What runs stays as it is; another `refresh` pulls the tag anew and keeps the data."""
    assert db.start().status == 0
    db.cli("set kept 4711")
    image = db.inspect("{{.Image}}")
    db.server.root(f"{DOCKER} pull --quiet {parts.traefik} && docker tag {parts.traefik} {db.image}")
    assert db.start().status == 0
    assert db.inspect("{{.Image}}") == image
    refreshed = db.start(refresh="2026-11")
    assert refreshed.status == 0, refreshed.text
    assert f"pulling {db.image}" in refreshed.text
    assert (db.inspect("{{.Image}}"), db.cli("get kept")) == (image, "4711")
    assert "pulling" not in db.start("--memory=200m", refresh="2026-11").text


def test_a_registry_of_its_own(db: Db, parts: Parts) -> None:
    """Its account is used for the pull, and is not kept; a wrong password is told as such."""
    db.server.root(f"docker rmi --force {db.image} 2>/dev/null || true")
    account = {"registry": parts.registry.server, "username": parts.registry.username}
    refused = db.start(stdin=f"password {encoded('wrong')}\n", **account)
    assert refused.status == 1
    assert f"refused {parts.registry.username}. Check the accessory's registry.username" in refused.text
    done = db.start(stdin=f"password {encoded(parts.password)}\n", **account)
    assert done.status == 0, done.text
    assert "WARNING" not in done.text


def test_another_s_container_is_not_touched(db: Db) -> None:
    """A container of the same name that is not ours is named, and stays."""
    db.server.root(f"{DOCKER} run --detach --name shop-db {db.image}")
    refused = db.start()
    assert refused.status == 1
    assert "a container shop-db is there that is not this accessory" in refused.text
    assert db.inspect("{{.State.Status}}") == "running"
    db.server.root("docker rm --force --volumes shop-db")


def test_dockers_own_health_check_and_none(db: Db) -> None:
    """Without a command, Docker's check decides; without that, that it stays up."""
    done = db.start("--health-cmd=redis-cli ping", "--health-interval=1s", health_cmd="")
    assert done.status == 0, done.text
    assert "Docker says that it is healthy" in done.text
    failed = db.start("--health-cmd=false", "--health-interval=1s", health_cmd="", deploy_timeout=2)
    assert "is not ready within 2 s: Docker says that it is starting" in failed.text
    done = db.start(health_cmd="")
    assert re.search(r"it stays up, after ([2-9]|\d\d) s", done.text), done.text


def test_data_stay_when_it_is_removed(db: Db) -> None:
    """Removed and started again, it has what it had: data go only when that is asked for."""
    rest = ("--volume", "shop-more:/more", "--volume", f"{DATA}/files:/files")
    directory = f"directory - - {DATA}/files\n"
    assert db.start(*rest, stdin=directory).status == 0
    db.cli("set kept 4711")
    for _ in range(2):
        removed = db.remove()
        assert removed.status == 0, removed.text
        for volume in ("shop-db-data", "shop-more"):
            assert f"the volume {volume} stays" in removed.text
        assert f"its directories stay in {DATA}" in removed.text
    assert db.containers() == []
    assert db.start(*rest, stdin=directory).status == 0
    assert db.cli("get kept") == "4711"
