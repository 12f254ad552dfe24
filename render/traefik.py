"""Traefik's dynamic files: a candidate's private route, the live route, and the private API.

Traefik treats such a file as a Go template, so `{{` in a value would be executed; the settings' patterns
for names, hosts and paths admit no brace.
Source: https://doc.traefik.io/traefik/providers/file/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from render.names import RELEASE_HEADER, RoleNames
from render.routes import routers

if TYPE_CHECKING:
    from settings import Proxy, Route

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


def live_file(names: RoleNames, release: str, app_port: int, proxy: Proxy) -> str:
    """Route the public's requests to one release.

    Args:
        names: of the service's role.
        release: the release's id.
        app_port: the port that the app listens on inside its container.
        proxy: who is routed there, and how long the app has to begin an answer; then Traefik says 504.

    Returns:
        YAML whose first lines, `# release: <id>` and `# routes: ...`, let a script see which release is live
        and who is routed to it.
    """
    return f"# release: {release}\n{_public(names.router, names.release(release), app_port, proxy)}"


def accessory_file(name: str, container: str, route: Route) -> str:
    """Route the public's requests to an accessory.

    Args:
        name: of its router; no role's.
        container: its container's name.
        route: who is routed there.

    Returns:
        YAML whose first line is `# routes: ...`.
    """
    return _public(name, container, route.app_port, route)


def _public(name: str, container: str, port: int, route: Route) -> str:
    service = _balancer(container, port)
    service["loadBalancer"]["serversTransport"] = name
    # Idle connections end as soon as those of the default transport, which `ensure-traefik` sets.
    timeouts = {"responseHeaderTimeout": f"{route.response_timeout}s", "idleConnTimeout": "1s"}
    more: dict[str, Any] = {"serversTransports": {name: {"forwardingTimeouts": timeouts}}}
    router: dict[str, Any] = {"entryPoints": [PUBLIC_ENTRY_POINT], "service": container}
    if route.path_prefixes and route.strip_path_prefix:
        router["middlewares"] = [name]
        more["middlewares"] = {name: {"stripPrefix": {"prefixes": list(route.path_prefixes)}}}
    http = {"routers": routers(name, route, router), "services": {container: service}, **more}
    return f"# routes: {' '.join(route.routes)}\n" + yaml.safe_dump({"http": http})


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


def _dump(release: str, routers: dict[str, Any], services: dict[str, Any]) -> str:
    return f"# release: {release}\n" + yaml.safe_dump({"http": {"routers": routers, "services": services}})
