"""The scripts that replace a release, each for real and twice, with their failure paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from render.env_file import env_lines
from render.names import RoleNames
from render.traefik import candidate_file, live_file, private_file
from settings import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.remote.conftest import Outcome, Server
    from tools.demo.parts import Parts

pytestmark = pytest.mark.slow

NAMES = RoleNames("shop", "web")
PORT = 8000
# Docker with the service's own login, for what a test does by hand.
DOCKER = "docker --config /var/lib/backstaff/services/shop/login"
GATE: dict[str, str | int] = {
    "health_path": "/up", "health_host": "localhost", "health_status": "200-299", "health_successes": 1,
    "health_interval": 1, "health_timeout": 5, "deploy_timeout": 10,
}  # fmt: skip


class Shop:
    """The service `shop` on the server, driven by its scripts as a deploy drives them."""

    def __init__(self, server: Server, image: str) -> None:
        """Take the server and the app's image by digest."""
        self.server = server
        self.image = image

    def start(self, release: str, *rest: str, **changes: str | int) -> Outcome:
        """Start a candidate."""
        arguments: dict[str, str | int] = {
            "service": "shop", "role": "web", "release": release, "image": self.image, "env": "e1",
            "app_port": PORT, "routes": "*/",
        }  # fmt: skip
        return self.server.step(
            "start-candidate", candidate_file(NAMES, release, PORT), *rest, **arguments | GATE | changes
        )

    def switch(self, release: str, **changes: str | int) -> Outcome:
        """Switch the public route."""
        arguments: dict[str, str | int] = {
            "service": "shop", "role": "web", "release": release, "restart": "unless-stopped",
            "routes": "*/",
            "public_host": "localhost", "public_path": "/up", "public_check": "healthy",
        }  # fmt: skip
        return self.server.step(
            "switch-release", live_file(NAMES, release, PORT, Proxy()), **arguments | GATE | changes
        )

    def retire(self, release: str, **changes: str | int) -> Outcome:
        """End the releases before the live one."""
        arguments: dict[str, str | int] = {
            "service": "shop", "role": "web", "release": release, "env": "e1", "drain_timeout": 5,
            "stop_timeout": 5, "retain": 2,
        }  # fmt: skip
        return self.server.step("retire-releases", **arguments | changes)

    def deploy(self, release: str) -> None:
        """Replace the live release, whole."""
        for outcome in (self.start(release), self.switch(release), self.retire(release)):
            assert outcome.status == 0, outcome.text

    def containers(self, columns: str = "{{.Names}} {{.State}}") -> list[str]:
        """List the service's containers, the newest first."""
        return self.server.root(
            f'docker ps --all --filter label=backstaff.service=shop --format "{columns}"'
        ).splitlines()

    def routes(self) -> set[str]:
        """List the dynamic files of the service."""
        return set(self.server.root("ls /var/lib/backstaff/traefik/dynamic").split()) - {"private.yml"}


@pytest.fixture(scope="module")
def service(docker_server: Server, app_image: str, parts: Parts) -> Shop:
    """Traefik runs and the env is there."""
    traefik = docker_server.step(
        "ensure-traefik", private_file(), image=parts.traefik, http_port=80, service="shop"
    )
    assert traefik.status == 0, traefik.text
    env = docker_server.step(
        "write-env", env_lines({"GREETING": "Hi", "LINES": "a\nb\n"}), service="shop", role="web", env="e1"
    )
    assert env.status == 0, env.text
    return Shop(docker_server, app_image)


@pytest.fixture
def shop(service: Shop) -> Iterator[Shop]:
    """The service with nothing deployed."""
    yield service
    service.server.step("remove-route", service="shop", role="web")
    gone = service.server.step("remove-releases", service="shop", role="web", stop_timeout=5)
    assert gone.status == 0, gone.text
    assert service.containers() == []


def test_a_candidate_gets_no_public_request(shop: Shop) -> None:
    """A healthy candidate runs with its whole env and answers probes, while the public is still told 404."""
    started = shop.start("r1")
    assert started.status == 0, started.text
    assert "/up answers 200" in started.text
    assert shop.routes() == {"candidate-shop-web-r1.yml"}
    assert shop.server.root('curl -s -o /dev/null -w "%{http_code}" http://127.0.0.1/up') == "404"
    assert shop.server.root(
        'docker exec shop-web-r1 python3 -c "import os; print(repr(os.environ[\\"LINES\\"]))"'
    ) == ("'a\\nb\\n'\n")
    again = shop.start("r1")
    assert again.status == 0
    assert "shop-web-r1 already runs" in again.text


def test_the_switch_is_seen_by_the_public_and_may_run_twice(shop: Shop) -> None:
    """After the switch the public is answered, and only the live route is left."""
    shop.start("r1")
    for _ in range(2):
        switched = shop.switch("r1")
        assert switched.status == 0, switched.text
        assert switched.text.splitlines()[-1] == "live=r1 previous="
    assert shop.routes() == {"live-shop-web.yml"}
    assert shop.server.root('curl -s -o /dev/null -w "%{http_code}" http://127.0.0.1/up') == "200"
    assert "is live already" in shop.start("r1").text


def test_what_another_service_is_routed_by_is_refused(shop: Shop) -> None:
    """Start and switch nothing that would take requests from it, and say whose they are."""
    shop.deploy("r1")
    for refused in (shop.start("r1", service="blog", routes="*/blog */"), shop.switch("r1", service="blog")):
        assert refused.status == 1
        assert "requests for */ are routed to shop-web on this server already" in refused.text
    assert shop.routes() == {"live-shop-web.yml"}


def test_a_candidate_that_is_not_healthy_is_taken_away(shop: Shop) -> None:
    """A wrong health path fails with the last status, and container and route are gone."""
    shop.deploy("r1")
    failed = shop.start("r2", health_path="/nowhere", deploy_timeout=8)
    assert failed.status == 1
    assert "not healthy within 8 s: asked GET /nowhere of host localhost through Traefik; " in failed.text
    assert "wanted status 200-299; the last answer was 404: not here. The new release r2 was" in failed.text
    assert "release r2 was removed; release r1 serves on." in failed.text
    assert shop.containers() == ["shop-web-r1 running"]
    assert shop.routes() == {"live-shop-web.yml"}


def test_a_switch_without_a_candidate_changes_nothing(shop: Shop) -> None:
    """A release that does not run is not switched to."""
    shop.deploy("r1")
    refused = shop.switch("r2")
    assert refused.status == 1
    assert "release r2 is not on this server, so nothing was switched; release r1 serves on" in refused.text
    assert "r1" in shop.server.root("head -1 /var/lib/backstaff/traefik/dynamic/live-shop-web.yml")


def test_a_switch_that_does_not_serve_is_undone(shop: Shop) -> None:
    """A release that answers its probe but not the public's check is switched back."""
    shop.deploy("r1")
    shop.start("r2")
    failed = shop.switch("r2", health_path="/nowhere", public_path="/nowhere")
    assert failed.status == 1
    assert "does not serve on port 80: asked GET /nowhere" in failed.text
    assert "r1" in shop.server.root("head -1 /var/lib/backstaff/traefik/dynamic/live-shop-web.yml")
    assert shop.server.root('curl -s -o /dev/null -w "%{http_code}" http://127.0.0.1/up') == "200"


def test_old_releases_are_kept_and_the_oldest_deleted(shop: Shop) -> None:
    """Two old releases stay, stopped; an older one goes; another role's container is never touched."""
    shop.server.root(
        f"{DOCKER} run --detach --name shop-job --label backstaff.service=shop --label backstaff.role=job "
        f"--network backstaff {shop.image}"
    )
    try:
        for release in ("r1", "r2", "r3", "r4"):
            shop.deploy(release)
        assert [line for line in shop.containers() if "job" not in line] == [
            "shop-web-r4 running", "shop-web-r3 exited", "shop-web-r2 exited",
        ]  # fmt: skip
        assert "shop-job running" in shop.containers()
        again = shop.retire("r4")
        assert "no more than 2 old releases are kept" in again.text
    finally:
        shop.server.root("docker rm --force shop-job")


def test_an_old_release_drains_before_it_is_stopped(shop: Shop) -> None:
    """A request on the old release ends by itself; one that outlasts the drain's limit is cut, and told."""
    shop.deploy("r1")
    slow = "curl -s -o /tmp/slow -w %{http_code} http://127.0.0.1/slow?seconds=12 > /tmp/status 2>&1 &"
    shop.server.root(slow + " sleep 0.5")
    shop.start("r2")
    shop.switch("r2")
    retired = shop.retire("r2", drain_timeout=20)
    assert "shop-web-r1 has 1 open connections" in retired.text
    assert "exit code 0" in retired.text
    assert shop.server.root("cat /tmp/status") == "200"
    shop.server.root(slow.replace("=12", "=40") + " sleep 0.5")
    shop.start("r3")
    shop.switch("r3")
    cut = shop.retire("r3", drain_timeout=1, stop_timeout=1)
    assert "still has 1 open connections after 1 s, they are cut" in cut.text


def test_a_killed_start_is_made_good_by_the_next(shop: Shop) -> None:
    """A start that died in the middle left a container and a route, which the next run takes over."""
    shop.server.root(
        f"{DOCKER} create --name shop-web-r1 --label backstaff.service=shop --label backstaff.role=web "
        f"--label backstaff.release=r1 --network backstaff {shop.image}"
    )
    shop.server.root("echo http: {} > /var/lib/backstaff/traefik/dynamic/candidate-shop-web-r1.yml")
    started = shop.start("r1")
    assert started.status == 0, started.text
    assert shop.switch("r1").status == 0


def test_two_deploys_at_once_wait_for_each_other(shop: Shop) -> None:
    """A step waits for the service's lock rather than work beside another one."""
    shop.server.root("rm -f /run/holder-*")
    hold = "touch /run/holder-began; sleep 2; touch /run/holder-ended"
    retire = (
        f"/var/lib/backstaff/bin/{shop.server.scripts.digest}/retire-releases --service shop --role web "
        "--release r0 --env e1 --drain-timeout 1 --stop-timeout 1 --retain 2"
    )
    said = shop.server.root(
        f"flock /var/lib/backstaff/locks/shop-web sh -c '{hold}' & "
        f"until test -e /run/holder-began; do sleep 0.05; done; {retire}; ls /run/holder-ended"
    )
    assert said.splitlines()[-1] == "/run/holder-ended"


def test_a_release_that_was_live_comes_back_as_it_was(shop: Shop) -> None:
    """Find the one before by name or id and start it again, without a pull; forward again likewise."""
    for release in ("r1", "r2"):
        shop.deploy(release)
    (made,) = shop.server.root("docker inspect --format {{.Id}} shop-web-r1").split()
    found = shop.server.step("find-release", service="shop", role="web", release="previous")
    assert found.text.splitlines()[-1] == f"release=r1 image={shop.image} env=e1 port={PORT}"
    back = shop.start("r1", image="nowhere.invalid/none@sha256:" + "0" * 64)
    assert back.status == 0, back.text
    assert "shop-web-r1 again" in back.text
    assert shop.switch("r1").text.splitlines()[-1] == "live=r1 previous=r2"
    assert shop.server.root("docker inspect --format {{.Id}} shop-web-r1").split() == [made]
    assert shop.retire("r1").status == 0
    assert shop.containers() == ["shop-web-r2 exited", "shop-web-r1 running"]
    assert "release=r2 " in shop.server.step("find-release", service="shop", role="web", release="r2").text


def test_a_release_that_is_gone_is_refused_with_those_that_are_there(shop: Shop) -> None:
    """Say which can be brought back; one that never was live is none of them."""
    none = shop.server.step("find-release", service="shop", role="web", release="previous")
    assert none.status == 1
    assert "there is no release of shop before the live one. Nothing was changed." in none.text
    for release in ("r1", "r2", "r3"):
        shop.deploy(release)
    shop.start("r4")
    gone = shop.server.step("find-release", service="shop", role="web", release="r0")
    assert gone.status == 1
    assert "r0 of shop is not on this server. Those that are: r2 r1; live is r3." in gone.text


def test_a_rollback_that_is_not_healthy_is_kept_for_another_trial(shop: Shop) -> None:
    """Stop an old release that fails its gate, and neither remove it nor touch the live one."""
    for release in ("r1", "r2"):
        shop.deploy(release)
    failed = shop.start("r1", health_path="/nowhere", deploy_timeout=1)
    assert failed.status == 1
    assert shop.containers() == ["shop-web-r2 running", "shop-web-r1 exited"]
    assert shop.start("r1").status == 0


@pytest.mark.parametrize(
    ("gate", "status"),
    [
        ({"health_path": "/nowhere", "health_status": "200-299,404"}, 0),
        ({"health_status": "300-399,500"}, 1),
        ({"health_body": "up"}, 0),
        ({"health_body": "down"}, 1),
        ({"health_body": "u.*p"}, 1),
        ({"health_successes": 3, "health_interval": "0.2"}, 0),
    ],
)
def test_the_gate_asks_what_it_is_told(shop: Shop, gate: dict[str, str | int], status: int) -> None:
    """Accept the statuses and the text that are set, and no others."""
    asked = shop.start("r1", **{"deploy_timeout": 8, **gate})
    assert asked.status == status, asked.text
    if "health_body" in gate and status:
        assert f'a body that holds "{gate["health_body"]}"; the last answer was 200: up' in asked.text


def test_run_options_and_a_command_reach_the_container(shop: Shop) -> None:
    """Pass what stands behind `--` to `docker run`, and what stands behind a second one to the image."""
    command = ["--label", "note=two words", "--volume", "shop-data:/data", "--", "python3", "-u", "app.py"]
    started = shop.start("r1", *command)
    assert started.status == 0, started.text
    shown = shop.server.root(
        "docker inspect shop-web-r1 --format "
        "'{{.Config.Labels.note}}|{{.Config.Cmd}}|{{(index .Mounts 0).Name}}'"
    )
    assert shown == "two words|[python3 -u app.py]|shop-data\n"
    shop.server.root("docker rm --force shop-web-r1 && docker volume rm shop-data")


def test_a_release_that_ends_after_the_gate_is_not_switched_to(shop: Shop) -> None:
    """Refuse a candidate that has ended since, and give it one more trial when the step is run again."""
    shop.deploy("r1")
    shop.start("r2")
    shop.server.root("docker kill shop-web-r2")
    refused = shop.switch("r2")
    assert refused.status == 1
    assert "release r2 was healthy and has ended since" in refused.text
    assert "exit code 137" in refused.text
    assert "r1" in shop.server.root("head -1 /var/lib/backstaff/traefik/dynamic/live-shop-web.yml")
    again = shop.switch("r2")
    assert again.status == 0, again.text
    assert again.text.splitlines()[-1] == "live=r2 previous=r1"


def test_only_the_live_release_comes_back_by_itself(shop: Shop) -> None:
    """Give Docker's restart policy to the live release, and to no candidate."""
    policy = "docker inspect --format {{.HostConfig.RestartPolicy.Name}} shop-web-r1"
    shop.start("r1")
    assert shop.server.root(policy) == "no\n"
    shop.switch("r1")
    assert shop.server.root(policy) == "unless-stopped\n"


def test_a_release_that_never_was_live_is_not_kept(shop: Shop) -> None:
    """Delete a candidate that another one has overtaken, route and all."""
    shop.deploy("r1")
    shop.start("r2")
    shop.deploy("r3")
    assert shop.containers() == ["shop-web-r3 running", "shop-web-r1 exited"]
    assert shop.routes() == {"live-shop-web.yml"}


def test_assets_of_both_releases_can_be_had_from_either(shop: Shop) -> None:
    """Each has its own and the other's, not those of two before; what both have stays its own."""
    shop.server.root(f"{DOCKER} pull --quiet {shop.image}")
    for number in (1, 2, 3):
        script = (
            f"mkdir -p /www; echo {number} > /www/{number}.js; echo {number} > /www/same.js; chmod 640 /www/*"
        )
        shop.server.root(f"docker run --name made --user 0 {shop.image} sh -c '{script}'")
        # Its command is the app's again.
        change = "--change 'USER 0' --change 'CMD [\"python3\", \"app.py\"]'"
        shop.server.root(f"docker commit {change} made assets:{number} && docker rm made")

    def start(release: str, number: int) -> Outcome:
        return shop.start(release, image=f"assets:{number}", asset_path="/www:ro")

    def assets(release: str) -> str:
        return shop.server.root(f"docker exec shop-web-{release} sh -c 'cd /www && grep . *'").strip()

    def deploy(release: str, number: int) -> None:
        for outcome in (start(release, number), shop.switch(release), shop.retire(release, retain=1)):
            assert outcome.status == 0, outcome.text

    deploy("r1", 1)
    started = start("r2", 2)
    assert started.status == 0, started.text
    assert "assets of release r1 can be had from both" in started.text
    assert assets("r1") == "1.js:1\n2.js:2\nsame.js:1"
    assert assets("r2") == "1.js:1\n2.js:2\nsame.js:2"
    assert shop.server.root("docker exec shop-web-r2 stat -c %a /www/2.js") == "640\n"
    assert shop.server.root("docker exec shop-web-r2 touch /www/new 2>&1 || true") != ""
    deploy("r2", 2)
    deploy("r3", 3)
    assert assets("r3") == "2.js:2\n3.js:3\nsame.js:3"
    assert shop.server.root("ls /var/lib/backstaff/services/shop/assets/web").split() == ["r2", "r3"]

    missing = shop.start("r4", asset_path="/not/there")
    assert missing.status == 1
    assert "there is no folder /not/there in " in missing.text
    assert shop.server.root("ls /var/lib/backstaff/services/shop/assets/web").split() == ["r2", "r3"]
    again = start("r2", 2)
    assert again.status == 0, again.text
    assert assets("r2") == "1.js:1\n2.js:2\n3.js:3\nsame.js:2"
