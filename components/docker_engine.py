"""Step 2: Docker and curl on the server."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.host import Host, Step


@dataclass(frozen=True)
class DockerEngineArgs:
    """What a `DockerEngine` is made of.

    Attributes:
        host: the server.
    """

    host: Host


class DockerEngine(pulumi.ComponentResource):
    """A Docker engine that answers, and curl.

    Creates: what of the two is missing, from the distribution's signed packages.
    Changes when: the script changes.
    On failure: packages that apt has installed by then stay. `pulumi destroy` leaves Docker in place.
    """

    def __init__(self, name: str, args: DockerEngineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Install what is missing.

        Args:
            name: a stable name, of the server.
            args: the server.
            opts: Pulumi's options.
        """
        super().__init__("backstaff:components:DockerEngine", name, None, opts)
        self.installed = args.host.run(f"{name}-docker", Step("install-docker"), parent=self)
        self.register_outputs({})
