"""Accessories: long-lived containers beside the app, such as a database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from components.host import Host, Step
from render.accessory import accessory_run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from settings import Settings


@dataclass(frozen=True)
class AccessoryArgs:
    """What an `Accessory` is made of.

    Attributes:
        host: the server.
        settings: the stack's settings.
        accessory: its name among them.
        needs: Docker on the server, and the login there if there is a registry.
    """

    host: Host
    settings: Settings
    accessory: str
    needs: Sequence[pulumi.Resource]


class Accessory(pulumi.ComponentResource):
    """A container that the app reaches by name, and that no deploy of the app touches.

    Creates: the container, its files, volumes and directories.
    Changes when: a setting of it, a variable or a file changes; never because a tag has moved.
    On failure: the container before runs again; one that is new is removed. Data are never touched.
    """

    def __init__(self, name: str, args: AccessoryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Start it, or replace it if its settings have changed, and wait until it is ready.

        Args:
            name: a stable name, of service, accessory and server.
            args: what to run where.
            opts: Pulumi's options.
        """
        super().__init__("backstaff:components:Accessory", name, None, opts)
        settings, own = args.settings, args.settings.accessories[args.accessory]
        run = accessory_run(settings, args.accessory)
        self.ready = args.host.run(
            f"{name}-accessory",
            Step("start-accessory", run.arguments, run.rest),
            parent=self,
            delete=Step(
                "remove-accessory",
                {
                    "service": settings.service,
                    "accessory": args.accessory,
                    "remove-data": "yes" if own.remove_data else "no",
                    "stop-timeout": own.stop_timeout,
                },
            ),
            stdin=pulumi.Output.secret(run.stdin),
            depends_on=args.needs,
        )
        self.register_outputs({})
