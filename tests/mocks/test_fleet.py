"""Roles and several servers in the graph: who waits for whom, in how many waves, at what cost."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.mocks.conftest import configured
from tests.mocks.graph import Graph, run_program

WEB1, WEB2, JOB = "203.0.113.1", "203.0.113.2", "203.0.113.3"
ROLES = {
    "web": [WEB1, WEB2],
    "job": {"hosts": [WEB2, JOB], "cmd": "bin/jobs", "options": {"memory": "1g"}, "env": {"QUEUE": "mail"}},
    "clock": {"hosts": [JOB], "cmd": "bin/clock", "stop_first": True, "stop_timeout": 5},
}
REMOTE = "command:remote:Command"


def fleet(folder: Path, **changes: Any) -> Graph:  # noqa: ANN401 - of any shape
    """Run the program with three servers and three roles."""
    return run_program(configured(folder, **{"servers": ROLES} | changes))


@pytest.fixture(scope="module")
def roles(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """Run it once."""
    return fleet(tmp_path_factory.mktemp("fleet"))


def steps(graph: Graph, ending: str) -> set[str]:
    """Name the steps of one kind."""
    return {one.name for one in graph.of_type(REMOTE) if one.name.endswith(f"-{ending}")}


def test_each_role_runs_on_its_servers(roles: Graph) -> None:
    """Start each role where it belongs, and a proxy only where one serves."""
    places = [f"web-{WEB1}", f"web-{WEB2}", f"job-{WEB2}", f"job-{JOB}", f"clock-{JOB}"]
    for kind in ("candidate", "cutover", "retire", "env"):
        assert steps(roles, kind) == {f"hello-{place}-{kind}" for place in places}
    assert steps(roles, "traefik") == {f"hello-{host}-traefik" for host in (WEB1, WEB2)}
    assert len(steps(roles, "docker")) == 3


def test_no_server_switches_before_all_candidates_are_healthy(roles: Graph) -> None:
    """Leave every server on the old release when one of them fails; retire none before all have switched."""
    candidates, cutovers = steps(roles, "candidate"), steps(roles, "cutover")
    for cutover in cutovers:
        assert candidates <= roles.before(cutover)
        assert not cutovers & roles.before(cutover)
    for retire in steps(roles, "retire"):
        assert cutovers <= roles.before(retire)
        assert not steps(roles, "retire") & roles.before(retire)


def test_a_role_that_leaves_is_torn_down_in_order(roles: Graph) -> None:
    """Hang each switch on its own candidate, and not only on the phase, which stays when a role leaves."""
    urns = {one.name: one.urn for one in roles.resources if one.is_custom}
    for cutover in steps(roles, "cutover"):
        own = urns[cutover.removesuffix("cutover") + "candidate"]
        assert own in roles.named(cutover).depends_on


def test_the_primary_role_goes_first(roles: Graph) -> None:
    """Start workers once the new release has proved itself where requests come; no role waits for itself."""
    web = {f"hello-web-{WEB1}-candidate", f"hello-web-{WEB2}-candidate"}
    for one in steps(roles, "candidate"):
        before = roles.before(one) & steps(roles, "candidate")
        assert before == (set() if one in web else web), one


def test_a_worker_is_gated_without_the_proxy(roles: Graph) -> None:
    """Tell its script how long to stay up, and whether two may run at once; give it no route."""
    job, clock = roles.named(f"hello-job-{JOB}-candidate"), roles.named(f"hello-clock-{JOB}-candidate")
    assert " --readiness-delay 7 --deploy-timeout 30 --stop-first no -- " in job.inputs["create"]
    assert job.inputs["create"].endswith(" --memory=1g -- bin/jobs")
    assert " --stop-first yes -- " in clock.inputs["create"]
    for name in (job.name, f"hello-job-{JOB}-cutover"):
        assert roles.named(name).plain("stdin") is None
    assert " --stop-timeout 30 " in roles.named(f"hello-job-{JOB}-cutover").inputs["create"]
    assert " --stop-timeout 5 " in roles.named(f"hello-clock-{JOB}-cutover").inputs["create"]
    assert " --stop-timeout 10 " in roles.named(f"hello-web-{WEB1}-retire").inputs["create"]


def test_a_release_has_one_id_everywhere(roles: Graph) -> None:
    """Name the release alike on every server, whatever differs between roles: so it can be brought back."""
    lines = [roles.named(name).inputs["create"] for name in steps(roles, "candidate")]
    ids = {found[1] for line in lines if (found := re.search(r" --release (\S+)", line))}
    envs = {found[1] for line in lines if (found := re.search(r" --env (\S+)", line))}
    assert (len(ids), len(envs)) == (1, 2)


def test_waves_follow_each_other(tmp_path: Path) -> None:
    """Do all of one wave before anything of the next, and wait between the two."""
    hosts = [f"203.0.113.{number}" for number in range(1, 6)]
    graph = fleet(tmp_path, servers=hosts, boot={"limit": "40%", "wait": 9})
    waves = [hosts[:2], hosts[2:4], hosts[4:]]
    for number, wave in enumerate(waves):
        earlier = {f"hello-web-{host}-retire" for group in waves[:number] for host in group}
        for host in wave:
            candidate = graph.named(f"hello-web-{host}-candidate")
            assert graph.before(candidate.name) & steps(graph, "retire") == earlier
            assert (" --boot-wait 9 " in candidate.inputs["create"]) == bool(number)
            healthy = {f"hello-web-{one}-candidate" for group in waves[: number + 1] for one in group}
            assert graph.before(f"hello-web-{host}-cutover") & steps(graph, "candidate") == healthy


@pytest.mark.parametrize(("limit", "sizes"), [(None, [5]), (3, [3, 2]), ("1", [1] * 5), ("10%", [1] * 5)])
def test_a_limit_is_a_number_or_a_share(tmp_path: Path, limit: object, sizes: list[int]) -> None:
    """Take at least one server at a time."""
    hosts = [f"203.0.113.{number}" for number in range(1, 6)]
    graph = fleet(tmp_path, servers=hosts, boot={"limit": limit} if limit else {})
    before = [len(graph.before(f"hello-web-{host}-candidate") & steps(graph, "cutover")) for host in hosts]
    assert before == [start for start, size in zip(starts(sizes), sizes, strict=True) for _ in range(size)]


def starts(sizes: list[int]) -> list[int]:
    """Sum up what comes before each."""
    return [sum(sizes[:number]) for number in range(len(sizes))]


def test_the_graph_grows_with_the_servers(tmp_path: Path) -> None:
    """Add the same few resources, and the same few dependencies, for every further server."""
    sizes = []
    for number in (1, 2, 10, 50):
        folder = tmp_path / str(number)
        folder.mkdir()
        hosts = [f"203.0.113.{one}" for one in range(1, number + 1)]
        graph = fleet(folder, servers=hosts)
        sizes.append((len(graph.resources), sum(len(one.depends_on) for one in graph.resources)))
    for one, two, ten, fifty in zip(*sizes, strict=True):
        assert fifty - two == (ten - two) / 8 * 48
        assert one < two < 3 * one
    assert (sizes[-1][0] - sizes[1][0]) / 48 <= 17


def test_a_worker_alone_needs_no_proxy(tmp_path: Path) -> None:
    """Deploy an app that serves nobody, such as a bot: no Traefik, no address."""
    graph = fleet(tmp_path, servers={"web": {"hosts": [WEB1], "proxy": False}})
    assert not steps(graph, "traefik")
    assert "url" not in graph.outputs
    assert "release" in graph.outputs
    assert " start-worker " in graph.named(f"hello-web-{WEB1}-candidate").inputs["create"].replace("/", " ")


def test_a_rollback_is_found_everywhere_first(tmp_path: Path) -> None:
    """Start nothing before every role has found what it is to go back to."""
    graph = fleet(tmp_path, rollback="previous")
    assert len(steps(graph, "rollback")) == 5
    for one in steps(graph, "candidate"):
        assert steps(graph, "rollback") <= graph.before(one)


def test_an_accessory_can_have_a_server_of_its_own(tmp_path: Path) -> None:
    """Make that server ready too, with Docker and without what only releases need; the app waits for it."""
    graph = fleet(tmp_path, accessories={"db": {"image": "postgres:17", "host": "203.0.113.9"}})
    assert len(steps(graph, "docker")) == 4
    accessory = "hello-db-203.0.113.9-accessory"
    assert not [name for name in steps(graph, "env") | steps(graph, "traefik") if "203.0.113.9" in name]
    for one in steps(graph, "candidate"):
        assert accessory in graph.before(one)


def test_every_server_is_told(roles: Graph) -> None:
    """Export how to reach each server, and what each role runs there."""
    assert roles.outputs["host"] == WEB1
    assert set(roles.outputs["servers"]) == {WEB1, WEB2, JOB}
    assert roles.outputs["servers"][JOB]["ssh"].endswith(f"ubuntu@{JOB}")
    assert set(roles.outputs["servers"][JOB]["releases"]) == {"job", "clock"}
