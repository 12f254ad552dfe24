"""What a release is asked before it gets traffic, as arguments of the scripts that ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from settings import Settings


def gate_arguments(settings: Settings) -> dict[str, str | int | float]:
    """Write the gate's questions.

    Args:
        settings: the stack's settings.

    Returns:
        Names to values, as `lib-gate.sh` reads them.
    """
    health = settings.proxy.healthcheck
    body = {"health-body": health.body} if health.body else {}
    return {
        "health-path": health.path,
        "health-host": health.host or public_host(settings),
        "health-status": ",".join(health.status),
        **body,
        "health-successes": health.successes,
        "health-interval": health.interval,
        "health-timeout": health.timeout,
        "deploy-timeout": settings.deploy_timeout,
    }


def public_host(settings: Settings) -> str:
    """Name the host under which the public reaches the app.

    Args:
        settings: the stack's settings.

    Returns:
        The first of the app's host names, or `localhost`.
    """
    return settings.proxy.hosts[0] if settings.proxy.hosts else "localhost"
