"""Deploy one app to its server: settings in, components wired, outputs exported."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime.config import get_config_env

import components as c
from render.outputs import docker_host, public_url, ssh_command
from render.release import Release, new_release
from settings import SettingsError, load
from settings.model import Settings

PREFIX = "backstaff:"
AWS_PACKAGES = ("pulumi_aws", "boto3", "botocore")


def read_settings() -> Settings:
    """Read what the user wrote, or end with all that is wrong with it."""
    config = {
        key.removeprefix(PREFIX): value for key, value in get_config_env().items() if key.startswith(PREFIX)
    }
    try:
        settings = load(pulumi.get_stack(), config, Path.cwd())
    except SettingsError as error:
        message = f"The settings cannot be used; nothing was touched.\n{error}"
        raise pulumi.RunError(message) from None
    for warning in settings.warnings:
        pulumi.warn(warning)
    return settings


def of_aws(name: str) -> Any:  # noqa: ANN401 - a module
    """Import a component that needs AWS's SDK, which is big and makes the engine look for its plugin."""
    try:
        return import_module(f"components.{name}")
    except ModuleNotFoundError as error:
        if error.name not in AWS_PACKAGES:
            raise
        remedy = ".venv/bin/pip install --require-hashes -r requirements-aws.txt"
        message = f"This stack uses AWS, whose SDK is not installed. Run: {remedy}"
        raise pulumi.RunError(message) from None


def server_args(settings: Settings, name: str) -> c.HostArgs:
    """Say how a server is reached; make it first, where it is to be made."""
    if settings.aws is None:
        return c.HostArgs(name, settings.ssh)
    server = of_aws("provision").provision(settings, settings.aws)[name]
    return c.HostArgs(server.address, settings.ssh, server.resource, server.needs)


def with_ecr(settings: Settings) -> tuple[Settings, list[pulumi.Resource]]:
    """Sign in to Amazon's registry where it is used; return settings with it, and what a push waits for."""
    if settings.ecr is None:
        return settings, []
    ecr = of_aws("ecr")
    region, is_built = ecr.region_of(settings, settings.ecr), not settings.is_prebuilt
    settings = ecr.signed_in(settings, settings.ecr)
    if not is_built:
        return settings, []
    return settings, ecr.EcrRepository(settings.service, ecr.EcrRepositoryArgs(settings, region)).ready


def ecr_login(
    settings: Settings, host: c.Host, release: pulumi.Output[Release], needs: list[pulumi.Resource]
) -> list[pulumi.Resource]:
    """Log the server in to Amazon's registry, where it is used, for the pull of a release."""
    if settings.ecr is None or settings.registry is None:
        return []
    ecr = of_aws("ecr")
    region = ecr.region_of(settings, settings.ecr)
    args = ecr.EcrLoginArgs(host, settings.service, settings.registry, region, release, needs)
    return [ecr.EcrLogin(f"{settings.service}-{host.name}", args).on_server]


def of_address(args: c.HostArgs, text: Callable[[str], str]) -> pulumi.Input[str]:
    """Write something with the server's address, now if it is known."""
    return text(args.address) if isinstance(args.address, str) else args.address.apply(text)


def deploy(settings: Settings) -> None:
    """Wire the steps of a deploy, each after what it needs and no more."""
    settings, pushed_to = with_ecr(settings)
    service, server = settings.service, settings.servers[0]
    on_host = f"{service}-{server}"
    in_role = f"{service}-{settings.role}-{server}"

    args = server_args(settings, server)
    host = c.Host(server, args)
    docker = c.DockerEngine(server, c.DockerEngineArgs(host))
    registry = None if settings.ecr else settings.registry
    login = c.RegistryLogin(on_host, c.RegistryLoginArgs(host, service, registry, docker.installed))
    env = c.EnvFile(on_host, c.EnvFileArgs(host, service, settings.env))
    traefik = c.Traefik(on_host, c.TraefikArgs(host, service, settings.traefik, login.on_server))
    needs: list[pulumi.Resource] = [env.written, traefik.answers]
    if settings.aws:
        needs.append(c.PreparedServer(server, c.PreparedServerArgs(host, settings.aws)).ready)
    if settings.rollback:
        release = c.Rollback(in_role, c.RollbackArgs(host, settings, settings.rollback)).release
    else:
        image = c.AppImage(service, c.AppImageArgs(settings, [*login.here, *pushed_to]))
        release = image.digest.apply(lambda digest: new_release(settings, digest, env.digest))
        needs += ecr_login(settings, host, release, [docker.installed])
        if not settings.registry and not settings.is_prebuilt:
            transfer = c.ImageTransfer(
                on_host, c.ImageTransferArgs(host, settings, image.digest, [docker.installed])
            )
            needs.append(transfer.sent)
    candidate = c.Candidate(in_role, c.CandidateArgs(host, settings, release, needs))
    cutover = c.Cutover(in_role, c.CutoverArgs(host, settings, release, [candidate.healthy]))
    c.Retire(in_role, c.RetireArgs(host, settings, release, env.digest, [cutover.switched]))

    pulumi.export("url", of_address(args, lambda address: public_url(settings, address)))
    pulumi.export("host", args.address)
    pulumi.export("image", cutover.image)
    pulumi.export("release", cutover.live)
    pulumi.export("previous_release", cutover.previous)
    pulumi.export("ssh", of_address(args, lambda address: ssh_command(settings.ssh, address)))
    pulumi.export("docker_host", of_address(args, lambda address: docker_host(settings.ssh, address)))


deploy(read_settings())
