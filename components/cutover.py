"""Step 9: the new release takes over: the public's requests, or a worker's place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from components.host import Host, Step
from render.gate import gate_arguments, public_host
from render.names import RoleNames
from render.routes import public_path
from render.run_options import restart_policy
from render.traefik import live_file
from settings import Proxy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from render.release import Release
    from settings import Settings


@dataclass(frozen=True)
class CutoverArgs:
    """What a `Cutover` is made of.

    Attributes:
        host: the server.
        settings: the service, its roles, their host names and health checks.
        role: the name of the role.
        release: what is to serve.
        candidates: all that must be healthy first.
        hooks: what is run around it, in this program.
    """

    host: Host
    settings: Settings
    role: str
    release: pulumi.Output[Release]
    candidates: Sequence[pulumi.Resource]
    hooks: pulumi.ResourceHookBinding | None = None


class Cutover(pulumi.ComponentResource):
    """The switch of the public route, at once for all requests; of a worker, the old one's end if need be.

    Creates: the live route, or the mark of the live worker.
    Outputs: `live`, the release that serves; its `image`; `previous`, the one before, empty if there is none.
    Changes when: the release, its host names or its health check change.
    On failure: the route is as it was before; a worker that was stopped runs again.
    """

    live: pulumi.Output[str]
    image: pulumi.Output[str]
    previous: pulumi.Output[str]

    def __init__(self, name: str, args: CutoverArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Switch, and see that the release serves.

        Args:
            name: a stable name, of service, role and server.
            args: what to route where.
            opts: Pulumi's options.
        """
        super().__init__("backstaff:components:Cutover", name, None, opts)
        settings, role = args.settings, args.role
        self.switched = args.host.run(
            f"{name}-cutover",
            args.release.apply(lambda release: _step(settings, role, release)),
            parent=self,
            delete=Step("remove-route", {"service": settings.service, "role": role}),
            stdin=_route(args),
            depends_on=args.candidates,
            is_following=True,
            hooks=args.hooks,
        )
        # From what the switch saw, not from what was wanted: an `up` that fails must not announce a release.
        self.live = self.switched.stdout.apply(lambda text: _last_line(text)["live"])
        self.previous = self.switched.stdout.apply(lambda text: _last_line(text)["previous"])
        self.image = pulumi.Output.all(args.release, self.live).apply(lambda both: both[0].image)
        # They are the stack's outputs; as the component's, the engine would write the state once more.
        self.register_outputs({})


def _last_line(text: str) -> dict[str, str]:
    """Read `live=... previous=...`."""
    words = text.rpartition("\n")[2].split()
    return {name: value for name, _, value in (word.partition("=") for word in words)}


def _route(args: CutoverArgs) -> pulumi.Output[str] | None:
    proxy = args.settings.servers[args.role].proxy
    if proxy is None:
        return None
    names = RoleNames(args.settings.service, args.role)
    return args.release.apply(lambda release: live_file(names, release.id, release.port, proxy))


def _step(settings: Settings, role: str, release: Release) -> Step:
    one = settings.servers[role]
    if one.schedule:
        place = {"service": settings.service, "role": role, "release": release.id}
        return Step("switch-schedule", place)
    return (_switch if one.proxy else _settle)(settings, role, release)


def _switch(settings: Settings, role: str, release: Release) -> Step:
    proxy = settings.servers[role].proxy or Proxy()
    return Step(
        "switch-release",
        {
            **_place(settings, role, release),
            "routes": " ".join(proxy.routes),
            "public-host": public_host(proxy),
            "public-path": public_path(proxy),
            "public-check": "healthy" if _is_gate_public(proxy, release) else "answers",
            **gate_arguments(proxy, settings.deploy_timeout),
        },
    )


def _is_gate_public(proxy: Proxy, release: Release) -> bool:
    """Tell whether the public can ask what the gate asks; if not, any answer of the app's will do."""
    is_same_path = public_path(proxy).endswith(proxy.healthcheck.path)
    return is_same_path and proxy.healthcheck.port in {None, release.port}


def _settle(settings: Settings, role: str, release: Release) -> Step:
    return Step(
        "switch-worker",
        {
            **_place(settings, role, release),
            "stop-first": "yes" if settings.servers[role].is_stopped_first else "no",
            "stop-timeout": settings.stop_seconds(role),
            "readiness-delay": settings.readiness_delay,
            "deploy-timeout": settings.deploy_timeout,
        },
    )


def _place(settings: Settings, role: str, release: Release) -> dict[str, str]:
    restart = restart_policy(settings.servers[role].options)
    return {"service": settings.service, "role": role, "release": release.id, "restart": restart}
