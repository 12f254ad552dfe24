"""Steps 6, 9 and 10: the new release, started beside the live one and gated by its health."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from components.host import Host, Step
from render.gate import gate_arguments
from render.names import RoleNames
from render.run_options import run_options
from render.traefik import candidate_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from render.release import Release
    from settings import Settings


@dataclass(frozen=True)
class CandidateArgs:
    """What a `Candidate` is made of.

    Attributes:
        host: the server.
        settings: the service and its health check.
        release: what to start.
        needs: the env on the server and Traefik.
    """

    host: Host
    settings: Settings
    release: pulumi.Output[Release]
    needs: Sequence[pulumi.Resource]


class Candidate(pulumi.ComponentResource):
    """A release that runs and is healthy, but gets no public traffic.

    Creates: its container, and a route to it for probes only.
    Changes when: the release or its health check changes.
    On failure: container and route are removed; the live release is untouched.
    """

    def __init__(self, name: str, args: CandidateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Pull the image, start a container of it, wait until it is healthy.

        Args:
            name: a stable name, of service, role and server.
            args: what to start where.
            opts: Pulumi's options.
        """
        super().__init__("backstaff:components:Candidate", name, None, opts)
        settings = args.settings
        names = RoleNames(settings.service, settings.role)
        health_port = settings.proxy.healthcheck.port
        self.healthy = args.host.run(
            f"{name}-candidate",
            args.release.apply(lambda release: _start(settings, release)),
            parent=self,
            delete=Step(
                "remove-releases",
                {"service": settings.service, "role": settings.role, "stop-timeout": settings.stop_timeout},
            ),
            stdin=args.release.apply(
                lambda release: candidate_file(names, release.id, health_port or release.port)
            ),
            depends_on=args.needs,
        )
        self.register_outputs({})


def _start(settings: Settings, release: Release) -> Step:
    return Step(
        "start-candidate",
        {
            "service": settings.service,
            "role": settings.role,
            "release": release.id,
            "image": release.image,
            "env": release.env,
            "app-port": release.port,
            **gate_arguments(settings),
        },
        run_options(settings),
    )
