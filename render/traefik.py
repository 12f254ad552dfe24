"""Traefik's dynamic files: a candidate's private route, the live route, and the private API.

Traefik treats such a file as a Go template, so `{{` in a value would be executed; the settings' patterns
for names, hosts and paths admit no brace.
Source: https://doc.traefik.io/traefik/providers/file/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from render.names import RELEASE_HEADER, RoleNames

if TYPE_CHECKING:
    from collections.abc import Sequence

PUBLIC_ENTRY_POINT = "http"
PRIVATE_ENTRY_POINT = "private"


def candidate_file(names: RoleNames, release: str, app_port: int) -> str:
    """Route probes for one release, by a header, on the private entry point only.

    Args:
        names: of the service's role.
        release: the release's id.
        app_port: the port that the app listens on inside its container.

    Returns:
        YAML.
    """
    name = names.release(release)
    router = {
        "entryPoints": [PRIVATE_ENTRY_POINT],
        "rule": f"Header(`{RELEASE_HEADER}`, `{name}`)",
        "service": f"candidate-{name}",
    }
    return _dump(release, {f"candidate-{name}": router}, {f"candidate-{name}": _balancer(name, app_port)})


def live_file(
    names: RoleNames, release: str, app_port: int, hosts: Sequence[str], response_seconds: int
) -> str:
    """Route the public's requests to one release.

    Args:
        names: of the service's role.
        release: the release's id.
        app_port: the port that the app listens on inside its container.
        hosts: host names that are routed; every request if empty.
        response_seconds: how long the app has to begin an answer; Traefik then says 504 for it.

    Returns:
        YAML whose first line, `# release: <id>`, lets a script see which release is live.
    """
    name = names.release(release)
    router = {
        "entryPoints": [PUBLIC_ENTRY_POINT],
        "rule": " || ".join(f"Host(`{host}`)" for host in hosts) or "PathPrefix(`/`)",
        "service": name,
    }
    service = _balancer(name, app_port)
    service["loadBalancer"]["serversTransport"] = names.router
    # Idle connections end as soon as those of the default transport, which `ensure-traefik` sets.
    timeouts = {"responseHeaderTimeout": f"{response_seconds}s", "idleConnTimeout": "1s"}
    transports = {"serversTransports": {names.router: {"forwardingTimeouts": timeouts}}}
    return _dump(release, {names.router: router}, {name: service}, transports)


def private_file() -> str:
    """Route Traefik's own API and its ping on the private entry point only.

    Returns:
        YAML.
    """
    routers = {
        "backstaff-api": {
            "entryPoints": [PRIVATE_ENTRY_POINT],
            "rule": f"Header(`{RELEASE_HEADER}`, `traefik`) && PathPrefix(`/api`)",
            "service": "api@internal",
        },
        "backstaff-ping": {
            "entryPoints": [PRIVATE_ENTRY_POINT],
            "rule": f"Header(`{RELEASE_HEADER}`, `traefik`) && Path(`/ping`)",
            "service": "ping@internal",
        },
    }
    return yaml.safe_dump({"http": {"routers": routers}})


def _balancer(container: str, app_port: int) -> dict[str, Any]:
    # The container's DNS name, not its address: that changes when the server reboots.
    return {"loadBalancer": {"servers": [{"url": f"http://{container}:{app_port}"}]}}


def _dump(
    release: str, routers: dict[str, Any], services: dict[str, Any], more: dict[str, Any] | None = None
) -> str:
    http = {"routers": routers, "services": services, **(more or {})}
    return f"# release: {release}\n" + yaml.safe_dump({"http": http})
