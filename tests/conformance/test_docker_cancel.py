"""What happens when the user interrupts a run."""

from __future__ import annotations

import threading

from tests.conformance.docker_app import App
from tests.conformance.docker_registry import SlowRegistry
from tests.conformance.stacks import stand_in_only
from tools.offline_plugins.docker.answers import EngineError
from tools.offline_plugins.docker.engine import connect
from tools.offline_plugins.docker.progress import follow


@stand_in_only("the real plugin goes on to the end of what it does")
def test_a_cancelled_push_ends(app: App, slow_registry: SlowRegistry) -> None:
    """Cancelling cuts the connections to the Docker engine, and none is opened any more."""
    app.up(skip_push=True, image_name=f"{slow_registry.server}/{app.repository}:v1")
    slow_registry.expect(2)
    engine = connect({})
    ended: list[BaseException] = []

    def push() -> None:
        try:
            follow(engine.push(f"{slow_registry.server}/{app.repository}", "v1", {}), lambda _: None)
        except EngineError as error:
            ended.append(error)

    pushing = threading.Thread(target=push)
    pushing.start()
    slow_registry.arrived.wait()
    engine.cancel()
    pushing.join()
    slow_registry.let_go()
    push()
    assert [type(error) for error in ended] == [EngineError, EngineError]
