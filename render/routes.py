"""Who is routed to an app: by host names, by path prefixes, by both or by neither."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from settings import Proxy, Route

# One with a host name goes before all without, as with kamal-proxy; a longer prefix before a shorter one.
# Prefixes are shorter than that.
WITH_HOST = 1000
EVERY_PATH = "/"


def routers(name: str, route: Route, rest: dict[str, Any]) -> dict[str, Any]:
    """Write Traefik's routers, one for each path prefix.

    Args:
        name: of the first one; the others get a number.
        route: what is routed.
        rest: what else each of them holds.

    Returns:
        Routers by name.
        Source: https://doc.traefik.io/traefik/routing/routers/#rule
    """
    found = {}
    for number, prefix in enumerate(route.path_prefixes or (EVERY_PATH,), 1):
        parts = [part for part in (_host_rule(route.hosts), _path_rule(prefix)) if part]
        found[name if number == 1 else f"{name}-{number}"] = {
            "rule": " && ".join(parts) or "PathPrefix(`/`)",
            "priority": len(prefix) + (WITH_HOST if route.hosts else 0),
            **rest,
        }
    return found


def _host_rule(hosts: tuple[str, ...]) -> str:
    rule = " || ".join(f"Host(`{host}`)" for host in hosts)
    return f"({rule})" if len(hosts) > 1 else rule


def _path_rule(prefix: str) -> str:
    # Traefik takes a prefix letter by letter: /api would get /apis too.
    return f"(Path(`{prefix}`) || PathPrefix(`{prefix}/`))" if prefix != EVERY_PATH else ""


def public_path(proxy: Proxy) -> str:
    """Say which path the public asks the app's health with.

    Args:
        proxy: what is routed.

    Returns:
        The health check's path, below the first prefix where that is taken off on the way.
    """
    path, prefixes = proxy.healthcheck.path, proxy.path_prefixes
    if not prefixes or (not proxy.strip_path_prefix and is_below(path, prefixes)):
        return path
    return f"{prefixes[0].rstrip('/')}{path}" if proxy.strip_path_prefix else prefixes[0]


def is_below(path: str, prefixes: tuple[str, ...]) -> bool:
    """Tell whether a path lies below one of some prefixes.

    Args:
        path: of a URL, a query is allowed.
        prefixes: of paths.
    """
    bare = path.partition("?")[0]
    return any(bare == prefix or bare.startswith(f"{prefix.rstrip('/')}/") for prefix in prefixes)
