"""The names of what belongs to a service on a server, each made of stable parts."""

from __future__ import annotations

from dataclasses import dataclass

# Where Traefik answers the probes of new releases and its API; reached only on the server itself.
PRIVATE_PORT = 5880
# The header by which Traefik knows the one release that a probe is for.
RELEASE_HEADER = "X-Backstaff-Release"


@dataclass(frozen=True)
class RoleNames:
    """What a role of a service is called.

    Attributes:
        service: the app's name.
        role: the set of hosts that run the same command.
    """

    service: str
    role: str

    @property
    def router(self) -> str:
        """The router of the live release."""
        return f"{self.service}-{self.role}"

    def release(self, release_id: str) -> str:
        """Name a release's container, which is its Traefik service too."""
        return f"{self.service}-{self.role}-{release_id}"
