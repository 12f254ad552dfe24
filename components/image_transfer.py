"""Step 5 without a registry: the image goes to the server over SSH."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from components.host import Host
from render.release import local_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from settings import Settings


@dataclass(frozen=True)
class ImageTransferArgs:
    """What an `ImageTransfer` is made of.

    Attributes:
        host: the server.
        settings: the service.
        image: the image by digest, its id on this machine's engine.
        needs: Docker on the server.
    """

    host: Host
    settings: Settings
    image: pulumi.Output[str]
    needs: Sequence[pulumi.Resource]


class ImageTransfer(pulumi.ComponentResource):
    """The app's image on the server, with no registry between.

    Creates: the image, of which only those layers are sent that the server has not.
    Changes when: the image changes.
    On failure: no part of the image is on the server.
    """

    def __init__(
        self, name: str, args: ImageTransferArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Send the image.

        Args:
            name: a stable name, of service and server.
            args: what to send where.
            opts: Pulumi's options.
        """
        super().__init__("backstaff:components:ImageTransfer", name, None, opts)
        self.sent = args.host.send_image(
            f"{name}-transfer",
            args.image.apply(lambda image: ("sha256:" + image.rpartition(":")[2], local_name(image))),
            parent=self,
            depends_on=args.needs,
        )
        self.register_outputs({})
