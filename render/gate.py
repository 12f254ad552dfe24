"""What a release is asked before it gets traffic, as arguments of the scripts that ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from settings import Proxy


def gate_arguments(proxy: Proxy, deploy_timeout: int) -> dict[str, str | int | float]:
    """Write the gate's questions.

    Args:
        proxy: how the app is reached.
        deploy_timeout: seconds until it has to be healthy.

    Returns:
        Names to values, as `lib-gate.sh` reads them.
    """
    health = proxy.healthcheck
    body = {"health-body": health.body} if health.body else {}
    return {
        "health-path": health.path,
        "health-host": health.host or public_host(proxy),
        "health-status": ",".join(health.status),
        **body,
        "health-successes": health.successes,
        "health-interval": health.interval,
        "health-timeout": health.timeout,
        "deploy-timeout": deploy_timeout,
    }


def public_host(proxy: Proxy) -> str:
    """Name the host under which the public reaches the app.

    Args:
        proxy: how the app is reached.

    Returns:
        The first of the app's host names, or `localhost`.
    """
    return proxy.hosts[0] if proxy.hosts else "localhost"
