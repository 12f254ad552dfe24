"""Deploy one app to its server: settings in, components wired, outputs exported."""

from __future__ import annotations

from pathlib import Path

import pulumi
from pulumi.runtime.config import get_config_env

import components as c
from settings import SettingsError, load
from settings.model import Settings

PREFIX = "backstaff:"


def read_settings() -> Settings:
    """Read what the user wrote, or end with all that is wrong with it."""
    config = {
        key.removeprefix(PREFIX): value for key, value in get_config_env().items() if key.startswith(PREFIX)
    }
    try:
        return load(pulumi.get_stack(), config, Path.cwd())
    except SettingsError as error:
        message = f"The settings cannot be used; nothing was touched.\n{error}"
        raise pulumi.RunError(message) from None


def deploy(settings: Settings) -> None:
    """Wire the steps of a deploy, each after what it needs and no more."""
    service, address = settings.service, settings.servers[0]
    on_host = f"{service}-{address}"
    in_role = f"{service}-{settings.role}-{address}"

    host = c.Host(address, c.HostArgs(address, settings.ssh))
    docker = c.DockerEngine(address, c.DockerEngineArgs(host))
    here: list[pulumi.Resource] = []
    on_server: list[pulumi.Resource] = [docker.installed]
    if settings.registry:
        login = c.RegistryLogin(
            on_host, c.RegistryLoginArgs(host, service, settings.registry, docker.installed)
        )
        here, on_server = [login.here], [login.on_server]
    image = c.AppImage(service, c.AppImageArgs(settings, here))
    env = c.EnvFile(on_host, c.EnvFileArgs(host, service, settings.env))
    traefik = c.Traefik(on_host, c.TraefikArgs(host, service, settings.traefik, on_server))
    candidate = c.Candidate(
        in_role, c.CandidateArgs(host, settings, image.digest, env.digest, [env.written, traefik.answers])
    )
    cutover = c.Cutover(in_role, c.CutoverArgs(host, settings, candidate.release, [candidate.healthy]))
    c.Retire(in_role, c.RetireArgs(host, settings, candidate.release, [cutover.switched]))

    pulumi.export("url", f"http://{settings.proxy.hosts[0] if settings.proxy.hosts else address}")
    pulumi.export("host", address)
    pulumi.export("image", image.digest)
    pulumi.export("release", cutover.live)


deploy(read_settings())
