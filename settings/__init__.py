"""What the user wrote, checked and typed: the stack's configuration and the app's `.env`.

Nothing here imports pulumi, so that settings can be read and tested in milliseconds.
"""

from settings.aws import Aws
from settings.errors import Problem, SettingsError
from settings.load import load
from settings.model import Builder, HealthCheck, Proxy, Registry, Settings, Ssh, TraefikSettings

__all__ = [
    "Aws",
    "Builder",
    "HealthCheck",
    "Problem",
    "Proxy",
    "Registry",
    "Settings",
    "SettingsError",
    "Ssh",
    "TraefikSettings",
    "load",
]
