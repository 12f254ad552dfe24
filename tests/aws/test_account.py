"""The account on this machine: what it says is left behind, which other tests rely on."""

from __future__ import annotations

import pytest

from tools.offline_plugins.aws.account import Account, image_id
from tools.toolchain import boxes


def test_a_box_of_an_ended_instance_is_left_behind_and_another_accounts_is_not(
    in_account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Name boxes that outlive their instance; suites that run side by side do not see each other's."""
    ec2 = in_account.client("ec2")
    made = ec2.run_instances(ImageId=image_id("24.04", "amd64"), MinCount=1, MaxCount=1)
    instance = made["Instances"][0]["InstanceId"]
    ec2.terminate_instances(InstanceIds=[instance])
    monkeypatch.setattr(boxes, "names", lambda: ["demo", "i-0f00", instance])

    assert in_account.left() == [instance]


def test_whatever_costs_money_is_left_behind(in_account: Account) -> None:
    """Name each kind of thing that the program makes, and not what an empty account has."""
    ec2, ecr = in_account.client("ec2"), in_account.client("ecr")
    assert in_account.left() == []

    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    group = ec2.create_security_group(GroupName="own", Description="own")["GroupId"]
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=8)["VolumeId"]
    ec2.create_key_pair(KeyName="own")
    ecr.create_repository(repositoryName="shop")
    assert in_account.left() == [address, group, volume, "own", "shop"]
