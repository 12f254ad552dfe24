"""What the user reads when the account cannot be used as the settings say: in his words, before anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from components import own_address
from components.aws_words import explain
from tests.aws.program import config, new_key, refusal
from tests.mocks.graph import run_program
from tools.offline_plugins.aws.account import Account

pytestmark = pytest.mark.usefixtures("in_account")

PASTE = "paste all of it over the whole of ~/.aws/credentials"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ExpiredToken", "the AWS credentials on this machine have expired"),
        ("RequestExpired", "the AWS credentials on this machine have expired"),
        ("InvalidClientTokenId", "AWS does not know the credentials on this machine"),
    ],
)
def test_credentials_that_are_refused_are_told_with_where_new_ones_are(
    tmp_path: Path, account: Account, code: str, said: str
) -> None:
    """Say what is wrong with them, and where in the lab to copy new ones from."""
    account.failures["GetCallerIdentity"] = (code, "as AWS says")
    message = refusal(tmp_path)

    assert f"step 0, provision: {said}" in message
    assert PASTE in message
    assert f"(AWS: {code}: as AWS says)" in message


def test_missing_credentials_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Say that there are none, and where in the lab to copy them from."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)  # which remembers them
    message = refusal(tmp_path)

    assert "there are no AWS credentials on this machine" in message
    assert PASTE in message


def test_an_aws_out_of_reach_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name the network and the region, not a traceback."""

    def unreachable(*_: Any, **__: Any) -> None:  # noqa: ANN401
        raise EndpointConnectionError(endpoint_url="https://sts.us-east-1.amazonaws.com")

    monkeypatch.setattr("boto3.client", unreachable)
    message = refusal(tmp_path)

    assert "AWS cannot be reached from this machine. Check the network and backstaff:aws.region." in message


def test_all_that_is_missing_is_told_at_once(tmp_path: Path, account: Account) -> None:
    """Name the missing network and the missing key pair in one message."""
    ec2 = account.client("ec2")
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    for subnet in ec2.describe_subnets()["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    ec2.delete_vpc(VpcId=vpc["VpcId"])
    message = refusal(tmp_path, key_name="vockey", public_key=None)

    assert "the account has no default VPC in us-east-1" in message
    assert "there is no such key pair in this region" in message


def test_a_private_key_of_another_key_pair_is_told(tmp_path: Path, account: Account) -> None:
    """Say that file and key pair do not belong together, before a server is made that lets nobody in."""
    other = new_key(tmp_path, "other").with_suffix(".pub").read_bytes()
    account.client("ec2").import_key_pair(KeyName="vockey", PublicKeyMaterial=other)
    message = refusal(tmp_path, key_name="vockey", public_key=None)

    assert f"the private key {tmp_path}/id (backstaff:ssh.keys) does not match" in message
    assert "the key pair vockey in us-east-1" in message


def test_a_private_key_that_others_can_read_is_told(tmp_path: Path) -> None:
    """Say which command makes it the user's own, as SSH would refuse it."""
    key = new_key(tmp_path)
    key.chmod(0o644)
    message = refusal(tmp_path)

    assert f"others can read the private key {key}" in message
    assert f"Run: chmod 400 {key}" in message


def test_a_file_that_is_no_private_key_is_told(tmp_path: Path) -> None:
    """Name the file, and show nothing of it."""
    settings = config(tmp_path)
    (tmp_path / "id").write_text("no-key-4711")
    with pytest.raises(Exception, match="is not a private key without a passphrase") as caught:
        run_program(settings)

    assert "no-key-4711" not in str(caught.value)


def test_an_own_address_that_cannot_be_found_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Say what to write instead of guessing, and never fall back to everybody."""
    monkeypatch.delenv("BACKSTAFF_OWN_ADDRESS")
    monkeypatch.setattr(own_address, "SERVICE", "http://127.0.0.1:1/")
    message = refusal(tmp_path)

    assert "did not say under which address this machine is seen" in message
    assert "backstaff:aws.ssh_from" in message


def test_a_strange_own_address_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take nothing for an address that is none, such as the page of a hotel's network."""
    monkeypatch.setenv("BACKSTAFF_OWN_ADDRESS", "<html>log in</html>")

    assert "this machine's own address is not one: '<html>log in</html>'" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("VcpuLimitExceeded: You have requested more", "quota of servers is used up"),
        ("AddressLimitExceeded: The maximum", "all Elastic IPs that the account may have are in use"),
        ("Resource.AlreadyAssociated: resource", "the address is in use by another server"),
        ("UnauthorizedOperation: You are not authorized", "The Learner Lab allows sizes up to large"),
        ("Unsupported: Your requested instance type", "Choose another backstaff:aws.instance_type"),
        ("InvalidGroup.Duplicate: The security group", "the name is taken in this account"),
        ("InsufficientInstanceCapacity: We currently", "AWS has no more servers of this type right now"),
    ],
)
def test_what_the_plugin_says_is_put_into_words(text: str, said: str) -> None:
    """Find AWS's code in the plugin's error, and say what it means and what to do."""
    plugin = (
        "creating EC2 Instance: operation error EC2: RunInstances, https response error StatusCode: 400, "
    )
    assert said in str(explain(f"{plugin}RequestID: 1, api error {text}"))


def test_an_error_that_speaks_for_itself_is_left_alone() -> None:
    """Add nothing where there is nothing to add."""
    assert explain("x: operation error EC2: RunInstances, api error SomethingNew: of next year") is None
    assert explain("connection reset") is None
