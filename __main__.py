"""Deploy one app to its servers: settings in, components wired, outputs exported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pulumi
from pulumi.runtime.config import get_config_env

import components as c
from render.outputs import docker_host, public_url, ssh_command
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
    hooks = c.Hooks(settings, pulumi.get_stack())
    settings, pushed_to = c.with_ecr(settings)
    first = hooks.run("pre-connect")
    servers = {
        name: c.make_ready(settings, name, args) for name, args in c.host_args(settings, first).items()
    }
    needs = hooks.run("docker-setup", [server.docker for server in servers.values()])
    if settings.rollback:
        wanted = c.found(settings, servers, settings.rollback)
    else:
        login = [] if settings.ecr else c.log_in_here(settings)
        wanted = c.built(settings, servers, [*login, *pushed_to, *hooks.run("pre-build", first)])
    allowed = hooks.run("pre-deploy", first, wanted.id)
    needs += [*allowed, *c.run_accessories(settings, servers, allowed)]
    needs += c.run_release_command(settings, servers, wanted, needs)
    rollout = c.roll_out(settings, servers, wanted, hooks, needs)
    last = [*rollout.done, *hooks.run("post-deploy", rollout.done, wanted.id)]
    export(settings, servers, rollout.cutovers)
    c.stay_until_done(last)


def export(
    settings: Settings, servers: Mapping[str, c.Server], cutovers: Mapping[tuple[str, str], c.Cutover]
) -> None:
    """Export where the app is reached, what serves, and how to look at each server."""
    role, host = settings.primary_role, settings.primary.hosts[0]
    first, proxy = cutovers[role, host], settings.primary.proxy
    if proxy:
        pulumi.export("url", of_address(servers[host], lambda address: public_url(settings, proxy, address)))
    pulumi.export("host", servers[host].address)
    pulumi.export("image", first.image)
    pulumi.export("release", first.live)
    pulumi.export("previous_release", first.previous)
    ways = {
        name: {
            "ssh": of_address(server, lambda address: ssh_command(settings.ssh, address)),
            "docker_host": of_address(server, lambda address: docker_host(settings.ssh, address)),
        }
        for name, server in servers.items()
    }
    for key, value in ways[host].items():
        pulumi.export(key, value)
    live = {name: {role: cutovers[role, name].live for role in settings.roles_of(name)} for name in servers}
    pulumi.export(
        "servers",
        {
            name: {"host": server.address, **ways[name], "releases": live[name]}
            for name, server in servers.items()
        },
    )


def of_address(server: c.Server, text: Callable[[str], str]) -> pulumi.Input[str]:
    """Write something with the server's address, now if it is known."""
    address = server.address
    return text(address) if isinstance(address, str) else address.apply(text)


c.keep_garbage()
c.spare_the_engine()
deploy(read_settings())
