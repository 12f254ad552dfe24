"""How the program speaks with Pulumi's engine: no more than it has to, which counts with many servers."""

from __future__ import annotations

import asyncio
import atexit
import gc
import os
from typing import TYPE_CHECKING

import pulumi
from pulumi.runtime import resource as sdk
from pulumi.runtime.proto.source_pb2 import StackTrace

if TYPE_CHECKING:
    from collections.abc import Sequence

# Set to anything, it has all of it sent.
WANTED = "BACKSTAFF_DEBUG"


def spare_the_engine() -> None:
    """Leave out what the SDK sends and nobody looks at.

    Debug messages: the SDK waits for an answer to each, and only `--debug` shows them. With 30 servers
    they were 2,362 calls, a third of the program's time, beside the engine's to take them.

    Stack traces: two fifths of the state, all of which the engine writes before and after each step. They say
    where things lie on the machine that ran the program, and no command of Pulumi shows them.
    """
    if os.environ.get(WANTED):
        return
    pulumi.log.debug = _drop
    # There is no setting for it; an SDK that has no such function is not changed by this.
    sdk._get_stack_trace = StackTrace  # noqa: SLF001


def keep_garbage() -> None:
    """Have Python look for no garbage while the program runs, nor at its end, for which the engine waits.

    It ends in seconds, and nearly all that it makes stays until then: with 50 servers the search took half a
    second of the program's end alone.
    """
    gc.disable()
    # What is frozen is left alone by the collection with which Python ends.
    atexit.register(gc.freeze)


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


def _drop(*_: object, **__: object) -> None:
    """Take whatever `pulumi.log.debug` takes."""
