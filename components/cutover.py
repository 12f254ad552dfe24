"""Step 9: the public's requests go to the new release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from components.candidate import health_host
from components.host import Host, Step
from render.names import RoleNames
from render.traefik import live_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from settings import Settings


@dataclass(frozen=True)
class CutoverArgs:
    """What a `Cutover` is made of.

    Attributes:
        host: the server.
        settings: the service, its port and its host names.
        release: the release's id, from `Candidate`.
        candidates: all that must be healthy first.
    """

    host: Host
    settings: Settings
    release: pulumi.Output[str]
    candidates: Sequence[pulumi.Resource]


class Cutover(pulumi.ComponentResource):
    """The switch of the public route, at once for all requests.

    Creates: the live route.
    Outputs: `live`, the release that serves.
    Changes when: the release, its port or its host names change.
    On failure: the route is as it was before.
    """

    live: pulumi.Output[str]

    def __init__(self, name: str, args: CutoverArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Switch the route and see that the release serves.

        Args:
            name: a stable name, of service, role and server.
            args: what to route where.
            opts: Pulumi's options.
        """
        super().__init__("backstaff:components:Cutover", name, None, opts)
        settings = args.settings
        names = RoleNames(settings.service, settings.role)
        port, hosts = settings.proxy.app_port, settings.proxy.hosts
        self.switched = args.host.run(
            f"{name}-cutover",
            args.release.apply(lambda release: _switch(settings, release)),
            parent=self,
            delete=Step("remove-route", {"service": settings.service, "role": settings.role}),
            stdin=args.release.apply(lambda release: live_file(names, release, port, hosts)),
            depends_on=args.candidates,
        )
        # From what the switch saw, not from what was wanted: an `up` that fails must not announce a release.
        self.live = self.switched.stdout.apply(lambda text: text.rpartition("live=")[2])
        self.register_outputs({"live": self.live})


def _switch(settings: Settings, release: str) -> Step:
    return Step(
        "switch-release",
        {
            "service": settings.service,
            "role": settings.role,
            "release": release,
            "http-port": settings.traefik.http_port,
            "health-path": settings.proxy.healthcheck.path,
            "health-host": health_host(settings),
        },
    )
