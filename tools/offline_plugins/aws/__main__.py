"""Run the plugin: `python -m tools.offline_plugins.aws ENGINE_ADDRESS`."""

from tools.offline_plugins.lean import spare_the_sdk

spare_the_sdk()

from tools.offline_plugins.aws.service import main  # noqa: E402 - only now are its imports light

main()
