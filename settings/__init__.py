"""What the user wrote, checked and typed: the stack's configuration and the app's `.env`.

Nothing here imports pulumi, so that settings can be read and tested in milliseconds.
"""

from settings.accessories import Accessory
from settings.aws import Aws
from settings.base import Registry
from settings.errors import Problem, SettingsError
from settings.load import load
from settings.model import Boot, Builder, Settings, Ssh, TraefikSettings
from settings.roles import HealthCheck, Proxy, Role, Route

__all__ = [
    "Accessory",
    "Aws",
    "Boot",
    "Builder",
    "HealthCheck",
    "Problem",
    "Proxy",
    "Registry",
    "Role",
    "Route",
    "Settings",
    "SettingsError",
    "Ssh",
    "TraefikSettings",
    "load",
]
