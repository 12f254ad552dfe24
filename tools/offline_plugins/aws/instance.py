"""Instances: one of the account, and a box that is it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from tools.offline_plugins.aws import machines, power
from tools.offline_plugins.aws.api import specification, tags
from tools.offline_plugins.aws.resource import AwsResource, Shape
from tools.offline_plugins.plugin import Call
from tools.offline_plugins.values import Properties

DOING = "EC2 Instance"
ROOT_DEVICE = "/dev/sda1"


class Instance(AwsResource):
    """An instance. It is made when its box answers at port 22."""

    token = "aws:ec2/instance:Instance"  # noqa: S105 - a type
    inputs: ClassVar[Mapping[str, Shape]] = {
        "ami!": str,
        "instanceType!": str,
        "keyName!": str,
        "subnetId": str,
        "associatePublicIpAddress": bool,
        "vpcSecurityGroupIds!": [str],
        "iamInstanceProfile": str,
        "metadataOptions": {"httpEndpoint": str, "httpTokens": str, "httpPutResponseHopLimit": float},
        "rootBlockDevice": {
            "volumeSize": float,
            "volumeType": str,
            "encrypted": bool,
            "deleteOnTermination": bool,
            "tags": {str: str},
        },
        "tags": {str: str},
    }
    replaces = frozenset({"ami", "keyName", "subnetId", "associatePublicIpAddress"})
    outputs = ("arn", "availabilityZone", "instanceState", "privateIp", "publicIp")

    def make(self, call: Call, inputs: Properties) -> tuple[str, Properties]:
        """Run an instance; take it away again if its box does not start."""
        key = self._public_key(inputs["keyName"])
        call.status("running the instance")
        answer = self.api.call(
            "ec2", "run_instances", f"creating {DOING}", MinCount=1, MaxCount=1, **_request(inputs)
        )
        instance = answer["Instances"][0]["InstanceId"]
        self._name_volumes(instance, inputs)
        try:
            call.status("waiting until it answers")
            address = machines.boot(instance, key)
        except BaseException:
            self.remove(call, {"id": instance})
            raise
        return instance, self._outputs(instance) | {"publicIp": address}

    def change(self, call: Call, state: Properties, inputs: Properties) -> Properties:
        """Change type, profile, groups, metadata or tags; a new type stops and starts the instance."""
        instance = state["id"]
        if state.get("instanceType") != inputs["instanceType"]:
            call.status("stopping it to change its type")
            power.stop(self.api, instance)
            self._modify(instance, InstanceType={"Value": inputs["instanceType"]})
            power.start(self.api, instance)
        if state.get("vpcSecurityGroupIds") != inputs["vpcSecurityGroupIds"]:
            self._modify(instance, Groups=inputs["vpcSecurityGroupIds"])
        if state.get("metadataOptions") != inputs.get("metadataOptions"):
            self.api.call(
                "ec2",
                "modify_instance_metadata_options",
                f"modifying {DOING}",
                InstanceId=instance,
                **_metadata(inputs),
            )
        given, had = inputs.get("rootBlockDevice", {}), state.get("rootBlockDevice", {})
        if given.get("volumeSize") != had.get("volumeSize"):
            for volume in self._volumes(instance):
                self.api.call(
                    "ec2",
                    "modify_volume",
                    f"modifying {DOING}",
                    VolumeId=volume,
                    Size=int(given["volumeSize"]),
                )
        self.api.call(
            "ec2", "create_tags", f"tagging {DOING}", Resources=[instance], Tags=tags(inputs.get("tags"))
        )
        return self._outputs(instance)

    def remove(self, call: Call, state: Properties) -> None:
        """Terminate the instance, and take its box away."""
        self.api.call("ec2", "terminate_instances", f"deleting {DOING}", InstanceIds=[state["id"]])
        machines.remove(state["id"])

    def read(self, number: str, state: Properties) -> Properties | None:
        """Look whether it is there and how it is; nothing if it is gone."""
        found = power.described(self.api, number)
        if found["State"]["Name"] in {"terminated", "shutting-down"}:
            return None
        return {
            **state,
            **self._outputs(number),
            "instanceType": found["InstanceType"],
            # The real plugin asks whether it has an address just now, not whether it was to have one.
            "associatePublicIpAddress": bool(machines.address_of(number) or self._elastic(number)),
        }

    def _elastic(self, instance: str) -> str | None:
        return power.elastic_address(self.api, instance)

    def _outputs(self, instance: str) -> Properties:
        found = power.described(self.api, instance)
        return {
            "arn": f"arn:aws:ec2:::instance/{instance}",
            "availabilityZone": found["Placement"]["AvailabilityZone"],
            "instanceState": found["State"]["Name"],
            "privateIp": found.get("PrivateIpAddress", ""),
            "publicIp": machines.address_of(instance),
        }

    def _public_key(self, name: str) -> str:
        answer = self.api.call(
            "ec2", "describe_key_pairs", f"creating {DOING}", KeyNames=[name], IncludePublicKey=True
        )
        return str(answer["KeyPairs"][0]["PublicKey"])

    def _modify(self, instance: str, **arguments: Any) -> None:  # noqa: ANN401
        self.api.call(
            "ec2", "modify_instance_attribute", f"modifying {DOING}", InstanceId=instance, **arguments
        )

    def _volumes(self, instance: str) -> list[str]:
        mappings = power.described(self.api, instance)["BlockDeviceMappings"]
        return [mapping["Ebs"]["VolumeId"] for mapping in mappings]

    def _name_volumes(self, instance: str, inputs: Properties) -> None:
        given = inputs.get("rootBlockDevice", {}).get("tags")
        if given:
            self.api.call(
                "ec2", "create_tags", f"tagging {DOING}", Resources=self._volumes(instance), Tags=tags(given)
            )


def _metadata(inputs: Properties) -> dict[str, Any]:
    given = inputs.get("metadataOptions", {})
    return {
        "HttpEndpoint": given.get("httpEndpoint", "enabled"),
        "HttpTokens": given.get("httpTokens", "optional"),
        "HttpPutResponseHopLimit": int(given.get("httpPutResponseHopLimit", 1)),
    }


def _request(inputs: Properties) -> dict[str, Any]:
    disk = inputs.get("rootBlockDevice", {})
    request: dict[str, Any] = {
        "ImageId": inputs["ami"],
        "InstanceType": inputs["instanceType"],
        "KeyName": inputs["keyName"],
        "SecurityGroupIds": inputs["vpcSecurityGroupIds"],
        "MetadataOptions": _metadata(inputs),
        "BlockDeviceMappings": [
            {
                "DeviceName": ROOT_DEVICE,
                "Ebs": {
                    "VolumeSize": int(disk.get("volumeSize", 8)),
                    "VolumeType": disk.get("volumeType", "gp2"),
                    "Encrypted": disk.get("encrypted", False),
                    "DeleteOnTermination": disk.get("deleteOnTermination", True),
                },
            }
        ],
        "TagSpecifications": specification("instance", inputs.get("tags")),
    }
    if inputs.get("subnetId"):
        request["SubnetId"] = inputs["subnetId"]
    if inputs.get("iamInstanceProfile"):
        request["IamInstanceProfile"] = {"Name": inputs["iamInstanceProfile"]}
    return request
