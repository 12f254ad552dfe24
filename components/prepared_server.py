"""After step 1, on a server of our own making: swap, and security updates that install themselves."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.host import Host, Step
from settings import Aws


@dataclass(frozen=True)
class PreparedServerArgs:
    """What a `PreparedServer` is made of.

    Attributes:
        host: the server.
        aws: the size of the swap file, and when updates may reboot.
    """

    host: Host
    aws: Aws


class PreparedServer(pulumi.ComponentResource):
    """A server that bears a small memory and looks after its own security.

    Creates: a swap file, and the settings of `unattended-upgrades`.
    Changes when: one of the two settings changes.
    On failure: the one before stays in force.
    """

    def __init__(
        self, name: str, args: PreparedServerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Prepare the server.

        Args:
            name: a stable name, of the server.
            args: how.
            opts: Pulumi's options.
        """
        super().__init__("backstaff:components:PreparedServer", name, None, opts)
        reboot = args.aws.reboot_time or "never"
        self.ready = args.host.run(
            f"{name}-prepared",
            Step("prepare-server", {"swap-gib": args.aws.swap_gib, "reboot-time": reboot}),
            parent=self,
        )
        self.register_outputs({})
