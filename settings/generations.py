"""Kamal 1's ways of writing what Kamal 2, and this program, write under `proxy` and elsewhere."""

from __future__ import annotations

import re

from settings.errors import Problem
from settings.kamal_keys import MEANT_TRAEFIK_ARGS, REFUSED, WARNED
from settings.psych import ruby_text
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
UNHONOURED_HEALTH = [str(one.keys[1]) for one in (*REFUSED, *WARNED) if one.keys[0] == "healthcheck"]
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
    tree = _healthcheck(tree, problems)
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


def take_first_of_role(role: Node, problems: list[Problem]) -> Node:
    """Do the same for what a role of Kamal 1's says itself.

    Args:
        role: in the model's keys.
        problems: takes what is wrong.

    Returns:
        The role, with `deploy_timeout` if it says something of it.
    """
    return _labels(_healthcheck(role, problems), problems)


def leave_labels(tree: Node, warnings: list[str]) -> Node:
    """Take away labels that only another proxy than this program's would read.

    Args:
        tree: the root, roles already taken, and what was meant by a file of Kamal 1 too.
        warnings: takes what has no effect.

    Returns:
        A root without such labels.
    """
    labels = tree.items.get("labels")
    names = [name for name in labels.items if name.startswith("traefik.")] if labels else []
    if not labels or not names:
        return tree
    warnings += [f"{labels.items[name].where}: has no effect: the proxy reads no labels." for name in names]
    return tree.having({**tree.items, "labels": labels.without(*names)})


def _stop_wait_time(tree: Node) -> Node:
    node = tree.items.get("stop_wait_time")
    return put(tree.without("stop_wait_time"), ("stop_timeout",), node) if node else tree


def _healthcheck(tree: Node, problems: list[Problem]) -> Node:
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
    known = [*moves, "max_attempts", *UNHONOURED_HEALTH]
    for key, node in rest.items.items():
        if key not in known:
            problems.append(node.unknown(known))
            rest = rest.without(key)
    tree = tree.without("healthcheck")
    return tree.having({**tree.items, "healthcheck": rest}) if rest.items else tree


def _traefik(tree: Node, problems: list[Problem]) -> Node:
    traefik = tree.items.get("traefik")
    if not traefik:
        return tree
    port = traefik.items.get("host_port")
    rest = _traefik_args(traefik.without("host_port"), problems)
    tree = tree.having({**tree.without("traefik").items, "traefik": rest})
    return put(tree, ("traefik", "http_port"), port) if port else tree


def _traefik_args(traefik: Node, problems: list[Problem]) -> Node:
    """Refuse the arguments that visitors would miss; the others are left to be told in one warning."""
    args = traefik.items.get("args")
    if not args or not args.items:
        return traefik
    meant = [name for name in args.items if name.partition(".")[0] in MEANT_TRAEFIK_ARGS]
    for name in meant:
        rule = "is not honoured: this program writes the proxy's configuration itself, and ends no TLS yet"
        problems.append(args.items[name].problem(rule, "Take it away to go on without."))
    rest = args.without(*meant)
    if not rest.items:
        return traefik.without("args")
    return traefik.having({**traefik.items, "args": rest})


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
        elif isinstance(node.value, (list, dict)) or not _is_default(name, ruby_text(node.value)):
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
