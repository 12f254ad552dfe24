"""Repositories of ECR and the rules by which they are kept small."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from tools.offline_plugins.aws.api import tags
from tools.offline_plugins.aws.resource import AwsResource, Shape
from tools.offline_plugins.plugin import Call
from tools.offline_plugins.values import Properties


class Repository(AwsResource):
    """A repository for images."""

    token = "aws:ecr/repository:Repository"  # noqa: S105 - a type
    inputs: ClassVar[Mapping[str, Shape]] = {
        "name!": str,
        "forceDelete": bool,
        "imageTagMutability": str,
        "tags": {str: str},
    }
    replaces = frozenset({"name"})
    outputs = ("arn", "registryId", "repositoryUrl")
    deletes_first = True

    def make(self, call: Call, inputs: Properties) -> tuple[str, Properties]:
        """Make an empty repository."""
        answer = self.api.call(
            "ecr",
            "create_repository",
            "creating ECR Repository",
            repositoryName=inputs["name"],
            imageTagMutability=inputs.get("imageTagMutability", "MUTABLE"),
            tags=tags(inputs.get("tags")),
        )
        found = answer["repository"]
        return inputs["name"], {
            "arn": found["repositoryArn"],
            "registryId": found["registryId"],
            "repositoryUrl": found["repositoryUri"],
        }

    def change(self, call: Call, state: Properties, inputs: Properties) -> Properties:
        """Give it other tags; whether it is deleted with its images is known to the state alone."""
        self.api.call(
            "ecr",
            "tag_resource",
            "tagging ECR Repository",
            resourceArn=state["arn"],
            tags=tags(inputs.get("tags")),
        )
        return {}

    def remove(self, call: Call, state: Properties) -> None:
        """Delete it, with its images only if that was asked for."""
        self.api.call(
            "ecr",
            "delete_repository",
            "deleting ECR Repository",
            repositoryName=state["id"],
            force=state.get("forceDelete", False),
        )


class LifecyclePolicy(AwsResource):
    """Which images are deleted when."""

    token = "aws:ecr/lifecyclePolicy:LifecyclePolicy"  # noqa: S105 - a type
    inputs: ClassVar[Mapping[str, Shape]] = {"repository!": str, "policy!": str}
    replaces = frozenset({"repository"})
    outputs = ("registryId",)

    def make(self, call: Call, inputs: Properties) -> tuple[str, Properties]:
        """Put the rules in force."""
        answer = self._put(inputs)
        return inputs["repository"], {"registryId": answer}

    def change(self, call: Call, state: Properties, inputs: Properties) -> Properties:
        """Put other rules in force."""
        return {"registryId": self._put(inputs)}

    def remove(self, call: Call, state: Properties) -> None:
        """Take the rules away."""
        self.api.call(
            "ecr",
            "delete_lifecycle_policy",
            "deleting ECR Lifecycle Policy",
            repositoryName=state["repository"],
        )

    def _put(self, inputs: Properties) -> str:
        answer = self.api.call(
            "ecr",
            "put_lifecycle_policy",
            "creating ECR Lifecycle Policy",
            repositoryName=inputs["repository"],
            lifecyclePolicyText=inputs["policy"],
        )
        return str(answer["registryId"])
