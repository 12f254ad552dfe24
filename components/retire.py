"""Steps 11 and 12: the old release ends what it has begun and is stopped; the oldest ones are deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from components.host import Host, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from render.release import Release
    from settings import Settings


@dataclass(frozen=True)
class RetireArgs:
    """What a `Retire` is made of.

    Attributes:
        host: the server.
        settings: the service, its time limits and how many releases are kept.
        role: the name of the role.
        release: what stays.
        env: the digest of the settings' env, which stays too.
        cutovers: all that must have switched first.
    """

    host: Host
    settings: Settings
    role: str
    release: pulumi.Output[Release]
    env: str
    cutovers: Sequence[pulumi.Resource]


class Retire(pulumi.ComponentResource):
    """The end of the releases before the live one.

    Changes when: the release, a time limit or the number of kept releases changes.
    On failure: the new release serves; the next `up` goes on.
    """

    def __init__(self, name: str, args: RetireArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Drain, stop, delete.

        Args:
            name: a stable name, of service, role and server.
            args: what stays and for how long to wait.
            opts: Pulumi's options.
        """
        super().__init__("backstaff:components:Retire", name, None, opts)
        self.retired = args.host.run(
            f"{name}-retire",
            args.release.apply(lambda release: _retire(args.settings, args.role, release.id, args.env)),
            parent=self,
            depends_on=args.cutovers,
            is_following=True,
        )
        self.register_outputs({})


def _retire(settings: Settings, role: str, release: str, env: str) -> Step:
    return Step(
        "retire-releases",
        {
            "service": settings.service,
            "role": role,
            "release": release,
            "env": env,
            "drain-timeout": settings.drain_timeout,
            "stop-timeout": settings.stop_seconds(role),
            "retain": settings.retain_containers,
        },
    )
