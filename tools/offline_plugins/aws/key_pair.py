"""Key pairs, from the user's public key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from tools.offline_plugins.aws.api import specification
from tools.offline_plugins.aws.resource import AwsResource, Shape
from tools.offline_plugins.plugin import Call
from tools.offline_plugins.values import Properties


class KeyPair(AwsResource):
    """A key pair whose private half only the user has."""

    token = "aws:ec2/keyPair:KeyPair"  # noqa: S105 - a type
    inputs: ClassVar[Mapping[str, Shape]] = {"keyName!": str, "publicKey!": str, "tags": {str: str}}
    replaces = frozenset({"keyName", "publicKey"})
    outputs = ("arn", "fingerprint", "keyPairId")
    deletes_first = True

    def make(self, call: Call, inputs: Properties) -> tuple[str, Properties]:
        """Import the public key."""
        answer = self.api.call(
            "ec2",
            "import_key_pair",
            f"importing EC2 Key Pair ({inputs['keyName']})",
            KeyName=inputs["keyName"],
            PublicKeyMaterial=inputs["publicKey"].encode(),
            TagSpecifications=specification("key-pair", inputs.get("tags")),
        )
        number = answer["KeyPairId"]
        outputs = {
            "fingerprint": answer["KeyFingerprint"],
            "keyPairId": number,
            "arn": f"arn:aws:ec2:::key-pair/{number}",
        }
        return inputs["keyName"], outputs

    def change(self, call: Call, state: Properties, inputs: Properties) -> Properties:
        """Give it other tags."""
        arguments = {"Resources": [state["keyPairId"]], "Tags": inputs.get("tags", {})}
        arguments["Tags"] = [{"Key": key, "Value": value} for key, value in arguments["Tags"].items()]
        self.api.call("ec2", "create_tags", "tagging EC2 Key Pair", **arguments)
        return {}

    def remove(self, call: Call, state: Properties) -> None:
        """Take it away."""
        self.api.call("ec2", "delete_key_pair", "deleting EC2 Key Pair", KeyName=state["keyName"])
