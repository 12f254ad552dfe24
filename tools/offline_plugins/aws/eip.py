"""Elastic IPs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from tools.offline_plugins.aws import machines
from tools.offline_plugins.aws.api import specification, tags
from tools.offline_plugins.aws.power import ADDRESS_TAG, address_of, described
from tools.offline_plugins.aws.resource import AwsResource, Shape
from tools.offline_plugins.plugin import Call
from tools.offline_plugins.values import Properties

DOING = "EC2 EIP"


class Eip(AwsResource):
    """An address that an instance keeps."""

    token = "aws:ec2/eip:Eip"  # noqa: S105 - a type
    inputs: ClassVar[Mapping[str, Shape]] = {"instance": str, "domain!": str, "tags": {str: str}}
    replaces = frozenset({"domain"})
    outputs = ("arn", "allocationId", "associationId", "publicIp")

    def make(self, call: Call, inputs: Properties) -> tuple[str, Properties]:
        """Allocate an address and give it to the instance; give it back if that fails."""
        address = machines.reserve()
        own = {**inputs.get("tags", {}), ADDRESS_TAG: address}
        answer = self.api.call(
            "ec2",
            "allocate_address",
            f"creating {DOING}",
            Domain=inputs["domain"],
            TagSpecifications=specification("elastic-ip", own),
        )
        number = answer["AllocationId"]
        try:
            associated = self._associate(number, inputs.get("instance"), address)
        except Exception:
            self.api.call("ec2", "release_address", f"deleting {DOING}", AllocationId=number)
            raise
        return number, {
            "allocationId": number,
            "associationId": associated,
            "publicIp": address,
            "arn": f"arn:aws:ec2:::elastic-ip/{number}",
        }

    def change(self, call: Call, state: Properties, inputs: Properties) -> Properties:
        """Give the address to another instance, or change its tags."""
        self.api.call(
            "ec2",
            "create_tags",
            f"tagging {DOING}",
            Resources=[state["id"]],
            Tags=tags(inputs.get("tags")),
        )
        if state.get("instance") == inputs.get("instance"):
            return {}
        self._let_go(state)
        return {"associationId": self._associate(state["id"], inputs.get("instance"), state["publicIp"])}

    def remove(self, call: Call, state: Properties) -> None:
        """Give it back; what still has it gets another address."""
        self._let_go(state)
        self.api.call("ec2", "release_address", f"deleting {DOING}", AllocationId=state["id"])

    def read(self, number: str, state: Properties) -> Properties:
        """Look which instance has it."""
        (found,) = self.api.call("ec2", "describe_addresses", f"reading {DOING}", AllocationIds=[number])[
            "Addresses"
        ]
        return {**state, "publicIp": address_of(found), "instance": found.get("InstanceId", "")}

    def _associate(self, number: str, instance: str | None, address: str) -> str:
        if not instance:
            return ""
        answer = self.api.call(
            "ec2",
            "associate_address",
            f"associating {DOING}",
            AllocationId=number,
            InstanceId=instance,
            AllowReassociation=True,
        )
        machines.move(instance, address)
        return str(answer["AssociationId"])

    def _let_go(self, state: Properties) -> None:
        (found,) = self.api.call(
            "ec2", "describe_addresses", f"reading {DOING}", AllocationIds=[state["id"]]
        )["Addresses"]
        if not found.get("AssociationId"):
            return
        instance = found.get("InstanceId") or ""
        self.api.call(
            "ec2",
            "disassociate_address",
            f"disassociating {DOING}",
            AssociationId=found["AssociationId"],
        )
        if instance and described(self.api, instance)["State"]["Name"] == "running":
            machines.move(instance, None)
