"""The scripts of a role without a proxy: gated by staying up, never two at once where that was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from render.env_file import env_lines

if TYPE_CHECKING:
    from tests.remote.conftest import Outcome, Server

pytestmark = pytest.mark.slow

# A worker that ends what it has begun when it is told to, and says so.
WORKER = (
    "sh", "-c",
    "echo began; trap 'echo told; sleep 0.5; echo ended; exit 0' TERM; while true; do sleep 0.1; done",
)  # fmt: skip
CRASHES = ("sh", "-c", "echo no queue; exit 3")


class Jobs:
    """The role `job` of the service `shop`, driven by its scripts as a deploy drives them."""

    def __init__(self, server: Server, image: str) -> None:
        """Take the server and the app's image."""
        self.server = server
        self.image = image

    def start(
        self, release: str, *rest: str, stop_first: str = "no", options: tuple[str, ...] = (), delay: int = 1
    ) -> Outcome:
        """Start a candidate."""
        return self.server.step(
            "start-worker", "", *options, "--", *(rest or WORKER), service="shop", role="job",
            release=release, image=self.image, env="e1", readiness_delay=delay,
            deploy_timeout=10, stop_first=stop_first,
        )  # fmt: skip

    def switch(self, release: str, stop_first: str = "no") -> Outcome:
        """Make a release the live one."""
        return self.server.step(
            "switch-worker", "", service="shop", role="job", release=release, restart="unless-stopped",
            stop_first=stop_first, stop_timeout=5, readiness_delay=1, deploy_timeout=10,
        )  # fmt: skip

    def retire(self, release: str) -> Outcome:
        """End the releases before the live one."""
        return self.server.step(
            "retire-releases", service="shop", role="job", release=release, env="e1", drain_timeout=5,
            stop_timeout=5, retain=1,
        )  # fmt: skip

    def deploy(self, release: str, stop_first: str = "no") -> None:
        """Replace the live release, whole."""
        for outcome in (
            self.start(release, stop_first=stop_first),
            self.switch(release, stop_first),
            self.retire(release),
        ):
            assert outcome.status == 0, outcome.text

    def containers(self) -> dict[str, str]:
        """Tell each container's state by its release."""
        told = self.server.root(
            "docker ps --all --filter label=backstaff.service=shop "
            "--format '{{.Label \"backstaff.release\"}} {{.State}}'"
        )
        return dict(line.split() for line in told.splitlines())

    def log(self, release: str) -> list[str]:
        """Read what a release's container has said."""
        return self.server.root(f"docker logs shop-job-{release}").split()


@pytest.fixture
def jobs(docker_server: Server, app_image: str) -> Iterator[Jobs]:
    """A server on which no worker ever ran."""
    env = docker_server.step("write-env", env_lines({"A": "1"}), service="shop", role="job", env="e1")
    assert env.status == 0, env.text
    yield Jobs(docker_server, app_image)
    docker_server.step("remove-route", service="shop", role="job")
    gone = docker_server.step("remove-releases", service="shop", role="job", stop_timeout=1)
    assert gone.status == 0, gone.text
    docker_server.step("remove-env", service="shop", role="job")
    assert docker_server.root("ls -d /var/lib/backstaff/services/shop/env/job 2>/dev/null || true") == ""


def test_the_new_one_is_up_before_the_old_one_ends(jobs: Jobs) -> None:
    """Two run for a while; the old one is told to end, and ends what it has begun."""
    jobs.deploy("r1")
    started = jobs.start("r2")
    assert started.status == 0, started.text
    assert re.search(r"shop-job-r2 is ready: it stays up, after [1-9]\d* s", started.text), started.text
    assert jobs.containers() == {"r2": "running", "r1": "running"}
    switched = jobs.switch("r2")
    assert switched.text.splitlines()[-1] == "live=r2 previous=r1"
    assert jobs.retire("r2").status == 0
    assert jobs.containers() == {"r2": "running", "r1": "exited"}
    assert jobs.log("r1") == ["began", "told", "ended"]
    assert "is live already" in jobs.start("r2").text
    assert "unless-stopped" in jobs.server.root(
        "docker inspect -f '{{.HostConfig.RestartPolicy}}' shop-job-r2"
    )
    found = jobs.server.step("find-release", service="shop", role="job", release="previous")
    assert found.text.splitlines()[-1] == f"release=r1 image={jobs.image} env=e1 port=0"


def test_two_never_run_at_once_where_that_was_asked_for(jobs: Jobs) -> None:
    """The new one is only made; the old one ends; the new one starts. A published port can be taken so."""
    options = ("--publish", "9100:9100")
    assert jobs.start("r1", stop_first="yes", options=options).status == 0
    assert jobs.switch("r1", "yes").status == 0
    made = jobs.start("r2", stop_first="yes", options=options)
    assert "is made, and starts when the live one has stopped" in made.text
    assert jobs.containers() == {"r2": "created", "r1": "running"}
    switched = jobs.switch("r2", "yes")
    assert switched.status == 0, switched.text
    assert "stopping shop-job-r1, for two may not run at once" in switched.text
    assert jobs.containers() == {"r2": "running", "r1": "exited"}
    assert jobs.log("r1") == ["began", "told", "ended"]


def test_one_that_ends_is_taken_back(jobs: Jobs) -> None:
    """A worker that does not stay up is removed with its log told; the live one has not noticed."""
    jobs.deploy("r1")
    failed = jobs.start("r2", *CRASHES)
    assert failed.status == 1
    assert "  no queue\n" in failed.text
    assert "exit code 3" in failed.text
    assert (
        "shop-job-r2 ended before it was ready. The new release r2 was taken back; release r1 runs on."
        in (failed.text)
    )
    assert jobs.containers() == {"r1": "running"}
    assert jobs.log("r1") == ["began"]


def test_the_old_one_runs_again_when_the_new_one_does_not(jobs: Jobs) -> None:
    """Where the old one had to stop first, it comes back within the same step."""
    jobs.deploy("r1", "yes")
    assert jobs.start("r2", *CRASHES, stop_first="yes").status == 0
    failed = jobs.switch("r2", "yes")
    assert failed.status == 1
    assert "release r1 runs again" in failed.text
    assert jobs.containers() == {"r2": "exited", "r1": "running"}
    assert jobs.server.root("cat /var/lib/backstaff/services/shop/live-job") == "# release: r1\n"
    assert jobs.start("r3", stop_first="yes").status == jobs.switch("r3", "yes").status == 0
    assert jobs.retire("r3").status == 0
    assert jobs.containers() == {"r3": "running", "r1": "exited"}


def test_dockers_health_check_is_asked_where_there_is_one(jobs: Jobs) -> None:
    """Docker's own check decides, however long or short the container has been up."""
    check = ("--health-interval=100ms", "--health-cmd")
    slow = (*check, "test -e /tmp/ready")
    late = ("sh", "-c", "sleep 1; touch /tmp/ready; exec sleep 100")
    healthy = jobs.start("r1", *late, options=slow, delay=0)
    assert healthy.status == 0, healthy.text
    assert "is ready: Docker says that it is healthy" in healthy.text
    sick = jobs.start("r2", options=(*check, "exit 1"), delay=0)
    assert sick.status == 1
    assert "is not ready within 10 s: Docker says that it is unhealthy" in sick.text


def test_one_that_ended_after_the_gate_gets_a_second_trial(jobs: Jobs) -> None:
    """A switch starts it once more, waits again, and says what is missing where it is gone."""
    assert jobs.start("r1").status == 0
    jobs.server.root("docker stop --time 0 shop-job-r1")
    switched = jobs.switch("r1")
    assert "shop-job-r1 once more" in switched.text
    assert switched.status == 0
    gone = jobs.switch("r9")
    assert gone.status == 1
    assert "release r9 is not on this server, so nothing was changed; release r1 runs on" in gone.text


def test_the_next_servers_wait_their_turn(jobs: Jobs) -> None:
    """`boot.wait` passes before anything is done, and never for a release that is live."""
    arguments: dict[str, str | int] = {
        "service": "shop", "role": "job", "release": "r1", "image": jobs.image, "env": "e1",
        "readiness_delay": 0, "deploy_timeout": 10, "stop_first": "no", "boot_wait": 1,
    }  # fmt: skip
    first = jobs.server.step("start-worker", "", "--", *WORKER, **arguments)
    assert "waiting 1 s after the servers before (boot.wait)" in first.text
    jobs.switch("r1")
    assert "boot.wait" not in jobs.server.step("start-worker", "", "--", *WORKER, **arguments).text
