"""One event loop for all commands: requests come in threads, their waiting is done here, all at once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import CancelledError
from typing import Any, TypeVar

from tools.offline_plugins.plugin import PluginError

_Result = TypeVar("_Result")


class Background:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._running: set[asyncio.Task[Any]] = set()
        self._is_cancelled = False
        threading.Thread(target=self._loop.run_forever, name="commands", daemon=True).start()

    def run(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Do some work and wait for its end.

        Args:
            work: What to do.

        Returns:
            What the work gave.

        Raises:
            PluginError: When it was cancelled.
        """
        try:
            return asyncio.run_coroutine_threadsafe(self._tracked(work), self._loop).result()
        except CancelledError:
            raise PluginError("context canceled") from None

    def cancel(self) -> None:
        """End all work, and refuse what comes later."""
        self._loop.call_soon_threadsafe(self._cancel)

    async def _tracked(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        if self._is_cancelled:
            task.cancel()
        return await task

    def _cancel(self) -> None:
        self._is_cancelled = True
        for task in self._running:
            task.cancel()
