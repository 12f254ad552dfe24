"""Steps 6, 9 and 10: the new release, started beside the live one and gated by its health."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from components.host import Host, Step
from render.gate import gate_arguments
from render.names import RoleNames
from render.run_options import run_options
from render.schedule import schedule_lines
from render.traefik import candidate_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from render.release import Release
    from settings import Settings


@dataclass(frozen=True)
class CandidateArgs:
    """What a `Candidate` is made of.

    Attributes:
        host: the server.
        settings: the service, its roles and their health checks.
        role: the name of the role that is to run.
        release: what to start.
        needs: the env on the server, Traefik, and what else goes before.
        wait: seconds between what goes before and the start.
    """

    host: Host
    settings: Settings
    role: str
    release: pulumi.Output[Release]
    needs: Sequence[pulumi.Resource]
    wait: int = 0


class Candidate(pulumi.ComponentResource):
    """A release that runs and is healthy, but gets no public traffic.

    Creates: its container, and a route to it for probes only where the proxy serves the role. Where two
        releases may not run at once, the container is made and not started.
    Changes when: the release or its health check changes.
    On failure: container and route are removed; the live release is untouched.
    """

    def __init__(self, name: str, args: CandidateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Pull the image, start a container of it, wait until it is healthy.

        Args:
            name: a stable name, of service, role and server.
            args: what to start where.
            opts: Pulumi's options.
        """
        super().__init__("backstaff:components:Candidate", name, None, opts)
        settings, role = args.settings, args.role
        self.healthy = args.host.run(
            f"{name}-candidate",
            _start(args),
            parent=self,
            delete=Step(
                "remove-releases",
                {"service": settings.service, "role": role, "stop-timeout": settings.stop_seconds(role)},
            ),
            stdin=_received(args),
            depends_on=args.needs,
        )
        self.register_outputs({})


def _received(args: CandidateArgs) -> pulumi.Input[str] | None:
    """Give what the script reads: a route for probes, or the jobs."""
    role = args.settings.servers[args.role]
    proxy = role.proxy
    if proxy is None:
        return schedule_lines(role) or None
    names, health_port = RoleNames(args.settings.service, args.role), proxy.healthcheck.port
    return args.release.apply(lambda release: candidate_file(names, release.id, health_port or release.port))


def _start(args: CandidateArgs) -> pulumi.Output[Step]:
    role = args.settings.servers[args.role]
    if role.schedule:
        return _start_schedule(args)
    return _start_served(args) if role.proxy else _start_worker(args)


def _start_schedule(args: CandidateArgs) -> pulumi.Output[Step]:
    options = run_options(args.settings, args.settings.servers[args.role])
    return args.release.apply(
        lambda release: Step("start-schedule", {**_container(args, release), **_turn(args)}, options)
    )


def _start_served(args: CandidateArgs) -> pulumi.Output[Step]:
    settings, role = args.settings, args.settings.servers[args.role]
    gate = gate_arguments(role.proxy, settings.deploy_timeout) if role.proxy else {}
    routes = {"routes": " ".join(role.proxy.routes)} if role.proxy else {}
    assets = {"asset-path": role.asset_path} if role.asset_path else {}
    options = run_options(settings, role)
    return args.release.apply(
        lambda release: Step(
            "start-candidate",
            {
                **_container(args, release),
                "app-port": release.port,
                **routes,
                **gate,
                **assets,
                **_turn(args),
            },
            options,
        )
    )


def _start_worker(args: CandidateArgs) -> pulumi.Output[Step]:
    settings, role = args.settings, args.settings.servers[args.role]
    readiness = {
        "readiness-delay": settings.readiness_delay,
        "deploy-timeout": settings.deploy_timeout,
        "stop-first": "yes" if role.is_stopped_first else "no",
    }
    options = run_options(settings, role)
    return args.release.apply(
        lambda release: Step(
            "start-worker", {**_container(args, release), **readiness, **_turn(args)}, options
        )
    )


def _container(args: CandidateArgs, release: Release) -> dict[str, str]:
    return {
        "service": args.settings.service,
        "role": args.role,
        "release": release.id,
        "image": release.image,
        "env": release.env,
    }


def _turn(args: CandidateArgs) -> dict[str, int]:
    return {"boot-wait": args.wait} if args.wait else {}
