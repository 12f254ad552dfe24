"""A server made ready for the app: all of it that no release changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from components.accessory import Accessory, AccessoryArgs
from components.docker_engine import DockerEngine, DockerEngineArgs
from components.env_file import EnvFile, EnvFileArgs
from components.host import Host, HostArgs
from components.prepared_server import PreparedServer, PreparedServerArgs
from components.registry_login import RegistryLogin, RegistryLoginArgs
from components.traefik import Traefik, TraefikArgs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from settings import Settings


@dataclass(frozen=True)
class Server:
    """A server, and what a release on it waits for.

    Attributes:
        host: the way there.
        address: what SSH connects to.
        docker: Docker on it.
        login: the registry login there and what it needs.
        envs: the variables of each role that it has, by the role's name.
        ready: what each release on it waits for, but for its variables.
    """

    host: Host
    address: str | pulumi.Output[str]
    docker: pulumi.Resource
    login: Sequence[pulumi.Resource]
    envs: dict[str, EnvFile]
    ready: Sequence[pulumi.Resource]


def make_ready(settings: Settings, name: str, args: HostArgs) -> Server:
    """Make a server ready.

    Args:
        settings: the stack's settings.
        name: the server's among them.
        args: how it is reached.

    Returns:
        The server.
    """
    service, on_host = settings.service, f"{settings.service}-{name}"
    host = Host(name, args)
    docker = DockerEngine(name, DockerEngineArgs(host)).installed
    login: list[pulumi.Resource] = [docker]
    if settings.registry and not settings.ecr:
        registry = RegistryLoginArgs(service, settings.registry, host, [docker])
        login.append(RegistryLogin(on_host, registry).done)
    envs = {
        role: EnvFile(
            f"{service}-{role}-{name}", EnvFileArgs(host, service, role, settings.servers[role].env[name])
        )
        for role in settings.roles_of(name)
    }
    ready = login
    if settings.has_proxy(name):
        args_of_traefik = TraefikArgs(host, service, settings.traefik, login)
        ready = [Traefik(on_host, args_of_traefik).answers]
    if settings.aws:
        ready = [*ready, PreparedServer(name, PreparedServerArgs(host, settings.aws)).ready]
    return Server(host, args.address, docker, login, envs, ready)


def run_accessories(
    settings: Settings, servers: Mapping[str, Server], needs: Sequence[pulumi.Resource]
) -> list[pulumi.Resource]:
    """Run the accessories, each on its servers.

    Args:
        settings: the stack's settings.
        servers: by their names.
        needs: what goes before.

    Returns:
        What the app waits for.
    """
    return [
        Accessory(
            f"{settings.service}-{name}-{server}",
            AccessoryArgs(
                servers[server].host,
                settings,
                name,
                [*(servers[server].ready if one.proxy else servers[server].login), *needs],
            ),
        ).ready
        for name, one in settings.accessories.items()
        for server in settings.accessory_hosts(name)
    ]
