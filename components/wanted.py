"""The release that is to serve: built, prebuilt, or found on the servers for a rollback."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from components.app_image import AppImage, AppImageArgs
from components.image_transfer import ImageTransfer, ImageTransferArgs
from components.on_aws import ecr_login
from components.rollback import Rollback, RollbackArgs
from render.release import Release, name_release, new_release

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from components.server import Server
    from settings import Settings

# A role and a server.
Place = tuple[str, str]


@dataclass(frozen=True)
class Wanted:
    """A release, at every place where it is to run.

    Attributes:
        id: its id; of a rollback, the one that the primary role's first server has.
        at: what runs there, by role and server.
        needs: what must be done before it can be started, by server.
    """

    id: pulumi.Output[str]
    at: Mapping[Place, pulumi.Output[Release]]
    needs: Mapping[str, Sequence[pulumi.Resource]]


def places(settings: Settings, hosts: Sequence[str]) -> list[Place]:
    """List the places where a release runs.

    Args:
        settings: the stack's settings.
        hosts: servers to look at.

    Returns:
        Role and server each, the primary role first at each server.
    """
    return [(role, host) for host in hosts for role in settings.roles_of(host)]


def place_name(settings: Settings, place: Place) -> str:
    """Name the steps of a place.

    Args:
        settings: the stack's settings.
        place: role and server.

    Returns:
        A stable name, of service, role and server.
    """
    return "-".join((settings.service, *place))


def built(settings: Settings, servers: Mapping[str, Server], needs: Sequence[pulumi.Resource]) -> Wanted:
    """Build the image, or look a prebuilt one up, and bring it within the servers' reach.

    Args:
        settings: the stack's settings.
        servers: by their names.
        needs: what goes before the build.

    Returns:
        The release.
    """
    image = AppImage(settings.service, AppImageArgs(settings, needs))
    named = image.digest.apply(lambda digest: (name_release(settings, digest), digest))
    name = named.apply(lambda both: both[0])

    def at(place: Place) -> pulumi.Output[Release]:
        role, host = place
        env = servers[host].envs[role].digest
        return named.apply(lambda both: new_release(settings, role, *both, env))

    return Wanted(
        name,
        {place: at(place) for place in places(settings, settings.hosts)},
        {
            host: [
                *(env.written for env in server.envs.values()),
                *_brought(settings, server, image.digest, name),
            ]
            for host, server in servers.items()
        },
    )


def _brought(
    settings: Settings, server: Server, digest: pulumi.Output[str], release: pulumi.Output[str]
) -> list[pulumi.Resource]:
    if not server.envs:
        return []
    if settings.registry or settings.is_prebuilt:
        return ecr_login(settings, server.host, release, [server.docker])
    name = f"{settings.service}-{server.host.name}"
    return [ImageTransfer(name, ImageTransferArgs(server.host, settings, digest, [server.docker])).sent]


def found(settings: Settings, servers: Mapping[str, Server], wanted: str) -> Wanted:
    """Find a release that was live before, at every place before anything is done at one.

    Args:
        settings: the stack's settings.
        servers: by their names.
        wanted: `previous` or an id.

    Returns:
        The release.
    """
    all_of_it = {
        (role, host): Rollback(
            place_name(settings, (role, host)), RollbackArgs(servers[host].host, settings, role, wanted)
        )
        for role, host in places(settings, settings.hosts)
    }
    first = all_of_it[settings.primary_role, settings.primary.hosts[0]]
    written = {host: [env.written for env in server.envs.values()] for host, server in servers.items()}
    is_found = [one.found for one in all_of_it.values()]
    return Wanted(
        first.release.apply(lambda release: release.id),
        {place: one.release for place, one in all_of_it.items()},
        {host: [*written[host], *is_found] for host in servers},
    )
