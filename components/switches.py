"""The switches of several servers: where one fails, those that were made are taken back at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pulumi

from components.host import Step
from components.wanted import Place, Wanted, place_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from components.server import Server
    from settings import Settings

# The engine begins no step after one that failed, but goes on with others until it is told so: after this
# long without a switch under way, none begins any more.
QUIET_SECONDS = 1.0
# As long as a switch may take, with its second trial.
ENDED_SECONDS = 120.0
LOOK_SECONDS = 0.2


class Switches:
    """What is known of a wave's switches while they are made.

    Attributes:
        hooks: what each of the switches is to have run around it; none where there is one alone.
    """

    hooks: pulumi.ResourceHookBinding | None = None

    def __init__(
        self, settings: Settings, servers: Mapping[str, Server], wanted: Wanted, where: Sequence[Place]
    ) -> None:
        """Watch the switches of some places.

        Args:
            settings: the stack's settings.
            servers: by their names.
            wanted: what is switched to.
            where: roles and servers.
        """
        self._settings, self._servers, self._wanted = settings, servers, wanted
        self._places = {f"{place_name(settings, place)}-cutover": place for place in where}
        self._begun: set[str] = set()
        self._made: set[str] = set()
        self._failed: set[str] = set()
        if len(where) > 1 and not pulumi.runtime.is_dry_run():
            self.hooks = self._binding("-".join(where[0]))

    def _binding(self, name: str) -> pulumi.ResourceHookBinding:
        # The engine takes each name once.
        begun = pulumi.ResourceHook(f"{name}-begun", lambda args: self._begun.add(args.name))
        made = pulumi.ResourceHook(f"{name}-made", lambda args: self._made.add(args.name))
        return pulumi.ResourceHookBinding(
            before_create=[begun],
            before_update=[begun],
            after_create=[made],
            after_update=[made],
            on_error=[pulumi.ErrorHook(f"{name}-failed", self._take_back)],
        )

    async def _take_back(self, args: pulumi.ErrorHookArgs) -> bool:
        """Take all switches back when the first has failed; nothing is tried again."""
        self._failed.add(args.name)
        if len(self._failed) == 1:
            await self._settled()
            told = await asyncio.gather(*(self._undo(name) for name in sorted(self._made)))
            told += [self._not_switched(name) for name in sorted(self._places) if name not in self._made]
            pulumi.warn("The switch has failed on one server, so all are as they were:\n" + "\n".join(told))
        return False

    async def _settled(self) -> None:
        """Wait until no switch is under way, and none has been for a while."""
        quiet = 0.0
        for _ in range(int(ENDED_SECONDS / LOOK_SECONDS)):
            quiet = quiet + LOOK_SECONDS if self._begun <= self._made | self._failed else 0.0
            if quiet > QUIET_SECONDS:
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def _undo(self, name: str) -> str:
        role, host = place = self._places[name]
        release = await self._wanted.at[place].future()
        wanted = release.id if release else ""
        arguments: dict[str, str | int] = {
            "service": self._settings.service,
            "role": role,
            "release": wanted,
            "stop-timeout": self._settings.stop_seconds(role),
        }
        status, said = await self._servers[host].host.run_now(Step("undo-switch", arguments))
        last = said.rpartition("\n")[2]
        if status == 0:
            return f"{role} on {host}: {last.replace('live=', 'release ')} serves"
        return f"{role} on {host}: release {wanted} serves, as it could not be taken back ({last})"

    def _not_switched(self, name: str) -> str:
        role, host = self._places[name]
        if name in self._failed:
            return f"{role} on {host}: was not switched; what serves there is told with its step"
        return f"{role} on {host}: was not switched"
