"""AWS's API by boto3, with failures worded as the real plugin words them."""

from __future__ import annotations

import threading
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tools.offline_plugins.plugin import PluginError

# The word that AWS's SDK for Go has for each service, in its errors.
SERVICES = {"ec2": "EC2", "ecr": "ECR", "sts": "STS"}


class AwsFailure(PluginError):
    """AWS refused a call.

    Attributes:
        code: AWS's own, such as `InvalidKeyPair.NotFound`.
    """

    def __init__(self, text: str, code: str) -> None:
        super().__init__(text)
        self.code = code


class Api:
    """Calls to the API of one region; `AWS_ENDPOINT_URL` and credentials are taken from the environment."""

    def __init__(self) -> None:
        """Connect to nothing yet."""
        self._region: str | None = None
        self._clients: dict[str, Any] = {}
        self._guard = threading.Lock()

    def use(self, region: str | None) -> None:
        """Take a region, and see that the credentials are accepted.

        Raises:
            AwsFailure: they are not.
        """
        self._region = region
        self.call("sts", "get_caller_identity", doing="validating provider credentials")

    def call(self, service: str, operation: str, doing: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401
        """Call an operation of a service.

        Args:
            service: `ec2`, `ecr` or `sts`.
            operation: as boto3 names it.
            doing: begins the message if it fails, such as `creating EC2 Instance`.
            arguments: of the operation.

        Returns:
            What AWS answers.

        Raises:
            AwsFailure: AWS refuses, or cannot be asked.
        """
        client = self._client(service)
        try:
            answer: dict[str, Any] = getattr(client, operation)(**arguments)
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
            name = f"{SERVICES[service]}: {error.operation_name}"
            raise AwsFailure(f"{doing}: operation error {name}, api error {code}: {message}", code) from error
        except BotoCoreError as error:
            raise AwsFailure(f"{doing}: {error}", type(error).__name__) from error
        return answer

    def _client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients' types as it runs
        # Making one is not safe to be done by two threads; using one is.
        with self._guard:
            if service not in self._clients:
                self._clients[service] = boto3.client(service, region_name=self._region)
            return self._clients[service]


def tags(given: dict[str, str] | None) -> list[dict[str, str]]:
    """Write tags as the API takes them."""
    return [{"Key": key, "Value": value} for key, value in (given or {}).items()]


def specification(kind: str, given: dict[str, str] | None) -> list[dict[str, Any]]:
    """Write tags as those calls take them that make something; none if there are none."""
    return [{"ResourceType": kind, "Tags": tags(given)}] if given else []
