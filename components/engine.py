"""How the program speaks with Pulumi's engine: no more than it has to, which counts with many servers."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pulumi

if TYPE_CHECKING:
    from collections.abc import Sequence

# Set to anything, it has debug messages sent.
WANTED = "BACKSTAFF_DEBUG"


def spare_debug_messages() -> None:
    """Send no debug messages: the SDK waits for an answer to each, and nobody sees them without `--debug`.

    With 30 servers they were 2,362 calls, a third of the program's time, beside the engine's to take them.
    """
    if not os.environ.get(WANTED):
        pulumi.log.debug = _drop


def stay_until_done(resources: Sequence[pulumi.Resource]) -> None:
    """Have the program wait for its last steps, whether they succeed or not.

    Once a program has ended, the SDK looks at everything that is under way whenever a part of it is done
    (`wait_for_rpcs` in pulumi/runtime/stack.py): with 50 servers, most of the program's time.

    Args:
        resources: those after which nothing comes.
    """

    async def wait() -> None:
        await asyncio.wait([asyncio.ensure_future(one.urn.future()) for one in resources])

    pulumi.run(wait)


def _drop(
    msg: str,
    resource: pulumi.Resource | None = None,
    stream_id: int | None = None,
    ephemeral: bool | None = None,  # noqa: FBT001 - the SDK's own signature
) -> None:
    """Take what `pulumi.log.debug` takes."""
