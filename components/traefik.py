"""Step 8: Traefik on the server's public port."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from components.host import Host, Step
from render.traefik import private_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from settings import TraefikSettings


@dataclass(frozen=True)
class TraefikArgs:
    """What a `Traefik` is made of.

    Attributes:
        host: the server.
        service: whose registry login may pull the image.
        traefik: image and port.
        needs: Docker on the server, and the login there if there is a registry.
    """

    host: Host
    service: str
    traefik: TraefikSettings
    needs: Sequence[pulumi.Resource]


class Traefik(pulumi.ComponentResource):
    """A proxy that answers on the public port, and privately on the server's loopback.

    Creates: its container and its network, shared by all services of the server.
    Changes when: its image, port or configuration change.
    On failure: a Traefik that ran with other settings may have been stopped; the next `up` starts one.
    """

    def __init__(self, name: str, args: TraefikArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make sure that it runs.

        Args:
            name: a stable name, of service and server.
            args: where and how.
            opts: Pulumi's options.
        """
        super().__init__("backstaff:components:Traefik", name, None, opts)
        self.answers = args.host.run(
            f"{name}-traefik",
            Step(
                "ensure-traefik",
                {
                    "image": args.traefik.image,
                    "http-port": args.traefik.http_port,
                    "service": args.service,
                },
            ),
            parent=self,
            delete=Step("remove-traefik"),
            stdin=private_file(),
            depends_on=args.needs,
        )
        self.register_outputs({})
