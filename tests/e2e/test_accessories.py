"""What stands beside and around an app on real parts: a Redis with data in it, a migration, hooks, assets.

The tests of this file build on each other's server, in their order.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from pulumi.automation import OpType

from render.hooks import TOLD_SECRETS
from settings.hooks import HONOURED
from tools.toolchain import box

if TYPE_CHECKING:
    from tests.e2e.conftest import Deployment

pytestmark = pytest.mark.slow

SECRET = "db-password-3f9a"
LINES = "requirepass {}\nappendonly yes\n"
# A migration that counts how often it has run; one of a version called broken fails.
MIGRATE = """
import os, socket
from pathlib import Path
with socket.create_connection((os.environ["DB_HOST"], 6379), timeout=5) as server:
    server.sendall(b"AUTH %b\\r\\nINCR migrations\\r\\n" % os.environ["DB_PASSWORD"].encode())
    print("migrating", server.recv(100))
if "broken" in Path("VERSION").read_text():
    raise SystemExit("column gone: users.name")
"""
DOCKERFILE = """
COPY migrate.py .
USER 0
RUN mkdir assets && touch assets/app-$(cat VERSION).js
USER 65534:65534
"""
HOOK = """#!/bin/sh
echo "$(basename "$0") $KAMAL_SERVICE $KAMAL_DESTINATION ${TOKEN:-none} ${BACKSTAFF_FAILED:-}" >> ../hooks.log
if [ "$(basename "$0")" = post-deploy ]; then [ "$KAMAL_RUNTIME" -ge 1 ] && [ "$KAMAL_RUNTIME" -lt 300 ]; fi
"""
# Asks Redis from within the app, by the name that the settings give it.
ASK = """
import os, socket
with socket.create_connection((os.environ["DB_HOST"], 6379), timeout=5) as server:
    server.sendall(b"AUTH %b\\r\\nGET kept\\r\\n" % os.environ["DB_PASSWORD"].encode())
    text = b""
    while b"4711" not in text:
        text += server.recv(100) or exit(1)
"""


def write_hook(shop: Deployment, name: str, text: str) -> None:
    """Write a hook."""
    path = shop.app / ".kamal" / "hooks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def hooks_run(shop: Deployment) -> list[str]:
    """Take what the hooks have noted since the last time."""
    log = shop.workspace.folder / "hooks.log"
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    for line in lines:
        name, service, stack, token, *_ = line.split()
        assert (service, stack) == ("hello", "e2e")
        assert token == ("hook-token" if name in TOLD_SECRETS else "none")
    return [" ".join(line.split()[0::4]) for line in lines]


def migrations(shop: Deployment) -> int:
    """Tell how often the migration has run."""
    return int(shop.root("docker exec hello-db redis-cli get migrations"))


@pytest.fixture(scope="module")
def shop(deployment: Deployment, redis: str) -> Deployment:
    """The example with a Redis, whose password is a secret of both."""
    (deployment.app / "redis.conf").write_text(LINES.format(SECRET), encoding="utf-8")
    (deployment.app / "migrate.py").write_text(MIGRATE, encoding="utf-8")
    dockerfile = deployment.app / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text(encoding="utf-8") + DOCKERFILE, encoding="utf-8")
    for name in HONOURED:
        write_hook(deployment, name, HOOK)
    ignored = deployment.app / ".dockerignore"
    ignored.write_text(ignored.read_text(encoding="utf-8") + "redis.conf\n.kamal\n", encoding="utf-8")
    (deployment.app / ".env").write_text(
        f"DB_HOST=hello-db\nDB_PASSWORD={SECRET}\nPUBLIC_REGION=north\n", encoding="utf-8"
    )
    server, _, image = redis.partition("/")
    registry = deployment.config["registry"]
    assert registry["server"] == server
    db = {
        "image": image,
        "registry": registry,
        "cmd": "redis-server /etc/redis.conf",
        "port": 6379,
        "env": {"secret": ["REDISCLI_AUTH:DB_PASSWORD"]},
        "files": ["redis.conf:/etc/redis.conf:ro"],
        "directories": ["notes:/notes"],
        "healthcheck": {"cmd": "redis-cli ping | grep PONG"},
        "stop_timeout": 5,
    }
    deployment.configure(
        accessories={"db": db}, release_command="python3 migrate.py", secrets={"TOKEN": "hook-token"},
        asset_path="/app/assets",
    )  # fmt: skip
    deployment.set_version("1.0")
    deployment.up()
    deployment.root("docker exec hello-db redis-cli set kept 4711")
    deployment.root("docker exec hello-db sh -c 'echo mine > /notes/note'")
    return deployment


def change(shop: Deployment, **changes: Any) -> None:  # noqa: ANN401 - settings are of any shape
    """Change settings of the accessory."""
    shop.configure(accessories={"db": shop.config["accessories"]["db"] | changes})


def has_its_data(shop: Deployment) -> bool:
    """Look whether the database has what was written into it first, by way of the app."""
    release = shop.stack.outputs()["release"].value
    shop.root(f"docker exec hello-web-{release} python3 -c '{ASK}'")
    return shop.root("docker exec hello-db cat /notes/note") == "mine\n"


def started(shop: Deployment, container: str = "hello-db") -> str:
    """Tell since when a container runs, and which one it is."""
    return shop.root(f"docker inspect --format '{{{{.Id}}}} {{{{.State.StartedAt}}}}' {container}")


def test_the_app_reaches_it_by_name_and_no_one_else_does(shop: Deployment) -> None:
    """It was ready before the app started, is bound to the loopback, and no secret lies open."""
    said = "".join(shop.said)
    assert has_its_data(shop)
    assert said.index("hello-db is ready: its check succeeds") < said.index("step 10, start: hello-web")
    assert shop.root("ss -Hltn 'sport = :6379'").split()[3] == "127.0.0.1:6379"
    assert SECRET not in said + json.dumps(shop.stack.export_stack().deployment)
    assert shop.root(f"grep -rl {SECRET} /etc /home /root /tmp 2>/dev/null || true") == ""


def test_the_hooks_were_run_in_their_order(shop: Deployment) -> None:
    """Each was run once at its place, with variables and secrets; the migration before the app started."""
    said = "".join(shop.said)
    ran = hooks_run(shop)
    assert ran.pop(ran.index("docker-setup")) == "docker-setup"
    assert ran == [
        "pre-connect", "pre-build", "pre-deploy", "pre-app-boot", "post-app-boot", "post-deploy",
    ]  # fmt: skip
    assert "migrating b" in said
    assert said.index("migrating b") < said.index("step 10, start: hello-web")
    assert migrations(shop) == 1


def test_a_deploy_of_the_app_leaves_it_alone(shop: Deployment) -> None:
    """Nothing to do is nothing done; another version of the app does not touch the database."""
    assert set(shop.up().changes) == {OpType.SAME}
    assert (hooks_run(shop), migrations(shop)) == ([], 1)
    before = started(shop)
    shop.set_version("1.1")
    planned = shop.preview().stdout
    for name in ("pre-connect", "pre-build", "pre-deploy", "post-deploy"):
        assert f"hello-{name}-hook" in planned
    assert "If a step fails, the hook on-failure is run." in planned
    assert hooks_run(shop) == []
    shop.up()
    assert "version 1.1" in shop.get()
    assert hooks_run(shop) == [
        "pre-connect", "pre-build", "pre-deploy", "pre-app-boot", "post-app-boot", "post-deploy",
    ]  # fmt: skip
    assert migrations(shop) == 2
    release = shop.stack.outputs()["release"].value
    assets = shop.root(f"docker exec hello-web-{release} ls /app/assets").split()
    assert assets == ["app-1.0.js", "app-1.1.js"]
    assert started(shop) == before
    assert has_its_data(shop)


def test_a_migration_that_fails_stops_the_deploy(shop: Deployment) -> None:
    """Its word is in the `up`, nothing was switched, and the hook for a failure was told what failed."""
    shop.set_version("broken")
    message = shop.failing_up()
    assert "column gone: users.name" in message
    assert "it ended with exit code 1; what it said is above. Nothing was switched; release " in message
    assert "version 1.1" in shop.get()
    assert hooks_run(shop) == ["pre-connect", "pre-build", "pre-deploy", "on-failure hello-release-command"]
    assert migrations(shop) == 3


def test_a_hook_that_fails_stops_the_deploy(shop: Deployment) -> None:
    """Its word is in the `up`, and nothing after it was done; the next `up` asks it again."""
    write_hook(shop, "pre-deploy", f"{HOOK}echo 'the tests are red'; exit 5\n")
    shop.set_version("1.2")
    message = shop.failing_up()
    assert "the tests are red" in message
    assert "hook pre-deploy: ended with exit code 5. The deploy stops here" in message
    assert "version 1.1" in shop.get()
    assert hooks_run(shop) == ["pre-connect", "pre-build", "pre-deploy", "on-failure hello-pre-deploy-hook"]
    assert migrations(shop) == 3
    write_hook(shop, "pre-deploy", HOOK)
    shop.up()
    assert "version 1.2" in shop.get()
    assert hooks_run(shop) == ["pre-deploy", "pre-app-boot", "post-app-boot", "post-deploy"]


def test_a_rollback_migrates_nothing(shop: Deployment) -> None:
    """An older release, and the newer one again, are brought back without their migrations."""
    before = migrations(shop)
    shop.configure(rollback="previous")
    shop.up()
    assert "version 1.1" in shop.get()
    assert hooks_run(shop) == ["pre-connect", "pre-deploy", "pre-app-boot", "post-app-boot", "post-deploy"]
    shop.config.pop("rollback")
    shop.configure()
    shop.up()
    assert "version 1.2" in shop.get()
    assert migrations(shop) == before
    hooks_run(shop)


def test_a_changed_setting_is_announced_and_keeps_the_data(shop: Deployment) -> None:
    """The preview says that the accessory changes and nothing else; the app's release stays."""
    app = f"hello-web-{shop.stack.outputs()['release'].value}"
    before, app_before = started(shop), started(shop, app)
    change(shop, options={"memory": "200m"})
    (shop.app / "redis.conf").write_text(LINES.format(SECRET) + "maxmemory 50mb\n", encoding="utf-8")
    planned = shop.stack.preview(diff=True, color="never")
    names = set(re.findall(r"::(hello-[a-z0-9.-]+)\]", planned.stdout))
    assert {name for name in names if not name.endswith("-hook")} == {
        f"hello-db-{shop.server.host}-accessory"
    }
    assert "--memory=200m" in planned.stdout
    assert started(shop) == before

    shop.up()
    assert started(shop) != before
    assert shop.root("docker exec hello-db redis-cli config get maxmemory").split()[1] == str(50 * 1024**2)
    assert started(shop, app) == app_before
    assert has_its_data(shop)


def test_one_that_fails_changes_nothing(shop: Deployment) -> None:
    """A setting that cannot work fails the `up` before the app is touched; both serve on as they were."""
    change(shop, cmd="redis-server --no-such-thing")
    shop.set_version("not served")
    message = shop.failing_up()
    assert "ended before it was ready" in message
    assert "hello-db runs again as before" in message
    assert "version 1.2" in shop.get()
    assert has_its_data(shop)
    change(shop, cmd="redis-server /etc/redis.conf")
    shop.set_version("1.2")
    shop.up()


def test_a_reboot_changes_nothing(shop: Deployment) -> None:
    """Both are there again by themselves."""
    box.reboot(shop.server.name)
    for _ in range(100):
        if shop.root("docker exec hello-db redis-cli ping 2>&1 || true") == "PONG\n":
            break
    assert has_its_data(shop)


def test_destroy_keeps_the_data_unless_asked(shop: Deployment) -> None:
    """What it held is there at the next `up`; with `remove_data` it goes, and nothing of ours is left."""
    shop.said = []
    shop.stack.destroy(on_output=shop.said.append, color="never")
    assert "its directories stay in /var/lib/backstaff/data/hello/db" in "".join(shop.said)
    assert shop.containers() == []
    assert shop.root("ls /var/lib/backstaff") == "data\n"
    change(shop, remove_data=True)
    shop.up()
    assert has_its_data(shop)

    shop.stack.destroy(color="never")
    assert shop.containers() == []
    assert shop.root("docker volume ls --quiet; docker image ls --quiet") == ""
    assert shop.root("ls -A /var/lib | grep backstaff || true") == ""
