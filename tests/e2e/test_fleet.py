"""One app on three servers: roles, all or nothing, waves. The tests build on each other, in their order."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pulumi.automation import OpType

from tests.e2e.fleet import CUT_OFF, FILES, Fleet, address_of
from tools.demo.load import Load
from tools.demo.parts import PASSWORD_VARIABLE, Parts
from tools.demo.workspace import Workspace
from tools.toolchain import box
from tools.toolchain.boxes import Box

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def boxes() -> Iterator[list[Box]]:
    """Three bare servers."""
    names = [f"e2e-fleet-{number}" for number in (1, 2, 3)]
    for name in names:
        box.down(name)
    with ThreadPoolExecutor() as pool:
        yield list(pool.map(box.up, names))
    for name in names:
        box.down(name)


@pytest.fixture(scope="module")
def fleet(boxes: list[Box], parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """An app with two roles, ready for its first `up` on bare servers."""
    folder = tmp_path_factory.mktemp("project")
    app = folder / "app"
    app.mkdir()
    for name, text in FILES.items():
        (app / name).write_text(text, encoding="utf-8")
    # Side by side on one port, as servers are, and not on ports of this machine.
    servers = {address_of(one): one for one in boxes}
    first, second, third = servers
    base = parts.settings(boxes[0])
    config = base | {
        "app": "app",
        "service": "hello",
        "image": "hello-fleet",
        "servers": {
            "web": [first, second],
            "job": {"hosts": [second, third], "cmd": "python3 worker.py", "env": {"QUEUE": "mail"}},
        },
        "ssh": base["ssh"] | {"port": 22, "host_keys": {host: one.host_key for host, one in servers.items()}},
        "proxy": {"app_port": 8000},
        "volumes": ["/srv/flags:/flags"],
        "readiness_delay": 1,
        "deploy_timeout": 10,
    }
    # As docs/fleet.md advises for many servers.
    environment = {PASSWORD_VARIABLE: parts.password, "PULUMI_PARALLEL_DIFF": "true"}
    made = Fleet(servers, Workspace(folder, "e2e", config, environment), app, config)
    for host in made.hosts:
        made.flag(host)
    return made


def test_the_first_up_prepares_all_servers(fleet: Fleet) -> None:
    """Each server runs its roles, and nothing else: the proxy only where requests come."""
    first, second, third = fleet.hosts
    fleet.set_version("v1")
    outputs = fleet.up().outputs
    assert outputs["url"].value == f"http://{first}"
    assert [fleet.served(host) for host in fleet.hosts] == ["v1", "v1", ""]
    assert [fleet.running(host) for host in fleet.hosts] == [
        {"hello-web"}, {"hello-web", "hello-job"}, {"hello-job"},
    ]  # fmt: skip
    release = outputs["release"].value
    assert outputs["servers"].value[second]["releases"] == {"web": release, "job": release}
    assert "works on mail v1" in fleet.root(third, f"docker logs hello-job-{release}")
    assert "backstaff-traefik" not in fleet.root(third, "docker ps --all")
    assert fleet.stack.preview().change_summary.keys() == {OpType.SAME}


def test_a_new_release_loses_no_request_on_any_server(fleet: Fleet) -> None:
    """All servers serve the new release, the old workers have ended what they had begun."""
    first, second, third = fleet.hosts
    old = fleet.stack.outputs()["release"].value
    fleet.set_version("v2")
    with Load(first, 80) as one, Load(second, 80) as other:
        fleet.up()
    assert (one.failures, other.failures) == ([], [])
    assert [fleet.served(host) for host in (first, second)] == ["v2", "v2"]
    assert fleet.root(third, f"docker logs hello-job-{old}").endswith("told to end\n")
    assert fleet.running(third) == {"hello-job"}


def test_a_server_on_which_it_does_not_start_stops_all(fleet: Fleet) -> None:
    """No server switches and no worker is started where one candidate fails; the next `up` goes on."""
    first, second, third = fleet.hosts
    fleet.flag(second, "start")
    fleet.set_version("v3")
    said = fleet.failing_up()
    assert "told to fail at the start" in said
    assert [fleet.served(host) for host in (first, second)] == ["v2", "v2"]
    assert "works on mail v3" not in fleet.root(third, "docker ps -q | xargs docker logs")
    fleet.flag(second)
    fleet.up()
    assert [fleet.served(host) for host in (first, second)] == ["v3", "v3"]


def test_a_switch_that_fails_on_one_takes_the_others_back(fleet: Fleet) -> None:
    """Within the same `up` all serve the old release again, and it is said which; the next `up` mends it."""
    first, second, third = fleet.hosts
    old = fleet.stack.outputs()["release"].value
    fleet.flag(second, "public")
    fleet.set_version("v4")
    with Load(first, 80) as load:
        said = fleet.failing_up()
    assert load.failures == []
    assert [fleet.served(host) for host in (first, second)] == ["v3", "v3"]
    assert "does not serve on port 80" in said
    assert "The switch has failed on one server, so all are as they were:" in said
    assert f"web on {first}: release {old} serves" in said
    assert f"job on {third}: release {old} serves" in said
    assert f"web on {second}: was not switched; what serves there is told with its step" in said
    assert fleet.root(third, f"docker inspect --format '{{{{.State.Running}}}}' hello-job-{old}") == "true\n"
    fleet.flag(second)
    fleet.root(second, "docker restart $(docker ps -q --filter label=backstaff.role=web)")
    release = fleet.up().outputs["release"].value
    assert [fleet.served(host) for host in (first, second)] == ["v4", "v4"]
    assert [fleet.running(host) for host in fleet.hosts] == [
        {"hello-web"}, {"hello-web", "hello-job"}, {"hello-job"},
    ]  # fmt: skip
    assert "works on mail v4" in fleet.root(third, f"docker logs hello-job-{release}")
    assert fleet.stack.preview().change_summary.keys() == {OpType.SAME}


def test_waves_go_one_after_the_other(fleet: Fleet) -> None:
    """The first server is done before the second begins; a wave that fails stops those after it."""
    first, second, _ = fleet.hosts
    fleet.configure(boot={"limit": 1, "wait": 1})
    fleet.set_version("v5")
    fleet.flag(second, "start")
    assert "waiting 1 s after the servers before (boot.wait)" in fleet.failing_up()
    assert [fleet.served(host) for host in (first, second)] == ["v5", "v4"]
    fleet.flag(second)
    fleet.up()
    assert [fleet.served(host) for host in (first, second)] == ["v5", "v5"]
    fleet.configure(boot=None)


def test_a_rollback_goes_back_everywhere(fleet: Fleet) -> None:
    """Every server serves the release before again, workers too."""
    first, second, third = fleet.hosts
    fleet.configure(rollback="previous")
    release = fleet.up().outputs["release"].value
    assert [fleet.served(host) for host in (first, second)] == ["v4", "v4"]
    assert fleet.root(third, "docker ps --format '{{.Names}}'").split() == [f"hello-job-{release}"]
    fleet.configure(rollback=None)
    fleet.up()
    assert [fleet.served(host) for host in (first, second)] == ["v5", "v5"]


def test_a_server_that_is_out_of_reach_changes_no_other(fleet: Fleet) -> None:
    """It is named, and the others serve on; when it is back, the same `up` succeeds."""
    first, second, third = fleet.hosts
    fleet.set_version("v6")
    with fleet.dying(third):
        fleet.cut_off(third)
        said = fleet.failing_up()
    assert re.search(rf"{third}.*connection refused", said)
    assert [fleet.served(host) for host in (first, second)] == ["v5", "v5"]
    fleet.up()
    assert [fleet.served(host) for host in (first, second)] == ["v6", "v6"]


def test_a_server_that_dies_while_candidates_start_stops_all(fleet: Fleet) -> None:
    """Nothing is switched, what was half made there is in nobody's way, and the next `up` goes on."""
    first, second, _ = fleet.hosts
    fleet.flag(second, "slow")
    fleet.set_version("v7")
    with fleet.dying(second, rf"web-{second}-candidate.* waiting for /up"):
        said = fleet.failing_up()
    assert re.search(rf"hello-web-{second}-candidate", said)
    assert [fleet.served(host) for host in (first, second)] == ["v6", "v6"]
    fleet.flag(second)
    fleet.up()
    assert [fleet.served(host) for host in (first, second)] == ["v7", "v7"]


def test_a_server_that_dies_before_its_switch_takes_the_others_back(fleet: Fleet) -> None:
    """All serve the old release, the dead one too when it is back; it is said which was not switched."""
    first, second, third = fleet.hosts
    fleet.set_version("v8")
    with fleet.dying(first, rf"web-{first}-candidate.* /up answers 200"):
        said = fleet.failing_up()
    assert re.search(rf"{first}.*connection refused", said)
    assert f"web on {first}: was not switched" in said
    assert [fleet.served(host) for host in (first, second)] == ["v7", "v7"]
    release = fleet.up().outputs["release"].value
    assert [fleet.served(host) for host in (first, second)] == ["v8", "v8"]
    assert "works on mail v8" in fleet.root(third, f"docker logs hello-job-{release}")


def test_a_server_that_dies_before_the_end_serves_the_new_release(fleet: Fleet) -> None:
    """All have switched by then, so all go forward; the next `up` ends the old release there."""
    first, second, _ = fleet.hosts
    hook = fleet.app / ".kamal" / "hooks" / "post-app-boot"
    hook.parent.mkdir(parents=True)
    hook.write_text(f"#!/bin/sh\ndocker exec {fleet.box(second)} sh -c '{CUT_OFF}'\n", encoding="utf-8")
    hook.chmod(0o755)
    fleet.set_version("v9")
    with fleet.dying(second):
        said = fleet.failing_up()
    assert re.search(rf"hello-(web|job)-{second}-retire", said)
    assert [fleet.served(host) for host in (first, second)] == ["v9", "v9"]
    hook.unlink()
    fleet.up()
    assert [fleet.served(host) for host in (first, second)] == ["v9", "v9"]
    assert [fleet.running(host) for host in fleet.hosts] == [
        {"hello-web"}, {"hello-web", "hello-job"}, {"hello-job"},
    ]  # fmt: skip
    assert len(fleet.root(second, "docker ps --quiet").split()) == len({"traefik", "web", "job"})
    assert fleet.stack.preview().change_summary.keys() == {OpType.SAME}


def test_a_job_is_neither_cut_nor_doubled_by_a_swap(fleet: Fleet) -> None:
    """What runs ends under the old release, then it is the new one's turn; the `up` tells of the last."""
    *_, third = fleet.hosts
    servers = fleet.config["servers"]
    jobs = {"tick": {"calendar": "*:*:*", "cmd": "python3 tick.py"}}
    fleet.configure(servers=servers | {"cron": {"hosts": [third], "schedule": jobs}})
    fleet.set_version("v10")
    fleet.up()
    began = time.monotonic()
    while "v10 ended" not in (ticks := fleet.root(third, "cat /srv/flags/ticks 2>/dev/null || true")):
        assert time.monotonic() - began < 30, ticks
    fleet.set_version("v11")
    fleet.up()
    assert re.search(
        r"job tick: next .*; last run: ((exit code 0, began|under way since) 20|about to begin)",
        "".join(fleet.said),
    )
    while "v11 ended" not in (ticks := fleet.root(third, "cat /srv/flags/ticks")):
        assert time.monotonic() - began < 90, ticks
    runs = ticks.splitlines()
    pairs = list(zip(runs[::2], runs[1::2], strict=False))
    assert all(end == start.replace("began", "ended") for start, end in pairs), runs
    assert runs == sorted(runs, key=lambda run: run.split()[0] == "v11")
    fleet.configure(servers=servers)
    fleet.up()
    assert fleet.root(third, "ls /etc/systemd/system | grep backstaff || true") == ""


def test_another_service_stands_beside_it(fleet: Fleet, tmp_path: Path, parts: Parts) -> None:
    """It is served below a path of its own; what is routed to the first one is refused it, by name."""
    first, second, _ = fleet.hosts
    own: dict[str, Any] = {
        "service": "blog",
        "image": "blog-fleet",
        "servers": [first, second],
        "app": str(fleet.app),
    }
    own["ssh"] = fleet.config["ssh"] | {"host_keys": {}}
    workspace = Workspace(tmp_path, "e2e", fleet.config | own, {PASSWORD_VARIABLE: parts.password})
    blog = Fleet(fleet.servers, workspace, fleet.app, fleet.config | own)
    fleet.set_version("blog")
    said = blog.failing_up()
    assert "requests for */ are routed to hello-web on this server already" in said
    assert fleet.served(first) == "v11"
    blog.configure(proxy={"app_port": 8000, "path_prefix": "/blog"})
    assert blog.up().outputs["url"].value == f"http://{first}/blog"
    assert (fleet.served(first), fleet.served(first, "/blog/any")) == ("v11", "blog")
    blog.stack.destroy()
    assert (fleet.served(first), fleet.served(second)) == ("v11", "v11")
    fleet.set_version("v11")


def test_a_role_that_leaves_a_server_leaves_nothing(fleet: Fleet) -> None:
    """Its containers and variables go, those of the role that stays do not."""
    first, second, third = fleet.hosts
    fleet.configure(
        servers=fleet.config["servers"] | {"job": fleet.config["servers"]["job"] | {"hosts": [third]}}
    )
    fleet.up()
    assert fleet.running(second) == {"hello-web"}
    assert fleet.root(second, "ls /var/lib/backstaff/services/hello/env") == "web\n"
    assert [fleet.served(host) for host in (first, second)] == ["v11", "v11"]


def test_destroy_leaves_nothing_on_any_server(fleet: Fleet) -> None:
    """No container, image, network or file of ours is left."""
    fleet.stack.destroy()
    left = "docker ps --all --quiet; docker images --quiet; ls -d /var/lib/backstaff 2>/dev/null || true"
    for host in fleet.hosts:
        assert fleet.root(host, left) == ""
