"""Steps 4 and 5: build the Dockerfile and push the image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_docker as docker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from settings import Registry, Settings


@dataclass(frozen=True)
class AppImageArgs:
    """What an `AppImage` is made of.

    Attributes:
        settings: where the Dockerfile is, how to build it, where to push it.
        needs: the login on this machine, if there is a registry.
    """

    settings: Settings
    needs: Sequence[pulumi.Resource]


class AppImage(pulumi.ComponentResource):
    """The app's image in the registry.

    Creates: the image, from the context's content but for what `.dockerignore` names.
    Outputs: `digest`, the image's reference by digest.
    Changes when: that content, the Dockerfile or a build setting changes.
    On failure: nothing was pushed, or what was pushed is not used.
    """

    digest: pulumi.Output[str]

    def __init__(self, name: str, args: AppImageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Build and push, on this machine.

        Args:
            name: a stable name, of the service.
            args: what to build.
            opts: Pulumi's options.
        """
        super().__init__("backstaff:components:AppImage", name, None, opts)
        settings = args.settings
        image = docker.Image(
            f"{name}-image",
            image_name=f"{settings.repository}:latest",
            build=docker.DockerBuildArgs(
                context=str(settings.context),
                dockerfile=str(settings.dockerfile),
                args=dict(settings.builder.args),
                target=settings.builder.target,
                platform=f"linux/{settings.builder.arch}",
            ),
            registry=_account(settings.registry) if settings.registry else None,
            skip_push=settings.registry is None,
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.needs),
        )
        # A name by digest tells nothing secret, although the registry's password was among the inputs.
        self.digest = pulumi.Output.unsecret(image.repo_digest)
        self.register_outputs({"digest": self.digest})


def _account(registry: Registry) -> docker.RegistryArgs:
    password = pulumi.Output.secret(registry.password.get_secret_value())
    return docker.RegistryArgs(server=registry.server, username=registry.username, password=password)
