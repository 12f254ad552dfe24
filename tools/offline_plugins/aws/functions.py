"""Functions of the plugin: what the program looks up while it runs."""

from __future__ import annotations

import base64

from tools.offline_plugins.aws import machines, power
from tools.offline_plugins.aws.api import Api
from tools.offline_plugins.aws.resource import check_shape
from tools.offline_plugins.values import Properties, Secret, revealed

GET_INSTANCE = "aws:ec2/getInstance:getInstance"
GET_TOKEN = "aws:ecr/getAuthorizationToken:getAuthorizationToken"  # noqa: S105 - a function's name


def get_instance(api: Api, given: Properties) -> Properties:
    """Look how an instance is, and at which address."""
    plain = revealed(given)
    check_shape(plain, {"instanceId!": str}, GET_INSTANCE)
    found = power.described(api, plain["instanceId"])
    state = found["State"]["Name"]
    return {
        "id": plain["instanceId"],
        "instanceId": plain["instanceId"],
        "instanceState": state,
        "instanceType": found["InstanceType"],
        "publicIp": machines.address_of(plain["instanceId"]) if state == "running" else "",
    }


def get_authorization_token(api: Api, given: Properties) -> Properties:
    """Ask for a password to the registries of the account."""
    plain = revealed(given)
    check_shape(plain, {"registryId": str}, GET_TOKEN)
    chosen = {"registryIds": [plain["registryId"]]} if "registryId" in plain else {}
    answer = api.call("ecr", "get_authorization_token", "reading ECR Authorization Token", **chosen)
    (found,) = answer["authorizationData"]
    user, _, password = base64.b64decode(found["authorizationToken"]).decode().partition(":")
    return {
        "id": found["proxyEndpoint"],
        "authorizationToken": Secret(found["authorizationToken"]),
        "expiresAt": found["expiresAt"].isoformat(),
        "password": Secret(password),
        "proxyEndpoint": found["proxyEndpoint"],
        "userName": user,
    }
