"""Step 9: the public's requests go to the new release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from components.host import Host, Step
from render.gate import gate_arguments, public_host
from render.names import RoleNames
from render.traefik import live_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from render.release import Release
    from settings import Settings


@dataclass(frozen=True)
class CutoverArgs:
    """What a `Cutover` is made of.

    Attributes:
        host: the server.
        settings: the service, its host names and its health check.
        release: what is to serve.
        candidates: all that must be healthy first.
    """

    host: Host
    settings: Settings
    release: pulumi.Output[Release]
    candidates: Sequence[pulumi.Resource]


class Cutover(pulumi.ComponentResource):
    """The switch of the public route, at once for all requests.

    Creates: the live route.
    Outputs: `live`, the release that serves; its `image`; `previous`, the one before, empty if there is none.
    Changes when: the release, its host names or its health check change.
    On failure: the route is as it was before.
    """

    live: pulumi.Output[str]
    image: pulumi.Output[str]
    previous: pulumi.Output[str]

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
        hosts, seconds = settings.proxy.hosts, settings.proxy.response_timeout
        self.switched = args.host.run(
            f"{name}-cutover",
            args.release.apply(lambda release: _switch(settings, release)),
            parent=self,
            delete=Step("remove-route", {"service": settings.service, "role": settings.role}),
            stdin=args.release.apply(
                lambda release: live_file(names, release.id, release.port, hosts, seconds)
            ),
            depends_on=args.candidates,
        )
        # From what the switch saw, not from what was wanted: an `up` that fails must not announce a release.
        self.live = self.switched.stdout.apply(lambda text: _last_line(text)["live"])
        self.previous = self.switched.stdout.apply(lambda text: _last_line(text)["previous"])
        self.image = pulumi.Output.all(args.release, self.live).apply(lambda both: both[0].image)
        self.register_outputs({"live": self.live, "image": self.image, "previous": self.previous})


def _last_line(text: str) -> dict[str, str]:
    """Read `live=... previous=...`."""
    words = text.rpartition("\n")[2].split()
    return {name: value for name, _, value in (word.partition("=") for word in words)}


def _switch(settings: Settings, release: Release) -> Step:
    health = settings.proxy.healthcheck
    return Step(
        "switch-release",
        {
            "service": settings.service,
            "role": settings.role,
            "release": release.id,
            "public-host": public_host(settings),
            # A gate on a port of its own cannot be asked on the public one: any answer of the app's will do.
            "public-check": "healthy" if health.port in {None, release.port} else "answers",
            **gate_arguments(settings),
        },
    )
