"""The release task: a command, such as a migration, that is run once before a release is started."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from components.host import Host, Step
from render.run_options import task_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from components.server import Server
    from components.wanted import Wanted
    from render.release import Release
    from settings import Settings


@dataclass(frozen=True)
class ReleaseTaskArgs:
    """What a `ReleaseTask` is made of.

    Attributes:
        host: the one server that it is run on.
        settings: the service, the command and how long it may take.
        release: whose image and variables it is run with.
        needs: the env on the server, accessories, and what the pull waits for.
    """

    host: Host
    settings: Settings
    release: pulumi.Output[Release]
    needs: Sequence[pulumi.Resource]


class ReleaseTask(pulumi.ComponentResource):
    """A command that has succeeded for a release, once.

    Creates: a note that it was run for the release, which goes with the service's last release.
    Changes when: the release, the command or its time limit changes; a release that it was run for is passed.
    On failure: what was live is untouched, and the next `up` tries again.
    """

    def __init__(self, name: str, args: ReleaseTaskArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Run it on one server, in a container of its own.

        Args:
            name: a stable name, of the service.
            args: what to run where.
            opts: Pulumi's options.
        """
        super().__init__("backstaff:components:ReleaseTask", name, None, opts)
        settings = args.settings
        self.done = args.host.run(
            f"{name}-release-command",
            args.release.apply(lambda release: _run(settings, release)),
            parent=self,
            depends_on=args.needs,
        )
        self.register_outputs({})


def run_release_command(
    settings: Settings, servers: Mapping[str, Server], wanted: Wanted, needs: Sequence[pulumi.Resource]
) -> list[pulumi.Resource]:
    """Run the release's command, if there is one and the release is new, on the primary role's first server.

    Args:
        settings: the stack's settings.
        servers: by their names.
        wanted: the release.
        needs: what goes before.

    Returns:
        What the roll-out waits for.
    """
    if not settings.release_command or settings.rollback:
        return []
    host = settings.primary.hosts[0]
    release = wanted.at[settings.primary_role, host]
    needs = [*servers[host].ready, *wanted.needs[host], *needs]
    return [ReleaseTask(settings.service, ReleaseTaskArgs(servers[host].host, settings, release, needs)).done]


def _run(settings: Settings, release: Release) -> Step:
    return Step(
        "run-release-command",
        {
            "service": settings.service,
            "role": settings.primary_role,
            "release": release.id,
            "image": release.image,
            "env": release.env,
            "timeout": settings.release_timeout,
        },
        task_options(settings, settings.primary),
    )
