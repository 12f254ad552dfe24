"""Deploy one app to its server: settings in, components wired, outputs exported."""

from __future__ import annotations

from pathlib import Path

import pulumi
from pulumi.runtime.config import get_config_env

import components as c
from render.outputs import docker_host, public_url, ssh_command
from render.release import new_release
from settings import SettingsError, load
from settings.model import Settings

PREFIX = "backstaff:"


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


def deploy(settings: Settings) -> None:
    """Wire the steps of a deploy, each after what it needs and no more."""
    service, address = settings.service, settings.servers[0]
    on_host = f"{service}-{address}"
    in_role = f"{service}-{settings.role}-{address}"

    host = c.Host(address, c.HostArgs(address, settings.ssh))
    docker = c.DockerEngine(address, c.DockerEngineArgs(host))
    login = c.RegistryLogin(on_host, c.RegistryLoginArgs(host, service, settings.registry, docker.installed))
    env = c.EnvFile(on_host, c.EnvFileArgs(host, service, settings.env))
    traefik = c.Traefik(on_host, c.TraefikArgs(host, service, settings.traefik, login.on_server))
    needs: list[pulumi.Resource] = [env.written, traefik.answers]
    if settings.rollback:
        release = c.Rollback(in_role, c.RollbackArgs(host, settings, settings.rollback)).release
    else:
        image = c.AppImage(service, c.AppImageArgs(settings, login.here))
        release = image.digest.apply(lambda digest: new_release(settings, digest, env.digest))
        if not settings.registry and not settings.is_prebuilt:
            transfer = c.ImageTransfer(
                on_host, c.ImageTransferArgs(host, settings, image.digest, [docker.installed])
            )
            needs.append(transfer.sent)
    candidate = c.Candidate(in_role, c.CandidateArgs(host, settings, release, needs))
    cutover = c.Cutover(in_role, c.CutoverArgs(host, settings, release, [candidate.healthy]))
    c.Retire(in_role, c.RetireArgs(host, settings, release, env.digest, [cutover.switched]))

    pulumi.export("url", public_url(settings))
    pulumi.export("host", address)
    pulumi.export("image", cutover.image)
    pulumi.export("release", cutover.live)
    pulumi.export("previous_release", cutover.previous)
    pulumi.export("ssh", ssh_command(settings.ssh, address))
    pulumi.export("docker_host", docker_host(settings.ssh, address))


deploy(read_settings())
