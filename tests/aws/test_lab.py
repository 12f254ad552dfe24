"""From an empty Learner Lab account to a served page, through the lab's hours, and back to nothing.

The tests build on each other's server.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from pulumi.automation import OpType

from tests.aws.conftest import Lab
from tests.aws.program import CALLER
from tools.demo.parts import Parts
from tools.demo.workspace import CHECKOUT, Workspace
from tools.offline_plugins.aws.account import Account

pytestmark = pytest.mark.slow


def test_the_stack_that_comes_with_the_program_shows_its_whole_plan(account: Account, tmp_path: Path) -> None:
    """Preview `Pulumi.dev.yaml` as it is, in an account that has nothing but what the lab gives."""
    account.forget()
    (tmp_path / ".ssh").mkdir()
    account.make_lab_key(tmp_path / ".ssh" / "labsuser.pem")
    written = yaml.safe_load((CHECKOUT / "Pulumi.dev.yaml").read_text(encoding="utf-8"))["config"]
    config = {key.removeprefix("backstaff:"): value for key, value in written.items()}
    environment = {**account.environment, "HOME": str(tmp_path), "BACKSTAFF_OWN_ADDRESS": CALLER}
    workspace = Workspace(tmp_path / "project", "dev", config, environment)
    (workspace.folder / "examples").symlink_to(CHECKOUT / "examples")
    said: list[str] = []
    workspace.stack().preview(on_output=said.append, color="never")

    for name in (
        "firewall",
        "1-instance",
        "1-address",
        "1-host-key",
        "1-docker",
        "1-prepared",
        "web-hello-1-env",
    ):
        assert re.search(rf"\+ .*hello-{name} +create", "".join(said)), name
    for name in (
        "image",
        "hello-1-traefik",
        "hello-1-transfer",
        "web-hello-1-candidate",
        "web-hello-1-retire",
    ):
        assert re.search(rf"\+ .*hello-{name} +create", "".join(said)), name
    assert account.left() == []


def test_a_preview_of_an_empty_account_shows_the_whole_plan(lab: Lab) -> None:
    """Before anything is there, every resource from the security group to the switch is announced."""
    lab.preview()

    said = "".join(lab.said)
    for name in ("hello-firewall", "hello-1-instance", "hello-1-address", "hello-web-hello-1-cutover"):
        assert re.search(rf"\+ .*{name} +create", said), name
    assert lab.account.left() == []


def test_what_aws_refuses_is_told_in_the_users_words_and_leaves_nothing_behind(lab: Lab) -> None:
    """An `up` that fails half-way says what AWS's error means, and `destroy` takes all of it away."""
    lab.account.failures["RunInstances"] = ("VcpuLimitExceeded", "You have requested more vCPU capacity")
    try:
        message = lab.failing_up()
    finally:
        lab.account.failures.clear()

    assert "api error VcpuLimitExceeded: You have requested more vCPU capacity" in message
    assert "step 0, provision hello-1-instance: the account's quota of servers is used up" in message
    assert lab.account.left() != []
    lab.stack.destroy(color="never")
    assert lab.account.left() == []


def test_the_first_up_serves_the_page_from_a_new_server(lab: Lab) -> None:
    """One `up` makes the server and all that is on it."""
    lab.up()

    assert "version" in lab.get()
    (server,) = lab.account.instances()
    assert server["InstanceType"] == "t3.small"
    assert server["MetadataOptions"]["HttpTokens"] == "required"
    (volume,) = lab.account.client("ec2").describe_volumes()["Volumes"]
    assert (volume["VolumeType"], volume["Encrypted"], volume["Size"]) == ("gp3", True, 16)
    assert "Unattended-Upgrade::Automatic-Reboot" in lab.root("cat /etc/apt/apt.conf.d/60backstaff")


def test_nothing_changes_when_nothing_changed(lab: Lab) -> None:
    """A second `up` changes nothing."""
    assert set(lab.up().changes) == {OpType.SAME}


def test_a_lab_restart_changes_nothing_with_an_elastic_ip(lab: Lab) -> None:
    """After the lab's end and its new start the page is there again, by itself, at the same address."""
    before = lab.address
    lab.account.end_lab()
    lab.account.start_lab()

    assert set(lab.up().changes) == {OpType.SAME}
    assert lab.address == before
    lab.root(
        "for i in $(seq 300); do curl -sf -o /dev/null http://127.0.0.1/up && exit 0; sleep 0.1; done; exit 1"
    )
    assert "version" in lab.get()


def test_a_changed_instance_type_keeps_the_server(lab: Lab) -> None:
    """Another size stops and starts the server; its disk and address stay."""
    before = lab.address
    (old,) = lab.account.instances()
    lab.configure(instance_type="t3.micro")
    changed = lab.up().changes

    (server,) = lab.account.instances()
    assert (server["InstanceId"], server["InstanceType"]) == (old["InstanceId"], "t3.micro")
    assert changed == {OpType.SAME: changed[OpType.SAME], OpType.UPDATE: 1}
    assert lab.address == before


def test_another_image_is_another_server_with_all_that_belongs_on_it(lab: Lab) -> None:
    """A server that is replaced gets every step anew; the address moves, and the old one is gone."""
    before = lab.address
    (old,) = lab.account.instances()
    lab.configure(ubuntu="26.04")
    lab.up()

    (server,) = lab.account.instances()
    assert server["InstanceId"] != old["InstanceId"]
    assert lab.address == before
    assert "version" in lab.get()


def test_a_changed_app_is_deployed_and_the_server_stays(lab: Lab) -> None:
    """A new version of the app touches nothing of what was provisioned."""
    (before,) = lab.account.instances()
    (lab.app / "VERSION").write_text("2.0\n", encoding="utf-8")
    changed = lab.up().changes

    assert "version 2.0" in lab.get()
    assert OpType.CREATE not in changed
    assert OpType.REPLACE not in changed
    assert lab.account.instances() == [before]


def test_an_image_goes_through_ecr(lab: Lab, parts: Parts) -> None:
    """Push to a repository that is made for it, pull with a token, and change nothing without a new image."""
    lab.account.registry = (parts.registry.server, parts.registry.username, parts.password)
    lab.config["registry"] = "ecr"
    lab.configure()
    (lab.app / "VERSION").write_text("by ecr\n", encoding="utf-8")
    lab.up()

    assert "version by ecr" in lab.get()
    (repository,) = lab.account.client("ecr").describe_repositories()["repositories"]
    assert repository["repositoryName"] == "hello"
    assert parts.password not in "".join(lab.said)
    assert set(lab.up().changes) == {OpType.SAME}


def test_without_an_elastic_ip_a_lab_restart_is_followed(lab: Lab) -> None:
    """The next `up` finds the new address on the same server; the host key that was learnt still counts."""
    lab.configure(elastic_ip=False)
    lab.up()
    before = lab.address
    (server,) = lab.account.instances()
    lab.account.end_lab()
    lab.stack.refresh(color="never")
    lab.account.start_lab()
    lab.up()

    assert lab.address != before
    assert [one["InstanceId"] for one in lab.account.instances()] == [server["InstanceId"]]
    assert "version" in lab.get()
    key = lab.root('cut -d" " -f1,2 /etc/ssh/ssh_host_ed25519_key.pub').strip()
    assert key.startswith("ssh-ed25519 ")
    lab.root('ssh-keygen -q -t ed25519 -N "" -f /root/other && cp /root/other /etc/ssh/ssh_host_ed25519_key')
    lab.account.end_lab()
    lab.account.start_lab()
    assert "shows another host key than it had at its last address" in lab.failing_up()


def test_destroy_leaves_nothing_and_asks_no_server(lab: Lab) -> None:
    """With its servers out of reach, `destroy` still takes everything away."""
    lab.account.end_lab()
    lab.stack.destroy(color="never")

    assert lab.account.left() == []
