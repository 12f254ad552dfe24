"""Step 3: log in to the registry, here and on the server."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

import pulumi
from pulumi_command import local

from components.host import Host, Step
from settings import Registry


@dataclass(frozen=True)
class RegistryLoginArgs:
    """What a `RegistryLogin` is made of.

    Attributes:
        host: the server.
        service: whose login it is.
        registry: server, user and password; none to go without.
        docker: Docker on the server.
    """

    host: Host
    service: str
    registry: Registry | None
    docker: pulumi.Resource


class RegistryLogin(pulumi.ComponentResource):
    """A login that was tried on both sides.

    Creates: a trial login on this machine; a kept login for this service on the server, for root only.
        Without a registry, nothing.
    Changes when: server, user or password change.
    On failure: the one before stays in force.
    """

    def __init__(
        self, name: str, args: RegistryLoginArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Log in on both sides, side by side.

        Args:
            name: a stable name, of service and server.
            args: where and as whom.
            opts: Pulumi's options.
        """
        super().__init__("backstaff:components:RegistryLogin", name, None, opts)
        self.here: list[pulumi.Resource] = []
        self.on_server: list[pulumi.Resource] = [args.docker]
        if args.registry:
            self._log_in(name, args, args.registry)
        self.register_outputs({})

    def _log_in(self, name: str, args: RegistryLoginArgs, registry: Registry) -> None:
        password = pulumi.Output.secret(registry.password.get_secret_value())
        arguments = {"server": registry.server, "username": registry.username, "service": args.service}
        self.here.append(
            local.Command(
                f"{name}-login-here",
                create=_local_line({**arguments, "side": "here"}),
                dir="remote",
                stdin=password,
                add_previous_output_in_env=False,
                opts=pulumi.ResourceOptions(parent=self),
            )
        )
        self.on_server.append(
            args.host.run(
                f"{name}-login",
                Step("login-registry", {**arguments, "side": "server"}),
                parent=self,
                delete=Step("logout-registry", {"service": args.service}),
                stdin=password,
                depends_on=[args.docker],
            )
        )


def _local_line(arguments: dict[str, str]) -> str:
    words = ["bash", "login-registry.sh"]
    for name, value in arguments.items():
        words += [f"--{name}", value]
    return shlex.join(words)
