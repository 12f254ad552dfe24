"""Releases on real parts: ten swaps under load, the gate, rollback, prebuilt images, two services.

The tests of this file build on each other's server, but each brings the app into the state that it needs.
"""

from __future__ import annotations

import re
import shutil
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from pulumi.automation import OpType

from tests.e2e.conftest import Deployment
from tests.e2e.upgraded import BRANCH, upgraded
from tools.demo.load import Load
from tools.demo.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

SWAPS = 10
UP = 'self.answer(200, "up\\n")'


@pytest.fixture(scope="module")
def running(deployment: Deployment) -> Deployment:
    """The example, deployed, with a path that upgrades its connection."""
    source = deployment.app / "app.py"
    first = '        if url.path == "/up":\n'
    text = source.read_text(encoding="utf-8")
    assert first in text
    source.write_text(text.replace(first, BRANCH + first), encoding="utf-8")
    deployment.set_version("1.0")
    deployment.up()
    return deployment


@pytest.fixture
def live(running: Deployment) -> Iterator[Deployment]:
    """The example, deployed; its source and configuration are put back afterwards."""
    source = (running.app / "app.py").read_text(encoding="utf-8")
    config = dict(running.config)
    yield running
    (running.app / "app.py").write_text(source, encoding="utf-8")
    running.config = config
    running.workspace.configure(config)


def change_health(live: Deployment, code: str) -> None:
    """Have the app answer `/up` in another way."""
    source = (live.app / "app.py").read_text(encoding="utf-8")
    assert UP in source
    (live.app / "app.py").write_text(source.replace(UP, code), encoding="utf-8")


def release(live: Deployment) -> str:
    """Give the live release's id."""
    return str(live.stack.outputs()["release"].value)


def test_ten_swaps_lose_nothing(live: Deployment) -> None:
    """Requests on kept and on new connections, and slow ones, are all answered through ten swaps."""
    host, port = live.server.host, live.server.http_port
    with ExitStack() as loads:
        kept = loads.enter_context(Load(host, port, keep_alive=True))
        new = loads.enter_context(Load(host, port, keep_alive=False, threads=2))
        slow = loads.enter_context(Load(host, port, path="/slow?seconds=5", threads=2))
        for swap in range(SWAPS):
            live.set_version(f"swap-{swap}")
            live.up()
    for load in (kept, new, slow):
        assert load.failures == []
    seen = {version for body in kept.bodies for version in re.findall(r"version swap-(\d+)", body)}
    assert seen == {str(swap) for swap in range(SWAPS)}
    assert kept.sent > 1000
    assert slow.sent > SWAPS


def test_an_upgraded_connection_gets_the_same_grace(live: Deployment) -> None:
    """A WebSocket that is open across the swap stays with the release that took it, until it ends itself."""
    live.set_version("ws-old")
    live.up()
    with upgraded(live.server.host, live.server.http_port) as socket:
        assert socket.ask("one") == "version ws-old heard one"
        live.set_version("ws-new")
        deploy = threading.Thread(target=live.up)
        deploy.start()
        while "version ws-new" not in live.get():
            assert deploy.is_alive(), "".join(live.said)
        assert socket.ask("two") == "version ws-old heard two"
    deploy.join()
    assert "exit code 0" in "".join(live.said)


def test_a_release_that_ends_after_its_gate_is_not_switched_to(live: Deployment) -> None:
    """An app that crashes after it was healthy fails the `up` with its exit code; the old one serves on."""
    live.set_version("steady")
    live.up()
    before = release(live)
    change_health(live, f"{UP}; self.wfile.flush(); import os; os._exit(7)")
    message = live.failing_up()
    assert "was healthy and has ended since, so nothing was switched" in message
    assert "exit code 7" in message
    assert "version steady" in live.get()
    assert release(live) == before


def test_rollback_brings_the_very_release_back_without_a_build(live: Deployment) -> None:
    """`previous` starts the old container again, once; without it the newer one serves again."""
    for version in ("first", "second"):
        live.set_version(version)
        live.up()
    outputs = live.stack.outputs()
    newer, older = outputs["release"].value, outputs["previous_release"].value
    made = live.root(f"docker inspect --format {{{{.Id}}}} hello-web-{older}")
    images = live.root("docker image ls --quiet --no-trunc")

    live.configure(rollback="previous")
    live.up()
    assert "version first" in live.get()
    assert (release(live), live.stack.outputs()["previous_release"].value) == (older, newer)
    assert live.root(f"docker inspect --format {{{{.Id}}}} hello-web-{older}") == made
    assert live.root("docker image ls --quiet --no-trunc") == images
    assert "step 6, pull" not in "".join(live.said)
    assert "step 4, build" not in "".join(live.said)
    assert set(live.up().changes) == {OpType.SAME}

    live.config.pop("rollback")
    live.configure()
    live.up()
    assert release(live) == newer
    assert "version second" in live.get()


def test_a_release_that_is_not_there_is_refused_with_those_that_are(live: Deployment) -> None:
    """An unknown id changes nothing and names what can be brought back, which then can be."""
    live.set_version("kept")
    live.up()
    kept = release(live)
    live.set_version("latest")
    live.up()
    live.configure(rollback="000000000000-000000")
    message = live.failing_up()
    assert "release 000000000000-000000 of hello is not on this server. Those that are: " + kept in message
    assert "version latest" in live.get()
    live.configure(rollback=kept)
    live.up()
    assert "version kept" in live.get()


def test_a_prebuilt_image_is_deployed_by_tag_or_digest(live: Deployment) -> None:
    """A tag or a digest in the settings is deployed as it is, without a build; it is the same release."""
    live.set_version("prebuilt")
    live.up()
    image, built = live.stack.outputs()["image"].value, release(live)
    registry, repository = live.config["registry"]["server"], live.config["image"]
    live.set_version("not this one")
    # A registry with an authority of its own: this machine's Docker trusts it, a look-up has to be told.
    live.workspace.environment["SSL_CERT_FILE"] = f"/etc/docker/certs.d/{registry}/ca.crt"
    for name in (f"{repository}:latest", repository + "@" + image.partition("@")[2]):
        live.configure(image=name)
        live.up()
        assert live.stack.outputs()["image"].value == image
        assert release(live) == built
        assert "version prebuilt" in live.get()
    assert set(live.up().changes) == {OpType.SAME}


def test_the_gate_asks_for_what_is_set(live: Deployment) -> None:
    """Another path, status and text can be asked for; an error says what was asked and what came."""
    change_health(live, 'self.answer(503, "up\\n")')
    health = {"path": "/nowhere", "status": [404], "body": "not here", "successes": 2, "interval": 0.1}
    live.configure(proxy={"app_port": 8000, "healthcheck": health})
    live.up()
    live.configure(proxy={"app_port": 8000, "healthcheck": health | {"body": "elsewhere"}})
    live.set_version("not asked for")
    message = live.failing_up()
    assert 'wanted status 404 and a body that holds "elsewhere"; the last answer was 404: not here' in message


def test_only_traefik_is_touched_when_only_its_settings_change(live: Deployment) -> None:
    """Another public port is announced, and done, as one update; no release is started for it."""
    live.up()
    before = live.containers("{{.Names}} {{.ID}}")
    live.configure(traefik=live.config["traefik"] | {"http_port": 8080})
    assert live.preview().change_summary[OpType.UPDATE] == 1
    live.up()
    after = live.containers("{{.Names}} {{.ID}}")
    assert {line.split()[0] for line in set(after) - set(before)} == {"backstaff-traefik"}
    assert "version" in live.root("curl -s http://127.0.0.1:8080/")
    live.configure(traefik=live.config["traefik"] | {"http_port": 80})
    live.up()


def test_two_services_share_a_server(live: Deployment, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A second service, deployed as root beside the first with Docker there already, goes without a trace."""
    live.set_version("first-service")
    live.configure(proxy={"app_port": 8000, "hosts": ["one.example"]})
    live.up()
    live.root("mkdir -p -m 700 /root/.ssh && cp /home/ubuntu/.ssh/authorized_keys /root/.ssh/")
    folder = tmp_path_factory.mktemp("second")
    app = folder / "app"
    shutil.copytree(live.app, app)
    (app / "VERSION").write_text("second-service\n", encoding="utf-8")
    config = live.config | {
        "service": "second",
        "proxy": {"app_port": 8000, "hosts": ["two.example"]},
        "ssh": live.config["ssh"] | {"user": "root"},
    }
    workspace = Workspace(folder, "second", config, live.workspace.environment)
    second = Deployment(live.server, workspace, app, config)
    second.up()

    page = "curl -s -H 'Host: {}.example' http://127.0.0.1/"
    assert "version first-service" in live.root(page.format("one"))
    assert "version second-service" in live.root(page.format("two"))
    second.stack.destroy(color="never")
    assert "version first-service" in live.root(page.format("one"))
    assert not [name for name in live.containers() if "second" in name]
    assert "second" not in live.root("ls /var/lib/backstaff/services /var/lib/backstaff/traefik/dynamic")
