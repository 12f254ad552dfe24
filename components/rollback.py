"""Rollback: the release to bring back, which is still on the server as it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from components.host import Host, Step
from render.release import Release

if TYPE_CHECKING:
    from settings import Settings


@dataclass(frozen=True)
class RollbackArgs:
    """What a `Rollback` is made of.

    Attributes:
        host: the server.
        settings: the service.
        role: the name of the role.
        wanted: `previous` or a release's id.
    """

    host: Host
    settings: Settings
    role: str
    wanted: str


class Rollback(pulumi.ComponentResource):
    """A release that was live before.

    Outputs: `release`, found once for as long as the same one is asked for.
    Changes when: another one is asked for.
    On failure: nothing was changed; the message lists the releases that are there.
    """

    release: pulumi.Output[Release]

    def __init__(self, name: str, args: RollbackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Find it.

        Args:
            name: a stable name, of service, role and server.
            args: what to find where.
            opts: Pulumi's options.
        """
        super().__init__("backstaff:components:Rollback", name, None, opts)
        service, role = args.settings.service, args.role
        self.found = args.host.run(
            f"{name}-rollback",
            Step("find-release", {"service": service, "role": role, "release": args.wanted}),
            parent=self,
        )
        self.release = self.found.stdout.apply(Release.found)
        self.register_outputs({})
