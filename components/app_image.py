"""Steps 4 and 5: build the Dockerfile and push the image, or look a prebuilt one up."""

from __future__ import annotations

import re
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
    """The app's image: built here and pushed, or a prebuilt one of the registry.

    Creates: the image, from the context's content but for what `.dockerignore` names; nothing if prebuilt.
    Outputs: `digest`, the image's reference by digest.
    Changes when: that content, the Dockerfile or a build setting changes; or the prebuilt image's tag moves.
    On failure: nothing was pushed, or what was pushed is not used.
    """

    digest: pulumi.Output[str]

    def __init__(self, name: str, args: AppImageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Build and push on this machine, or look the digest up.

        Args:
            name: a stable name, of the service.
            args: what to build.
            opts: Pulumi's options.
        """
        super().__init__("backstaff:components:AppImage", name, None, opts)
        self._name = name
        settings = args.settings
        if not settings.is_prebuilt:
            self.digest = self._build(settings, args.needs)
        elif "@" in settings.repository:
            self.digest = pulumi.Output.from_input(settings.repository)
        else:
            self.digest = self._look_up(settings)
        self.register_outputs({"digest": self.digest})

    def _build(self, settings: Settings, needs: Sequence[pulumi.Resource]) -> pulumi.Output[str]:
        image = docker.Image(
            f"{self._name}-image",
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
            opts=pulumi.ResourceOptions(parent=self, depends_on=needs),
        )
        # A name by digest tells nothing secret, although the registry's password was among the inputs.
        digest = pulumi.Output.unsecret(image.repo_digest)
        if settings.registry:
            return digest
        # Without a push, the plugin gives the image's id.
        return digest.apply(lambda image_id: f"{settings.repository}@{image_id}")

    def _look_up(self, settings: Settings) -> pulumi.Output[str]:
        """Ask the registry which digest the tag stands for now."""
        registry = settings.registry
        provider = docker.Provider(
            f"{self._name}-registry",
            # No engine is needed on this machine to ask a registry.
            disable_docker_daemon_check=True,
            registry_auth=[_look_up_account(registry)] if registry else None,
            opts=pulumi.ResourceOptions(parent=self),
        )
        found = docker.get_registry_image_output(
            name=settings.repository, opts=pulumi.InvokeOutputOptions(provider=provider)
        )
        repository = re.sub(r":[^:/]*$", "", settings.repository)
        return pulumi.Output.unsecret(found.sha256_digest.apply(lambda digest: f"{repository}@{digest}"))


def _account(registry: Registry) -> docker.RegistryArgs:
    password = pulumi.Output.secret(registry.password.get_secret_value())
    return docker.RegistryArgs(server=registry.server, username=registry.username, password=password)


def _look_up_account(registry: Registry) -> docker.ProviderRegistryAuthArgs:
    # Docker Hub's registry has another name than its images do.
    server = "registry-1.docker.io" if registry.server == "docker.io" else registry.server
    password = pulumi.Output.secret(registry.password.get_secret_value())
    return docker.ProviderRegistryAuthArgs(address=server, username=registry.username, password=password)
