"""Kamal 1's ways of writing what Kamal 2, and this program, write under `proxy` and elsewhere."""

from __future__ import annotations

import re

from settings.errors import Problem
from settings.kamal_keys import MEANT_TRAEFIK_ARGS
from settings.tree import Node, put

# Keys by which a file of Kamal 1 or Kamal 2 is known at the root.
FIRST = {"traefik", "healthcheck", "stop_wait_time"}
SECOND = {
    "proxy",
    "aliases",
    "deploy_timeout",
    "drain_timeout",
    "stop_timeout",
    "error_pages_path",
    "secrets_path",
    "hooks_output",
    "output",
}
FIRST_APP_PORT = 3000
HOST_RULE = re.compile(r"Host\(\s*(`[^`]+`(?:\s*,\s*`[^`]+`)*)\s*\)")
HOST_NAME = re.compile(r"`([^`]+)`")


def is_first(tree: Node, *, has_secrets: bool) -> bool:
    """Tell whether a file was written for Kamal 1.

    Args:
        tree: the file's root.
        has_secrets: whether there are secrets files of Kamal 2.

    Returns:
        Whether it holds keys of Kamal 1, or none that Kamal 2 asks for.
    """
    if FIRST & set(tree.items):
        return True
    builder = tree.items.get("builder")
    has_arch = builder is not None and "arch" in builder.items
    return bool(tree.items) and not (SECOND & set(tree.items) or has_arch or has_secrets)


def take_first(tree: Node, problems: list[Problem], warnings: list[str]) -> Node:
    """Move what only Kamal 1 knows to where it stands here.

    Args:
        tree: the root, roles already taken.
        problems: takes what is wrong.
        warnings: takes what is different.

    Returns:
        A root without keys of Kamal 1, but for those that are not honoured.
    """
    tree = _stop_wait_time(tree)
    tree = _healthcheck(tree)
    tree = _traefik(tree, problems)
    tree = _labels(tree, problems)
    proxy = tree.items.get("proxy")
    if not (proxy and "app_port" in proxy.items):
        warnings.append(
            f"{tree.place.source.name}: is read as Kamal 1's, so the app listens on port {FIRST_APP_PORT}. "
            "Set proxy.app_port if it is another."
        )
        tree = put(tree, ("proxy", "app_port"), tree.having(FIRST_APP_PORT))
    return tree


def _stop_wait_time(tree: Node) -> Node:
    node = tree.items.get("stop_wait_time")
    return put(tree.without("stop_wait_time"), ("stop_timeout",), node) if node else tree


def _healthcheck(tree: Node) -> Node:
    health = tree.items.get("healthcheck")
    if not health:
        return tree
    moves = {
        "path": ("proxy", "healthcheck", "path"),
        "interval": ("proxy", "healthcheck", "interval"),
        "port": ("proxy", "app_port"),
    }
    for key, path in moves.items():
        if node := health.items.get(key):
            tree = put(tree, path, node)
    attempts = health.items.get("max_attempts")
    if attempts and isinstance(attempts.value, int):
        # Kamal 1 waits 1, 2, 3, ... seconds between its attempts.
        seconds = attempts.value * (attempts.value + 1) // 2
        tree = put(tree, ("deploy_timeout",), attempts.having(seconds))
    rest = health.without(*moves, "max_attempts")
    tree = tree.without("healthcheck")
    return tree.having({**tree.items, "healthcheck": rest}) if rest.items else tree


def _traefik(tree: Node, problems: list[Problem]) -> Node:
    traefik = tree.items.get("traefik")
    if not traefik:
        return tree
    args = traefik.items.get("args")
    for name, node in args.items.items() if args else ():
        if name.partition(".")[0] in MEANT_TRAEFIK_ARGS:
            rule = (
                "is not honoured: this program writes the proxy's configuration itself, and ends no TLS yet"
            )
            problems.append(node.problem(rule, "Take it away to go on without."))
    port = traefik.items.get("host_port")
    rest = traefik.without("host_port")
    tree = tree.having({**tree.without("traefik").items, "traefik": rest})
    return put(tree, ("traefik", "http_port"), port) if port else tree


def _labels(tree: Node, problems: list[Problem]) -> Node:
    """Take host names out of labels that Traefik would have read; refuse its other ones."""
    labels = tree.items.get("labels")
    if not labels:
        return tree
    kept: dict[str, Node] = {}
    for name, node in labels.items.items():
        if not name.startswith("traefik."):
            kept[name] = node
            continue
        hosts = (
            _hosts(str(node.value)) if re.fullmatch(r"traefik\.http\.routers\.[^.]+\.rule", name) else None
        )
        if hosts:
            tree = put(tree, ("proxy", "hosts"), node.having([node.having(host) for host in hosts]))
        elif not _is_default(name, str(node.value)):
            rule = "is not honoured: the proxy reads no labels"
            problems.append(node.problem(rule, "Write the host under proxy.host, and take the label away."))
    return tree.having({**tree.items, "labels": labels.having(kept)})


def _hosts(rule: str) -> list[str] | None:
    parts = [part.strip() for part in rule.split("||")]
    matches = [HOST_RULE.fullmatch(part) for part in parts]
    if not all(matches):
        return None
    return [host for match in matches if match for host in HOST_NAME.findall(match[1])]


def _is_default(name: str, value: str) -> bool:
    """Tell whether a label asks for what happens anyway."""
    return (name == "traefik.enable" and value == "true") or (
        name.endswith(".entrypoints") and value in {"web", "http"}
    )
