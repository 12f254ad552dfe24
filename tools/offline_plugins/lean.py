"""A quick start: only the messages of Pulumi's SDK are loaded, not the SDK.

The engine starts a plugin at every run, so its start is paid each time. The packages above the messages
import the whole SDK, which takes longer than everything else that a stand-in needs.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

_PACKAGES = ("pulumi", "pulumi.runtime", "pulumi.runtime.proto")


def spare_the_sdk() -> None:
    """Make `pulumi.runtime.proto.<messages>` importable without the packages above it.

    Only for a process that uses nothing else of the SDK; call it before the first import from `pulumi`.
    """
    found = importlib.util.find_spec(_PACKAGES[0])
    if found is None or not found.submodule_search_locations:
        return  # the import that follows names what is missing
    root = Path(found.submodule_search_locations[0])
    for name in _PACKAGES:
        package = ModuleType(name)
        package.__path__ = [str(root.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = package
