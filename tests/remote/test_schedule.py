"""Jobs by the calendar, on a real systemd: once each, never cut nor doubled by a swap."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from render.env_file import env_lines

if TYPE_CHECKING:
    from tests.remote.conftest import Outcome, Server

pytestmark = pytest.mark.slow

EVERY_SECOND = "*:*:*"
NEVER = "2100-01-01"
# Takes three seconds, and counts when it began and when it ended.
SLOW = 'echo "$VERSION began" >> /log/runs; sleep 3; echo "$VERSION ended" >> /log/runs'


def at(calendar: str, script: str) -> tuple[str, ...]:
    """Write a job that runs a shell script."""
    return calendar, "sh", "-c", script


def lines(**jobs: tuple[str, ...]) -> str:
    """Write jobs, each a calendar and the words of a command, as they are sent."""
    return "\n".join(
        " ".join([name, *(base64.b64encode(word.encode()).decode() for word in job)])
        for name, job in jobs.items()
    )


class Cron:
    """The role `cron` of the service `shop`, driven by its scripts as a deploy drives them."""

    def __init__(self, server: Server, image: str) -> None:
        """Take the server and the app's image."""
        self.server = server
        self.image = image

    def start(self, release: str, **jobs: tuple[str, ...]) -> Outcome:
        """Lay a release's jobs down."""
        options = ("--user=0", "--volume", "shop-log:/log", "--env", f"VERSION={release}")
        return self.server.step(
            "start-schedule", lines(**jobs), *options, service="shop", role="cron", release=release,
            image=self.image, env="e1",
        )  # fmt: skip

    def switch(self, release: str) -> Outcome:
        """Have them run from now on."""
        return self.server.step("switch-schedule", "", service="shop", role="cron", release=release)

    def retire(self, release: str) -> Outcome:
        """Delete the oldest."""
        return self.server.step(
            "retire-releases", service="shop", role="cron", release=release, env="e1", drain_timeout=1,
            stop_timeout=1, retain=1,
        )  # fmt: skip

    def deploy(self, release: str, **jobs: tuple[str, ...]) -> Outcome:
        """Replace the live release, whole."""
        started, switched, retired = self.start(release, **jobs), self.switch(release), self.retire(release)
        assert (started.status, switched.status, retired.status) == (0, 0, 0), (started, switched, retired)
        return switched

    def runs(self) -> list[str]:
        """Read what the jobs have written."""
        file = "/var/lib/docker/volumes/shop-log/_data/runs"
        return self.server.root(f"cat {file} 2>/dev/null || true").splitlines()

    def timers(self) -> list[str]:
        """List the timers that systemd knows."""
        shown = self.server.root("systemctl list-timers --all --no-legend --plain 'backstaff-*'")
        return sorted(line.split()[-2] for line in shown.splitlines())


@pytest.fixture
def cron(docker_server: Server, app_image: str) -> Iterator[Cron]:
    """A server without jobs."""
    env = docker_server.step("write-env", env_lines({"A": "1"}), service="shop", role="cron", env="e1")
    assert env.status == 0, env.text
    yield Cron(docker_server, app_image)
    for script in ("remove-route", "remove-releases"):
        more = {"stop_timeout": 1} if script == "remove-releases" else {}
        gone = docker_server.step(script, service="shop", role="cron", **more)
        assert gone.status == 0, gone.text
    docker_server.root("docker volume rm --force shop-log")
    left = "ls /etc/systemd/system/backstaff-* /var/lib/backstaff/services/shop/schedule 2>/dev/null || true"
    assert docker_server.root(left) == ""
    assert docker_server.root("docker ps --all --quiet --filter label=backstaff.job-of=cron") == ""


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something that comes by itself."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it has not come"
        time.sleep(0.2)


def test_a_job_runs_by_the_calendar_and_its_result_is_kept(cron: Cron) -> None:
    """Each timer starts its job, with the role's options and variables; the last run can be looked at."""
    script = "echo ran >> /log/runs; echo said; exit 3"
    told = cron.deploy("r1", often=at(EVERY_SECOND, script), never=at(NEVER, "x"))
    assert "job never: next Fri 2100-01-01 00:00:00" in told.text
    assert "last run: none yet" in told.text
    assert cron.timers() == ["backstaff-shop-cron-never.timer", "backstaff-shop-cron-often.timer"]
    wait_until(lambda: len(cron.runs()) >= 2)
    # From here on none begins, so that what the last one left is there to be looked at.
    cron.deploy("r2", often=at(NEVER, script))
    wait_until(lambda: "last run: exit code 3, began 20" in cron.switch("r2").text)
    assert cron.server.root("docker inspect --format '{{.State.ExitCode}}' shop-cron-often") == "3\n"
    assert cron.server.root("docker logs shop-cron-often") == "said\n"
    assert "said" in cron.server.root("journalctl --no-pager --unit backstaff-shop-cron-often")


def test_a_job_that_cannot_begin_is_told(cron: Cron) -> None:
    """Docker creates a container for a command that is not there, and says when it started: in the year 1."""
    lost = "no-such-command"
    cron.deploy("r1", lost=(EVERY_SECOND, lost))
    wait_until(lambda: cron.server.root("docker ps --all --quiet --filter name=shop-cron-lost"))
    cron.deploy("r2", lost=(NEVER, lost))
    wait_until(lambda: "last run: exit code 127, could not begin" in cron.switch("r2").text)


def test_a_run_that_has_no_container_yet_is_about_to_begin(cron: Cron) -> None:
    """What systemd has started counts, from its first moment."""
    cron.deploy("r1", one=at(NEVER, "true"))
    service = "backstaff-shop-cron-one.service"
    folder = f"/run/systemd/system/{service}.d"
    cron.server.root(f"mkdir -p {folder}; printf '[Service]\nExecStartPre=sleep 100\n' > {folder}/late.conf")
    try:
        cron.server.root(f"systemctl daemon-reload; systemctl start --no-block {service}")
        assert "last run: about to begin" in cron.switch("r1").text
    finally:
        cron.server.root(f"systemctl stop {service}; rm -r {folder}; systemctl daemon-reload")
    assert "last run: none yet" in cron.switch("r1").text


def test_a_swap_neither_cuts_nor_doubles_a_job(cron: Cron) -> None:
    """What runs ends, under the old release; no second one is started; then the new one's turn comes."""
    cron.deploy("r1", slow=at(EVERY_SECOND, SLOW))
    wait_until(cron.runs)
    under_way = "job slow: next when it has ended; last run: under way since 20"
    wait_until(lambda: under_way in cron.switch("r1").text)
    cron.deploy("r2", slow=at(EVERY_SECOND, SLOW))
    cron.deploy("r3", slow=at(EVERY_SECOND, SLOW))
    wait_until(lambda: "r3 ended" in cron.runs())
    runs = cron.runs()
    assert runs[:2] == ["r1 began", "r1 ended"]
    pairs = list(zip(runs[::2], runs[1::2], strict=False))
    assert all(first.replace("began", "ended") == second for first, second in pairs), runs


def test_a_job_that_is_taken_out_is_not_run_any_more(cron: Cron) -> None:
    """Its timer goes; one whose calendar changes is run by the new one."""
    cron.deploy("r1", one=at(NEVER, "true"), other=at(NEVER, "true"))
    told = cron.deploy("r2", one=at("2101-01-01", "true"))
    assert cron.timers() == ["backstaff-shop-cron-one.timer"]
    assert "job one: next Sat 2101-01-01 00:00:00" in told.text
    undone = cron.server.step("undo-switch", service="shop", role="cron", release="r2", stop_timeout=1)
    assert undone.text.splitlines()[-1] == "live=r1"
    assert len(cron.timers()) == 2
    assert cron.retire("r2").status == 0
    assert cron.timers() == ["backstaff-shop-cron-one.timer"]


def test_a_calendar_that_systemd_does_not_understand_is_refused(cron: Cron) -> None:
    """Say which job and how to try it, before anything is touched."""
    refused = cron.start("r1", report=at("every day", "true"))
    assert refused.status == 1
    assert "the job report has a calendar that systemd does not understand: every day" in refused.text
    assert "systemd-analyze calendar 'every day'" in refused.text
    assert cron.server.root("docker ps --all --quiet --filter label=backstaff.role=cron") == ""


def test_a_role_that_becomes_a_worker_has_no_timers(cron: Cron) -> None:
    """Take the jobs away when something that stays up comes in their place."""
    cron.deploy("r1", one=at(NEVER, "true"))
    started = cron.server.step(
        "start-worker", "", "--", "sleep", "100", service="shop", role="cron", release="r2", image=cron.image,
        env="e1", readiness_delay=0, deploy_timeout=10, stop_first="no",
    )  # fmt: skip
    assert started.status == 0, started.text
    switched = cron.server.step(
        "switch-worker", "", service="shop", role="cron", release="r2", restart="no", stop_first="no",
        stop_timeout=1, readiness_delay=0, deploy_timeout=10,
    )  # fmt: skip
    assert switched.status == 0, switched.text
    assert cron.timers() == []
