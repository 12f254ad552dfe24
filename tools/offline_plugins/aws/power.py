"""Turning an instance on and off: in the account, and its box with it.

What starts without an Elastic IP gets another address, as on AWS.
"""

from __future__ import annotations

from typing import Any

from tools.offline_plugins.aws import machines
from tools.offline_plugins.aws.api import Api

# Under this tag of an Elastic IP the account keeps the address that the box has; its own is a made-up one.
ADDRESS_TAG = "offline:address"


def stop(api: Api, instance: str) -> None:
    """Stop an instance and its box."""
    api.call("ec2", "stop_instances", "stopping EC2 Instance", InstanceIds=[instance])
    machines.halt(instance)


def start(api: Api, instance: str) -> None:
    """Start an instance that was stopped, and its box."""
    api.call("ec2", "start_instances", "starting EC2 Instance", InstanceIds=[instance])
    machines.start(instance, elastic_address(api, instance))


def elastic_address(api: Api, instance: str) -> str | None:
    """Return the address that an instance has by an Elastic IP, if it has one."""
    chosen = [{"Name": "instance-id", "Values": [instance]}]
    found = api.call("ec2", "describe_addresses", "reading EC2 EIP", Filters=chosen)["Addresses"]
    return address_of(found[0]) if found else None


def address_of(elastic_ip: dict[str, Any]) -> str:
    """Return the box's address of an Elastic IP."""
    kept = {tag["Key"]: tag["Value"] for tag in elastic_ip.get("Tags", [])}
    return str(kept[ADDRESS_TAG])


def described(api: Api, instance: str) -> dict[str, Any]:
    """Return what the account knows of an instance.

    Raises:
        AwsFailure: there is none of that id.
    """
    answer = api.call("ec2", "describe_instances", "reading EC2 Instance", InstanceIds=[instance])
    found: dict[str, Any] = answer["Reservations"][0]["Instances"][0]
    return found
