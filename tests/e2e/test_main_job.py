"""The main job on real parts: from a bare server to a served page, and on from there.

The tests of this file build on each other's server, but each brings the app into the state that it needs.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING

import pytest
from pulumi.automation import OpType

from tools.demo.load import Load
from tools.demo.parts import PASSWORD_VARIABLE
from tools.toolchain import box

if TYPE_CHECKING:
    from tests.e2e.conftest import Deployment

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def live(deployment: Deployment) -> Deployment:
    """The example, deployed."""
    assert not deployment.root("which docker curl || true"), "the box is not bare"
    deployment.set_version("1.0")
    deployment.up()
    return deployment


def test_all_steps_of_the_first_up_left_their_work_on_the_server(live: Deployment) -> None:
    """A bare server has, after one `up`, all that the twelve steps promise."""
    said = "".join(live.said)
    assert [n for n in range(1, 13) if n not in (4, 5, 11) and f"step {n}, " not in said] == []
    release = live.stack.outputs()["release"].value
    assert live.root("which docker curl").split() == ["/usr/bin/docker", "/usr/bin/curl"]  # 2
    assert live.root("stat -c %a /var/lib/backstaff/services/hello/login/config.json").strip() == "600"  # 3
    image = live.stack.outputs()["image"].value
    assert re.fullmatch(r".+/hello-e2e-main-job@sha256:[0-9a-f]{64}", image)  # 4, 5
    assert image in live.root("docker image ls --digests --format {{.Repository}}@{{.Digest}}")  # 6
    env = json.loads(live.root(f"docker inspect hello-web-{release}"))[0]["Config"]["Env"]
    assert {"GREETING=Hello from the backstaff", "SECRET_KEY=change-me"} <= set(env)  # 7
    ports = live.root("docker port backstaff-traefik").splitlines()
    assert "80/tcp -> 0.0.0.0:80" in ports  # 8
    assert "5880/tcp -> 127.0.0.1:5880" in ports  # 8: private is private
    assert live.containers() == [f"hello-web-{release}", "backstaff-traefik"]  # 10
    assert "version 1.0" in live.get()  # 9
    assert "Hello from the backstaff" in live.get()


def test_nothing_runs_when_nothing_changed(live: Deployment) -> None:
    """A second `up` with nothing changed changes nothing and makes no SSH connection."""
    live.up()
    before = live.connections()
    result = live.up()
    assert set(result.changes) == {OpType.SAME}
    assert live.connections() - before == 1  # that of counting


def test_a_touched_file_is_no_change(live: Deployment) -> None:
    """A file that was written again with the same content rebuilds nothing."""
    live.up()
    live.set_version((live.app / "VERSION").read_text(encoding="utf-8").strip())
    assert set(live.preview().change_summary) == {OpType.SAME}


def test_preview_tells_what_up_does_and_touches_nothing(live: Deployment) -> None:
    """A preview of a changed app announces just what `up` then changes, and leaves the server alone."""
    live.up()
    live.set_version("1.1")
    containers, before = live.containers(), live.connections()
    announced = live.preview().change_summary
    assert live.connections() - before == 1  # that of counting
    assert live.containers() == containers
    done = live.up().changes
    assert announced == done
    assert "version 1.1" in live.get()


@pytest.mark.parametrize("keep_alive", [True, False], ids=["keep-alive", "a connection each"])
def test_no_request_is_lost_when_the_app_is_replaced(live: Deployment, *, keep_alive: bool) -> None:
    """Requests that run all through two deploys are all answered, by the old version or by the new one."""
    live.set_version("old")
    live.up()
    with Load(live.server.host, live.server.http_port, keep_alive=keep_alive) as load:
        for version in ("newer", "newest"):
            live.set_version(version)
            live.up()
    assert load.failures == []
    assert load.sent > 100
    seen = {version for body in load.bodies for version in re.findall(r"version (\w+)", body)}
    assert seen == {"old", "newer", "newest"}


def test_a_slow_request_ends_on_the_old_release(live: Deployment) -> None:
    """A request that takes longer than the deploy is answered by the release that took it."""
    live.set_version("slow-old")
    live.up()
    with Load(live.server.host, live.server.http_port, path="/slow?seconds=6", threads=2) as load:
        live.set_version("slow-new")
        live.up()
    assert load.failures == []
    assert "version slow-old after 6 s\n" in load.bodies
    assert "version slow-new" in live.get()


def test_a_release_that_is_never_healthy_fails_and_the_old_one_serves_on(live: Deployment) -> None:
    """A failing /up fails the `up`, says why, leaves the old release serving, and is announced again."""
    live.set_version("good")
    live.up()
    release, containers = live.stack.outputs()["release"].value, live.containers()
    source = (live.app / "app.py").read_text(encoding="utf-8")
    try:
        broken = source.replace('self.answer(200, "up\\n")', 'self.answer(503, "no database")')
        (live.app / "app.py").write_text(broken, encoding="utf-8")
        message = live.failing_up()
        assert "not healthy within 10 s: asked GET /up of host localhost through Traefik" in message
        assert "the last answer was 503: no database" in message
        assert "version good serves on port 8000" in message  # the candidate's own log
        assert f"release {release} serves on" in message
        assert live.containers() == containers
        assert "version good" in live.get()
        assert live.preview().change_summary[OpType.UPDATE] == 3
    finally:
        (live.app / "app.py").write_text(source, encoding="utf-8")
    live.up()
    assert "version good" in live.get()


def test_an_app_that_ends_at_once_is_told_at_once(live: Deployment) -> None:
    """A container that exits fails the `up` with its exit code and its last words, without waiting."""
    live.set_version("good")
    live.up()
    source = (live.app / "app.py").read_text(encoding="utf-8")
    try:
        (live.app / "app.py").write_text('raise SystemExit("no SECRET_BASE was given")\n', encoding="utf-8")
        message = live.failing_up()
    finally:
        (live.app / "app.py").write_text(source, encoding="utf-8")
    assert "the container ended before /up was healthy" in message
    assert "no SECRET_BASE was given" in message
    assert "exit code 1" in message
    assert "version good" in live.get()


def test_a_changed_env_is_a_new_release_of_the_same_image(live: Deployment) -> None:
    """A change of `.env` alone builds nothing and goes through the same gate and switch."""
    live.up()
    image = live.stack.outputs()["image"].value
    (live.app / ".env").write_text(
        'GREETING="Ahoy $USER # \'quoted\'"\nLINES="one\ntwo"\nEMPTY=\n', encoding="utf-8"
    )
    result = live.up()
    assert live.stack.outputs()["image"].value == image
    assert result.changes[OpType.UPDATE] == 4
    assert "Ahoy $USER # &#x27;quoted&#x27;" in live.get()
    release = result.outputs["release"].value
    env = json.loads(live.root(f"docker inspect hello-web-{release}"))[0]["Config"]["Env"]
    assert {"LINES=one\ntwo", "EMPTY="} <= set(env)


def test_no_secret_is_in_the_state_or_in_what_was_printed(live: Deployment) -> None:
    """Neither the state nor any output holds a variable's value, the password or the private key."""
    (live.app / ".env").write_text("GREETING=Hello\nSECRET_KEY=zebra-4711-crossing\n", encoding="utf-8")
    live.preview()
    said = live.said
    live.up()
    state = (live.workspace.folder / ".pulumi" / "stacks" / "backstaff" / "e2e.json").read_text(
        encoding="utf-8"
    )
    text = state + "".join(said + live.said)
    assert "hello-web" in state
    assert "zebra-4711-crossing" not in text
    assert base64.b64encode(b"zebra-4711-crossing").decode() not in text  # as it travels
    assert "PRIVATE KEY" not in text
    assert live.workspace.environment[PASSWORD_VARIABLE] not in text


def test_a_wrong_password_is_refused_before_the_app_is_touched(live: Deployment) -> None:
    """A registry that refuses the login fails step 3, naming registry and user, and the app serves on."""
    live.set_version("before")
    live.up()
    live.set_version("after")
    right = live.workspace.environment[PASSWORD_VARIABLE]
    live.workspace.environment[PASSWORD_VARIABLE] = "wrong"
    try:
        message = live.failing_up()
    finally:
        live.workspace.environment[PASSWORD_VARIABLE] = right
    assert f"the registry {live.config['registry']['server']} refused" in message
    assert "step 3, log in" in message
    assert "version before" in live.get()
    live.up()
    assert "version after" in live.get()


def test_the_app_serves_again_after_a_reboot(live: Deployment) -> None:
    """A server that is rebooted serves the same release again, without an `up`."""
    live.up()
    page = live.get()
    box.reboot(live.server.name)
    live.root(
        "for i in $(seq 300); do curl -sf -o /dev/null http://127.0.0.1/up && exit 0; sleep 0.1; done; exit 1"
    )
    assert live.get() == page


def test_destroy_leaves_nothing_of_ours(live: Deployment) -> None:
    """After `destroy` no container, image, network or file of ours is on the server; Docker is."""
    live.up()
    live.stack.destroy(color="never")
    assert live.containers() == []
    assert live.root("docker image ls --quiet") == ""
    assert live.root('docker network ls --filter name=backstaff --format "{{.Name}}"') == ""
    assert live.root("ls -A /var/lib | grep backstaff || true") == ""
    assert live.root("docker info --format {{.ServerVersion}}")
