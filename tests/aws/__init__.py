"""A stack that provisions its server on AWS: run under `python3 -m tools.toolchain run --aws`."""
