"""Security groups, with their rules in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from tools.offline_plugins.aws.api import specification, tags
from tools.offline_plugins.aws.resource import AwsResource, Shape
from tools.offline_plugins.plugin import Call
from tools.offline_plugins.values import Properties

RULE = {
    "protocol!": str,
    "fromPort!": float,
    "toPort!": float,
    "cidrBlocks": [str],
    "ipv6CidrBlocks": [str],
    "description": str,
}
DOING = "EC2 Security Group"


class SecurityGroup(AwsResource):
    """A security group. One that is made has no rules but those that are given."""

    token = "aws:ec2/securityGroup:SecurityGroup"  # noqa: S105 - a type
    inputs: ClassVar[Mapping[str, Shape]] = {
        "name!": str,
        "description!": str,
        "vpcId!": str,
        "ingress!": [RULE],
        "egress!": [RULE],
        "tags": {str: str},
    }
    replaces = frozenset({"name", "description", "vpcId"})
    outputs = ("arn", "ownerId")
    # As the real plugin does with whatever was given a name instead of getting one.
    deletes_first = True

    def make(self, call: Call, inputs: Properties) -> tuple[str, Properties]:
        """Make the group and its rules; take it away again if a rule cannot be made."""
        answer = self._call(
            "create_security_group",
            "creating",
            GroupName=inputs["name"],
            Description=inputs["description"],
            VpcId=inputs["vpcId"],
            TagSpecifications=specification("security-group", inputs.get("tags")),
        )
        group = answer["GroupId"]
        # AWS gives every new group a rule that lets all out.
        (found,) = self._call("describe_security_groups", "reading", GroupIds=[group])["SecurityGroups"]
        try:
            self._revoke(group, "egress", found["IpPermissionsEgress"])
            for way in ("ingress", "egress"):
                self._authorize(group, way, inputs[way])
        except Exception:
            self._call("delete_security_group", "deleting", GroupId=group)
            raise
        return group, {"arn": _arn(found, group), "ownerId": found["OwnerId"]}

    def change(self, call: Call, state: Properties, inputs: Properties) -> Properties:
        """Give it other rules and tags."""
        group = state["id"]
        for way in ("ingress", "egress"):
            if state[way] != inputs[way]:
                self._revoke(group, way, [_permission(rule) for rule in state[way]])
                self._authorize(group, way, inputs[way])
        self._call("create_tags", "tagging", Resources=[group], Tags=tags(inputs.get("tags")))
        return {}

    def remove(self, call: Call, state: Properties) -> None:
        """Take it away."""
        self._call("delete_security_group", "deleting", GroupId=state["id"])

    def _authorize(self, group: str, way: str, rules: list[Properties]) -> None:
        permissions = [_permission(rule) for rule in rules]
        if permissions:
            self._call(
                f"authorize_security_group_{way}", "authorizing", GroupId=group, IpPermissions=permissions
            )

    def _revoke(self, group: str, way: str, permissions: list[dict[str, Any]]) -> None:
        if permissions:
            self._call(f"revoke_security_group_{way}", "revoking", GroupId=group, IpPermissions=permissions)

    def _call(self, operation: str, doing: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401
        return self.api.call("ec2", operation, f"{doing} {DOING}", **arguments)


def _arn(found: dict[str, Any], group: str) -> str:
    return str(found.get("SecurityGroupArn") or f"arn:aws:ec2:::security-group/{group}")


def _permission(rule: Properties) -> dict[str, Any]:
    note = {"Description": rule["description"]} if rule.get("description") else {}
    permission: dict[str, Any] = {
        "IpProtocol": rule["protocol"],
        "IpRanges": [{"CidrIp": block, **note} for block in rule.get("cidrBlocks", [])],
        "Ipv6Ranges": [{"CidrIpv6": block, **note} for block in rule.get("ipv6CidrBlocks", [])],
    }
    if rule["protocol"] != "-1":
        permission |= {"FromPort": int(rule["fromPort"]), "ToPort": int(rule["toPort"])}
    return permission
