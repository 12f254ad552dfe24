"""Step 3: log in to the registry, here and on the server."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
from pulumi_command import local

from components.host import Host, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from settings import Registry, Settings


@dataclass(frozen=True)
class RegistryLoginArgs:
    """What a `RegistryLogin` is made of.

    Attributes:
        service: whose login it is.
        registry: server, user and password.
        host: the server; none for this machine.
        needs: Docker on the server.
    """

    service: str
    registry: Registry
    host: Host | None = None
    needs: Sequence[pulumi.Resource] = ()


class RegistryLogin(pulumi.ComponentResource):
    """A login that was tried.

    Creates: a trial login on this machine; or a kept login for this service on a server, for root only.
    Changes when: server, user or password change.
    On failure: the one before stays in force.
    """

    done: pulumi.Resource

    def __init__(
        self, name: str, args: RegistryLoginArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Log in.

        Args:
            name: a stable name, of the service, and of the server if it is on one.
            args: where and as whom.
            opts: Pulumi's options.
        """
        super().__init__("backstaff:components:RegistryLogin", name, None, opts)
        registry = args.registry
        password = pulumi.Output.secret(registry.password.get_secret_value())
        arguments = {"server": registry.server, "username": registry.username, "service": args.service}
        if args.host:
            self.done = args.host.run(
                f"{name}-login",
                Step("login-registry", {**arguments, "side": "server"}),
                parent=self,
                delete=Step("logout-registry", {"service": args.service}),
                stdin=password,
                depends_on=args.needs,
            )
        else:
            self.done = local.Command(
                f"{name}-login-here",
                create=_local_line({**arguments, "side": "here"}),
                dir="remote",
                stdin=password,
                add_previous_output_in_env=False,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})


def log_in_here(settings: Settings) -> list[pulumi.Resource]:
    """Log this machine in to the registry, if there is one.

    Args:
        settings: the stack's settings.

    Returns:
        What a push waits for.
    """
    if settings.registry is None:
        return []
    return [RegistryLogin(settings.service, RegistryLoginArgs(settings.service, settings.registry)).done]


def _local_line(arguments: dict[str, str]) -> str:
    words = ["bash", "login-registry.sh"]
    for name, value in arguments.items():
        words += [f"--{name}", value]
    return shlex.join(words)
