"""The roll-out: on all servers the candidates, then all switches, then all retirements; or wave by wave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from components.candidate import Candidate, CandidateArgs
from components.cutover import Cutover, CutoverArgs
from components.phase import end_of
from components.retire import Retire, RetireArgs
from components.switches import Switches
from components.wanted import Place, Wanted, place_name, places

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pulumi

    from components.hooks import Hooks
    from components.server import Server
    from settings import Settings


@dataclass(frozen=True)
class Rollout:
    """A release that serves everywhere.

    Attributes:
        cutovers: by role and server.
        done: when the last server has nothing left to do.
    """

    cutovers: Mapping[Place, Cutover]
    done: Sequence[pulumi.Resource]


def roll_out(
    settings: Settings,
    servers: Mapping[str, Server],
    wanted: Wanted,
    hooks: Hooks,
    needs: Sequence[pulumi.Resource],
) -> Rollout:
    """Bring a release to all servers.

    Args:
        settings: the stack's settings.
        servers: by their names.
        wanted: the release.
        hooks: those of the app.
        needs: what goes before the first server.

    Returns:
        What came of it.
    """
    cutovers: dict[Place, Cutover] = {}
    done = needs
    for number, wave in enumerate(settings.waves):
        wait = settings.boot.wait if number else 0
        name = _wave_name(settings, wave)
        done = [*done, *hooks.run("pre-app-boot", done, wanted.id, wave)]
        switched = _switch(settings, servers, wanted, wave, done, wait)
        cutovers |= switched
        all_of_it = end_of(f"{name}-switched", [one.switched for one in switched.values()])
        booted = [*all_of_it, *hooks.run("post-app-boot", all_of_it, wanted.id, wave)]
        retired = [_retire(settings, servers, wanted, place, booted) for place in switched]
        done = end_of(f"{name}-retired", retired)
    return Rollout(cutovers, done)


def _wave_name(settings: Settings, wave: Sequence[str]) -> str:
    return settings.service if len(settings.waves) == 1 else f"{settings.service}-{wave[0]}"


def _switch(
    settings: Settings,
    servers: Mapping[str, Server],
    wanted: Wanted,
    wave: Sequence[str],
    needs: Sequence[pulumi.Resource],
    wait: int,
) -> dict[Place, Cutover]:
    """Start a wave's candidates, the primary role's before those of others; then switch all."""

    def start(place: Place, needs: Sequence[pulumi.Resource]) -> pulumi.Resource:
        role, host = place
        server = servers[host]
        needs = [*server.ready, *wanted.needs[host], *needs]
        args = CandidateArgs(server.host, settings, role, wanted.at[place], needs, wait)
        return Candidate(place_name(settings, place), args).healthy

    where, name = places(settings, wave), _wave_name(settings, wave)
    switches = Switches(settings, servers, wanted, where)
    primary = {place: start(place, needs) for place in where if place[0] == settings.primary_role}
    first = end_of(f"{name}-primary-healthy", list(primary.values()))
    rest = {place: start(place, [*needs, *first]) for place in where if place[0] != settings.primary_role}
    healthy = end_of(f"{name}-healthy", [*first, *rest.values()])
    # On its own candidate too, which the phase stands for: a role that leaves is torn down in this order.
    own = primary | rest
    return {
        place: Cutover(
            place_name(settings, place),
            CutoverArgs(
                servers[place[1]].host,
                settings,
                place[0],
                wanted.at[place],
                [own[place], *healthy],
                switches.hooks,
            ),
        )
        for place in where
    }


def _retire(
    settings: Settings,
    servers: Mapping[str, Server],
    wanted: Wanted,
    place: Place,
    needs: Sequence[pulumi.Resource],
) -> pulumi.Resource:
    role, host = place
    env = servers[host].envs[role].digest
    args = RetireArgs(servers[host].host, settings, role, wanted.at[place], env, needs)
    return Retire(place_name(settings, place), args).retired
