"""What only a stack on AWS needs.

AWS's SDK is big, and makes the engine look for its plugin, so it is imported only where it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pulumi

from components.host import Host, HostArgs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from settings import Settings

AWS_PACKAGES = ("pulumi_aws", "boto3", "botocore")


def host_args(settings: Settings, needs: Sequence[pulumi.Resource]) -> dict[str, HostArgs]:
    """Say how each server is reached; make those first that are to be made.

    Args:
        settings: the stack's settings.
        needs: what goes before.

    Returns:
        Arguments of a `Host` by the server's name.
    """
    if settings.aws is None:
        return {name: HostArgs(name, settings.ssh, needs=needs) for name in settings.hosts}
    made = _of_aws("provision").provision(settings, settings.aws)
    return {
        name: HostArgs(server.address, settings.ssh, server.resource, [*server.needs, *needs])
        for name, server in made.items()
    }


def with_ecr(settings: Settings) -> tuple[Settings, list[pulumi.Resource]]:
    """Sign in to Amazon's registry where it is used.

    Args:
        settings: the stack's settings.

    Returns:
        Settings with the registry's address and account, and what a push waits for.
    """
    if settings.ecr is None:
        return settings, []
    ecr = _of_aws("ecr")
    region, is_built = ecr.region_of(settings, settings.ecr), not settings.is_prebuilt
    settings = ecr.signed_in(settings, settings.ecr)
    if not is_built:
        return settings, []
    return settings, ecr.EcrRepository(settings.service, ecr.EcrRepositoryArgs(settings, region)).ready


def ecr_login(
    settings: Settings, host: Host, release: pulumi.Output[str], needs: list[pulumi.Resource]
) -> list[pulumi.Resource]:
    """Log a server in to Amazon's registry, where it is used, for the pull of a release.

    Args:
        settings: the stack's settings, signed in.
        host: the server.
        release: the id of what is pulled.
        needs: Docker on the server.

    Returns:
        What the pull waits for.
    """
    if settings.ecr is None or settings.registry is None:
        return []
    ecr = _of_aws("ecr")
    region = ecr.region_of(settings, settings.ecr)
    args = ecr.EcrLoginArgs(host, settings.service, settings.registry, region, release, needs)
    return [ecr.EcrLogin(f"{settings.service}-{host.name}", args).on_server]


def _of_aws(name: str) -> Any:  # noqa: ANN401 - a module
    try:
        return import_module(f"components.{name}")
    except ModuleNotFoundError as error:
        if error.name not in AWS_PACKAGES:
            raise
        remedy = ".venv/bin/pip install --require-hashes -r requirements-aws.txt"
        message = f"This stack uses AWS, whose SDK is not installed. Run: {remedy}"
        raise pulumi.RunError(message) from None
