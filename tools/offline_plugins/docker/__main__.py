"""Run the plugin: `python -m tools.offline_plugins.docker ENGINE_ADDRESS`."""

from tools.offline_plugins.lean import spare_the_sdk

spare_the_sdk()

from tools.offline_plugins.docker.provider import DockerPlugin  # noqa: E402 - after the SDK is spared
from tools.offline_plugins.serving import serve  # noqa: E402

serve(DockerPlugin())
