"""Steps 6, 9 and 10: the new release, started beside the live one and gated by its health."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from components.host import Host, Step
from render.names import RoleNames
from render.release import release_id
from render.traefik import candidate_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from settings import Settings


@dataclass(frozen=True)
class CandidateArgs:
    """What a `Candidate` is made of.

    Attributes:
        host: the server.
        settings: the service, its port and its health check.
        image: the image by digest.
        env: the digest of the env, from `EnvFile`.
        needs: the env on the server and Traefik.
    """

    host: Host
    settings: Settings
    image: pulumi.Input[str]
    env: str
    needs: Sequence[pulumi.Resource]


class Candidate(pulumi.ComponentResource):
    """A release that runs and is healthy, but gets no public traffic.

    Creates: its container, and a route to it for probes only.
    Outputs: `release`, its id.
    Changes when: the image, the env or the health check changes.
    On failure: container and route are removed; the live release is untouched.
    """

    release: pulumi.Output[str]

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
        image = pulumi.Output.from_input(args.image)
        self.release = image.apply(lambda image: release_id(image, args.env, {}))
        self.healthy = args.host.run(
            f"{name}-candidate",
            pulumi.Output.all(image, self.release).apply(lambda both: _start(settings, args.env, *both)),
            parent=self,
            delete=Step(
                "remove-releases",
                {"service": settings.service, "role": settings.role, "stop-timeout": settings.stop_timeout},
            ),
            stdin=self.release.apply(lambda release: candidate_file(names, release, settings.proxy.app_port)),
            depends_on=args.needs,
        )
        self.register_outputs({"release": self.release})


def _start(settings: Settings, env: str, image: str, release: str) -> Step:
    health = settings.proxy.healthcheck
    return Step(
        "start-candidate",
        {
            "service": settings.service,
            "role": settings.role,
            "release": release,
            "image": image,
            "env": env,
            "health-path": health.path,
            "health-host": health_host(settings),
            "health-interval": health.interval,
            "health-timeout": health.timeout,
            "deploy-timeout": settings.deploy_timeout,
        },
    )


def health_host(settings: Settings) -> str:
    """Name the host that health is asked of: the app's own, since many frameworks refuse any other.

    Args:
        settings: the stack's settings.

    Returns:
        The first of the app's host names, or `localhost`.
    """
    return settings.proxy.hosts[0] if settings.proxy.hosts else "localhost"
